package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// applyRequest is requests of several managers to one object of a custom kind, in its first version.
type applyRequest struct {
	CRD   json.RawMessage `json:"crd"`
	Steps []applyStep     `json:"steps"`
}

type applyStep struct {
	Op      string         `json:"op"`
	Manager string         `json:"manager"`
	Force   bool           `json:"force"`
	Object  map[string]any `json:"object"`
}

// asIs converts nothing: a kind has one version here.
type asIs struct{ schema *structuralschema.Structural }

func (asIs) Convert(in, out, context any) error { return fmt.Errorf("not needed") }
func (asIs) ConvertToVersion(in runtime.Object, gv runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (asIs) ConvertFieldLabel(gvk schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (kind asIs) Default(in runtime.Object) {
	if object, known := in.(*unstructured.Unstructured); known {
		defaulting.Default(object.UnstructuredContent(), kind.schema)
	}
}
func (asIs) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object, nil
}

// applySteps answers with one entry a step: the object, or the error with its status and causes.
func applySteps(body json.RawMessage) (any, error) {
	var asked applyRequest
	if err := unmarshal(body, &asked); err != nil {
		return nil, err
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := json.Unmarshal(asked.CRD, &crd); err != nil {
		return nil, err
	}
	structural, err := structureOf(&crd)
	if err != nil {
		return nil, err
	}
	manager, err := fieldManager(&crd, asIs{structural})
	if err != nil {
		return nil, err
	}
	kind := kindOf(&crd)
	var live *unstructured.Unstructured
	answers := []any{}
	for _, step := range asked.Steps {
		if step.Op != "apply" {
			defaulting.Default(step.Object, structural)
		}
		object, err := perform(manager, kind, live, step)
		if err != nil {
			answers = append(answers, describe(err))
			continue
		}
		object.SetUID("u")
		live = object
		answers = append(answers, map[string]any{"object": timeless(object.DeepCopy())})
	}
	return answers, nil
}

func kindOf(crd *apiextensionsv1.CustomResourceDefinition) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: crd.Spec.Group, Version: crd.Spec.Versions[0].Name, Kind: crd.Spec.Names.Kind}
}

func structureOf(crd *apiextensionsv1.CustomResourceDefinition) (*structuralschema.Structural, error) {
	var schema apiextensions.JSONSchemaProps
	written := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(written, &schema, nil); err != nil {
		return nil, err
	}
	return structuralschema.NewStructural(&schema)
}

func fieldManager(crd *apiextensionsv1.CustomResourceDefinition, as asIs) (*managedfields.FieldManager, error) {
	kind := kindOf(crd)
	published, err := builder.BuildOpenAPIV3(crd, kind.Version, builder.Options{AllowNonStructural: true})
	if err != nil {
		return nil, err
	}
	types, err := managedfields.NewTypeConverter(published.Components.Schemas, crd.Spec.PreserveUnknownFields)
	if err != nil {
		return nil, err
	}
	var none map[fieldpath.APIVersion]fieldpath.Filter
	return managedfields.NewDefaultCRDFieldManager(types, as, as, as, kind, kind.GroupVersion(), "", none)
}

func perform(manager *managedfields.FieldManager, kind schema.GroupVersionKind, live *unstructured.Unstructured, step applyStep) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{Object: step.Object}
	if live == nil {
		live = &unstructured.Unstructured{}
		live.SetGroupVersionKind(kind)
	}
	var written runtime.Object
	var err error
	if step.Op == "apply" {
		written, err = manager.Apply(live, object, step.Manager, step.Force)
	} else {
		written = manager.UpdateNoErrors(live, object, step.Manager)
	}
	if err != nil {
		return nil, err
	}
	return written.(*unstructured.Unstructured).DeepCopy(), nil
}

func describe(err error) map[string]any {
	answer := map[string]any{"error": err.Error(), "status": 500}
	if status, known := err.(apierrors.APIStatus); known {
		answer["status"] = status.Status().Code
		if details := status.Status().Details; details != nil {
			answer["causes"] = details.Causes
		}
	}
	return answer
}

func timeless(object *unstructured.Unstructured) map[string]any {
	entries := object.GetManagedFields()
	for at := range entries {
		entries[at].Time = nil
	}
	object.SetManagedFields(entries)
	return object.Object
}

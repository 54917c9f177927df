package main

import (
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// patchRequest is an object and what changes it; both are JSON texts.
type patchRequest struct {
	Object string `json:"object"`
	Patch  string `json:"patch"`
}

func init() {
	if err := apiextensionsv1.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
}

func unmarshal(body json.RawMessage, into any) error {
	return utiljson.Unmarshal(body, into)
}

// strategicPatch answers with the changed object.
func strategicPatch(body json.RawMessage) (any, error) {
	var asked patchRequest
	if err := unmarshal(body, &asked); err != nil {
		return nil, err
	}
	var object, patch map[string]any
	if err := utiljson.Unmarshal([]byte(asked.Object), &object); err != nil {
		return nil, err
	}
	if err := utiljson.Unmarshal([]byte(asked.Patch), &patch); err != nil {
		return nil, err
	}
	reference, err := typeOf(object)
	if err != nil {
		return nil, err
	}
	return strategicpatch.StrategicMergeMapPatch(object, patch, reference)
}

func typeOf(object map[string]any) (runtime.Object, error) {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	parsed, err := schema.ParseGroupVersion(version)
	if err != nil {
		return nil, err
	}
	reference, err := scheme.Scheme.New(parsed.WithKind(kind))
	if err != nil {
		return nil, fmt.Errorf("no type: %w", err)
	}
	return reference, nil
}

// jsonPatch answers with the changed document; the prefix of an error tells whether it is the patch's own.
func jsonPatch(body json.RawMessage) (any, error) {
	var asked patchRequest
	if err := unmarshal(body, &asked); err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch([]byte(asked.Patch))
	if err != nil {
		return nil, fmt.Errorf("400 %w", err)
	}
	changed, err := patch.Apply([]byte(asked.Object))
	if err != nil {
		return nil, fmt.Errorf("422 %w", err)
	}
	return json.RawMessage(changed), nil
}

// mergePatch answers with the changed document.
func mergePatch(body json.RawMessage) (any, error) {
	var asked patchRequest
	if err := unmarshal(body, &asked); err != nil {
		return nil, err
	}
	changed, err := jsonpatch.MergePatch([]byte(asked.Object), []byte(asked.Patch))
	if err != nil {
		return nil, err
	}
	return json.RawMessage(changed), nil
}

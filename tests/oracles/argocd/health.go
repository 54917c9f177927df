package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
)

// What an app of apps needs: the health that the child reports. Argo CD has no script of its own for it.
const applicationHealth = `
local told = (obj.status or {}).health or {}
return {status = told.status or "Progressing", message = told.message or ""}
`

// documents reads the YAML documents of a file.
func documents(path string) ([][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var documents [][]byte
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		if len(bytes.TrimSpace(document)) > 0 {
			documents = append(documents, document)
		}
	}
	return documents, nil
}

// healths records the health of each object of `input/objects.yaml`, one per line.
func healths(dir string) error {
	documents, err := documents(filepath.Join(dir, "input", "objects.yaml"))
	if err != nil {
		return err
	}
	overrides := lua.ResourceHealthOverrides(map[string]v1alpha1.ResourceOverride{
		"argoproj.io/Application": {HealthLua: applicationHealth},
	})
	var lines strings.Builder
	for _, document := range documents {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return err
		}
		told, _ := health.GetResourceHealth(object, overrides)
		line := "none"
		if told != nil {
			line = strings.TrimSpace(string(told.Status) + " " + told.Message)
		}
		fmt.Fprintf(&lines, "%s: %s\n", object.GetName(), line)
	}
	return os.WriteFile(filepath.Join(dir, "expected.health"), []byte(lines.String()), 0o644)
}

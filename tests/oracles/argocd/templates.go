package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-cd/v3/applicationset/utils"
)

// templates renders `input/templates.txt`, sections that begin with `=== name | option, option`, each
// followed by a template, with `input/data.json`, into `expected.txt`. The option `fasttemplate` asks
// for the older dialect.
func templates(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "input", "templates.txt"))
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "input", "data.json"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, section := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		head, template, _ := strings.Cut(section, "\n")
		_, options, _ := strings.Cut(head, " | ")
		fmt.Fprintf(&out, "=== %s\n%s\n", head, render(strings.TrimSuffix(template, "\n"), options, data))
	}
	return os.WriteFile(filepath.Join(dir, "expected.txt"), out.Bytes(), 0o644)
}

func render(template, options string, data []byte) (result string) {
	defer func() {
		if trouble := recover(); trouble != nil {
			result = fmt.Sprintf("error: %v", trouble)
		}
	}()
	// Templates may change what they are given, so each gets its own.
	params := map[string]any{}
	if err := json.Unmarshal(data, &params); err != nil {
		return "error: " + err.Error()
	}
	var list []string
	if options != "" && options != "fasttemplate" {
		list = strings.Split(options, ", ")
	}
	out, err := (&utils.Render{}).Replace(template, params, options != "fasttemplate", list)
	if err != nil {
		return "error: " + err.Error()
	}
	return out
}

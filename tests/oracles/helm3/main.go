// Command helm3 answers with Helm 3's own code, and records what it says in case folders.
//
//	helm3 templates DIR…   renders templates as `helm template` does
//	helm3 charts DIR…      renders charts as `helm template` does
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	log.SetOutput(io.Discard)
	record := map[string]func(string) error{"templates": templates, "charts": charts}
	if len(os.Args) < 3 || record[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: helm3 templates|charts DIR…")
		os.Exit(2)
	}
	for _, dir := range os.Args[2:] {
		if err := record[os.Args[1]](dir); err != nil {
			fmt.Fprintln(os.Stderr, dir+":", err)
			os.Exit(1)
		}
	}
}

// templates renders `input/templates.txt`, sections that begin with `=== name`, each followed by a template,
// with `input/values.yaml`, into `expected.3.txt`.
func templates(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "input", "templates.txt"))
	if err != nil {
		return err
	}
	values, err := os.ReadFile(filepath.Join(dir, "input", "values.yaml"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, section := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		head, template, _ := strings.Cut(section, "\n")
		fmt.Fprintf(&out, "=== %s\n%s\n", head, render(strings.TrimSuffix(template, "\n"), values))
	}
	return os.WriteFile(filepath.Join(dir, "expected.3.txt"), out.Bytes(), 0o644)
}

func render(template string, values []byte) string {
	defaults, err := chartutil.ReadValues(values)
	if err != nil {
		return "error: " + err.Error()
	}
	c := &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: "v2", Name: "case", Version: "0.1.0", AppVersion: "1.16.0"},
		Templates: []*chart.File{{Name: "templates/t.yaml", Data: []byte(template)}},
		Files: []*chart.File{
			{Name: "config/a.txt", Data: []byte("one\ntwo\n")},
			{Name: "config/b.yaml", Data: []byte("b: 2\n")},
		},
		Values: defaults,
	}
	version, err := chartutil.ParseKubeVersion("v1.31.2")
	if err != nil {
		return "error: " + err.Error()
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *version
	release := chartutil.ReleaseOptions{Name: "demo", Namespace: "home", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, map[string]interface{}{}, release, caps)
	if err != nil {
		return "error: " + err.Error()
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		return "error: " + err.Error()
	}
	return rendered["case/templates/t.yaml"]
}

// charts runs the program that the environment names in HELM for each line of `input/runs.txt`: a name, `:`, and
// flags. The chart is `input/chart`.
func charts(dir string) error {
	runs, err := os.ReadFile(filepath.Join(dir, "input", "runs.txt"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, line := range strings.Split(strings.TrimSpace(string(runs)), "\n") {
		name, flags, _ := strings.Cut(line, ":")
		command := exec.Command(os.Getenv("HELM"), append([]string{"template", "demo", "chart"}, strings.Fields(flags)...)...)
		command.Dir = filepath.Join(dir, "input")
		var complaint bytes.Buffer
		command.Stderr = &complaint
		text, err := command.Output()
		if err != nil {
			_, message, _ := strings.Cut(complaint.String(), "Error: ")
			message, _, _ = strings.Cut(message, "\n\nUse --debug")
			text = []byte("error: " + strings.TrimSpace(message) + "\n")
		}
		fmt.Fprintf(&out, "=== %s\n%s", name, text)
	}
	return os.WriteFile(filepath.Join(dir, "expected.3.txt"), out.Bytes(), 0o644)
}

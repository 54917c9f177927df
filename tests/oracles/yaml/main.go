// Command yaml-oracle answers what upstream makes of YAML documents.
//
// It reads frames on stdin and answers each on stdout. A frame is one line of JSON with a decimal
// length, `{"mode":"kubectl","bytes":12}`, then that many bytes. An answer is one line of JSON.
//
// Modes that read a file, cut into documents as its readers cut it: `kubectl` (apimachinery's YAMLReader,
// sigs.k8s.io/yaml.YAMLToJSON), `kustomize` (kyaml: split, decode, DeAnchor, MarshalJSON). Their answer has
// one entry for each document, JSON or error. Mode `write` writes JSON (sigs.k8s.io/yaml.JSONToYAML).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

type frame struct {
	Mode  string `json:"mode"`
	Bytes int    `json:"bytes"`
}

type answer struct {
	Documents []document `json:"documents,omitempty"`
	YAML      string     `json:"yaml,omitempty"`
	Error     string     `json:"error,omitempty"`
}

type document struct {
	JSON  string `json:"json,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		var head frame
		if err := json.Unmarshal(line, &head); err != nil {
			fmt.Fprintln(os.Stderr, "bad frame:", err)
			os.Exit(2)
		}
		body := make([]byte, head.Bytes)
		if _, err := io.ReadFull(in, body); err != nil {
			fmt.Fprintln(os.Stderr, "short frame:", err)
			os.Exit(2)
		}
		if err := encoder.Encode(respond(head.Mode, body)); err != nil {
			os.Exit(2)
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func respond(mode string, body []byte) (reply answer) {
	defer func() {
		if fault := recover(); fault != nil {
			reply = answer{Error: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	switch mode {
	case "kubectl":
		return answer{Documents: kubectlFile(body)}
	case "kustomize":
		return answer{Documents: kustomizeFile(body)}
	case "write":
		text, err := yaml.JSONToYAML(body)
		if err == nil {
			return answer{YAML: string(text)}
		}
		return answer{Error: err.Error()}
	}
	return answer{Error: fmt.Sprintf("unknown mode %q", mode)}
}

// one reads a document; what makes upstream panic is a refusal.
func one(read func([]byte) ([]byte, error), body []byte) (reply document) {
	defer func() {
		if fault := recover(); fault != nil {
			reply = document{Error: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	text, err := read(body)
	if err != nil {
		return document{Error: err.Error()}
	}
	return document{JSON: string(text)}
}

func kubectlFile(body []byte) (documents []document) {
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(body)))
	for {
		chunk, err := reader.Read()
		if err == io.EOF {
			return documents
		}
		if err != nil {
			return append(documents, document{Error: err.Error()})
		}
		documents = append(documents, one(yaml.YAMLToJSON, chunk))
	}
}

var separator = regexp.MustCompile(`\n---.*\n`)

// kustomizeFile cuts where kio.ByteReader cuts; a separator with content costs the whole file.
func kustomizeFile(body []byte) (documents []document) {
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	previous := 0
	for _, cut := range separator.FindAllStringIndex(text, -1) {
		line := text[cut[0]:cut[1]]
		if rest := strings.TrimSpace(line[4:]); rest != "" && rest[0] != '#' {
			return []document{{Error: "invalid document separator: " + strings.TrimSpace(line)}}
		}
		documents = append(documents, one(kustomize, []byte(text[previous:cut[0]+1])))
		previous = cut[1]
	}
	return append(documents, one(kustomize, []byte(text[previous:])))
}

// kustomize does what kio.ByteReader and RNode.MarshalJSON do with one document.
func kustomize(body []byte) ([]byte, error) {
	node := &yamlv3.Node{}
	err := yamlv3.NewDecoder(bytes.NewReader(body)).Decode(node)
	if err == io.EOF {
		return []byte("null"), nil
	}
	if err != nil {
		return nil, err
	}
	if kyaml.IsYNodeEmptyDoc(node) {
		return []byte("null"), nil
	}
	if err := cyclic(node, nil, new(int)); err != nil {
		return nil, err
	}
	rnode := kyaml.NewRNode(node)
	if err := rnode.DeAnchor(); err != nil {
		return nil, err
	}
	if rnode.YNode().Kind == yamlv3.ScalarNode {
		text, err := rnode.String()
		if err != nil {
			return nil, err
		}
		var value interface{}
		if err := yamlv3.Unmarshal([]byte(text), &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	}
	return rnode.MarshalJSON()
}

// cyclic finds what makes DeAnchor overflow the stack, or take for ever.
func cyclic(node *yamlv3.Node, path []*yamlv3.Node, count *int) error {
	*count++
	if *count > 1000000 {
		return fmt.Errorf("yaml: document contains excessive aliasing")
	}
	if node.Kind == yamlv3.AliasNode {
		for _, seen := range path {
			if seen == node {
				return fmt.Errorf("yaml: anchor '%s' value contains itself", node.Value)
			}
		}
		return cyclic(node.Alias, append(path, node), count)
	}
	for _, child := range node.Content {
		if err := cyclic(child, path, count); err != nil {
			return err
		}
	}
	return nil
}

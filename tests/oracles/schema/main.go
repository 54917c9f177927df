// Command schema-oracle answers what upstream's libraries make of objects.
//
// It reads one JSON request a line on stdin and answers each with one line on stdout. A request has a
// `mode`; what else it has, and what the answer holds, is told by the mode's own file:
// `apply` (managedfields over structured-merge-diff), `strategic`, `merge` and `json` (patches), `quantity`,
// `selector`, `name`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

type request struct {
	Mode string          `json:"mode"`
	Body json.RawMessage `json:"body"`
}

var modes = map[string]func(json.RawMessage) (any, error){
	"apply":     applySteps,
	"json":      jsonPatch,
	"merge":     mergePatch,
	"name":      checkName,
	"quantity":  readQuantity,
	"selector":  readSelector,
	"strategic": strategicPatch,
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
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, "bad request:", err)
			os.Exit(2)
		}
		if err := encoder.Encode(respond(asked)); err != nil {
			fmt.Fprintln(os.Stderr, "bad answer:", err)
			os.Exit(2)
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

// respond gives the mode's answer; what upstream refuses or panics about is an answer too.
func respond(asked request) (answer any) {
	defer func() {
		if cause := recover(); cause != nil {
			answer = map[string]any{"panic": fmt.Sprint(cause)}
		}
	}()
	mode, known := modes[asked.Mode]
	if !known {
		return map[string]any{"unknown": asked.Mode}
	}
	value, err := mode(asked.Body)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"value": value}
}

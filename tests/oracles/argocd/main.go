// Command argocd answers with Argo CD's own code, and records what it says in case folders.
//
//	argocd templates DIR…   renders templates as the ApplicationSet controller does
//	argocd expand DIR…      expands ApplicationSets
package main

import (
	"fmt"
	"os"

	log "github.com/sirupsen/logrus"
)

func main() {
	log.SetLevel(log.PanicLevel)
	record := map[string]func(string) error{"templates": templates, "expand": expand}
	if len(os.Args) < 3 || record[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: argocd templates|expand DIR…")
		os.Exit(2)
	}
	for _, dir := range os.Args[2:] {
		if err := record[os.Args[1]](dir); err != nil {
			fmt.Fprintln(os.Stderr, dir+":", err)
			os.Exit(1)
		}
	}
}

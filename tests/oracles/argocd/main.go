// Command argocd answers with Argo CD's own code, and records what it says in case folders.
//
//	argocd templates DIR…   renders templates as the ApplicationSet controller does
//	argocd expand DIR…      expands ApplicationSets
//	argocd health DIR…      judges the health of objects
//	argocd order DIR…       puts the tasks of a sync in order
//	argocd render DIR…      renders the sources of Applications
//	argocd sync DIR…        syncs pass by pass
package main

import (
	"fmt"
	"os"

	log "github.com/sirupsen/logrus"
)

func main() {
	log.SetLevel(log.PanicLevel)
	record := map[string]func(string) error{
		"expand": expand, "health": healths, "order": orders, "render": renderSources, "sync": syncs, "templates": templates,
	}
	if len(os.Args) < 3 || record[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: argocd expand|health|order|render|sync|templates DIR…")
		os.Exit(2)
	}
	for _, dir := range os.Args[2:] {
		if err := record[os.Args[1]](dir); err != nil {
			fmt.Fprintln(os.Stderr, dir+":", err)
			os.Exit(1)
		}
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/kube/kubetest"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/kubectl/pkg/util/openapi"
	"sigs.k8s.io/yaml"
)

// scenario is one document of `input/syncs.yaml`.
type scenario struct {
	Case      string            `json:"case"`
	Namespace string            `json:"namespace"`
	Prune     bool              `json:"prune"`
	Options   []string          `json:"options"`
	Target    []map[string]any  `json:"target"`
	Live      []map[string]any  `json:"live"`
	Fail      map[string]string `json:"fail"`
	Passes    []pass            `json:"passes"`
}

// pass says what the cluster has when the sync looks again.
type pass struct {
	Live []map[string]any `json:"live"`
}

var kinds = []metav1.APIResource{
	{Name: "namespaces", Kind: "Namespace", Version: "v1"},
	{Name: "pods", Kind: "Pod", Version: "v1", Namespaced: true},
	{Name: "configmaps", Kind: "ConfigMap", Version: "v1", Namespaced: true},
	{Name: "secrets", Kind: "Secret", Version: "v1", Namespaced: true},
	{Name: "services", Kind: "Service", Version: "v1", Namespaced: true},
	{Name: "serviceaccounts", Kind: "ServiceAccount", Version: "v1", Namespaced: true},
	{Name: "persistentvolumeclaims", Kind: "PersistentVolumeClaim", Version: "v1", Namespaced: true},
	{Name: "deployments", Kind: "Deployment", Group: "apps", Version: "v1", Namespaced: true},
	{Name: "statefulsets", Kind: "StatefulSet", Group: "apps", Version: "v1", Namespaced: true},
	{Name: "daemonsets", Kind: "DaemonSet", Group: "apps", Version: "v1", Namespaced: true},
	{Name: "jobs", Kind: "Job", Group: "batch", Version: "v1", Namespaced: true},
	{Name: "ingresses", Kind: "Ingress", Group: "networking.k8s.io", Version: "v1", Namespaced: true},
	{Name: "networkpolicies", Kind: "NetworkPolicy", Group: "networking.k8s.io", Version: "v1", Namespaced: true},
	{Name: "roles", Kind: "Role", Group: "rbac.authorization.k8s.io", Version: "v1", Namespaced: true},
	{Name: "clusterroles", Kind: "ClusterRole", Group: "rbac.authorization.k8s.io", Version: "v1"},
	{Name: "storageclasses", Kind: "StorageClass", Group: "storage.k8s.io", Version: "v1"},
	{Name: "customresourcedefinitions", Kind: "CustomResourceDefinition", Group: "apiextensions.k8s.io", Version: "v1"},
	{Name: "validatingwebhookconfigurations", Kind: "ValidatingWebhookConfiguration", Group: "admissionregistration.k8s.io", Version: "v1"},
	{Name: "things", Kind: "Thing", Group: "example.org", Version: "v1", Namespaced: true},
}

// discovery serves the kinds, in the oldest form that clients understand.
func discovery() *httptest.Server {
	groups := map[string][]metav1.APIResource{}
	for _, kind := range kinds {
		kind.Verbs = metav1.Verbs{"create", "delete", "get", "list", "patch", "update", "watch"}
		groups[kind.Group] = append(groups[kind.Group], kind)
	}
	return httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		group := strings.TrimSuffix(strings.TrimPrefix(request.URL.Path, "/apis/"), "/v1")
		version := group + "/v1"
		if strings.HasPrefix(request.URL.Path, "/api/") {
			group, version = "", "v1"
		}
		resources, ok := groups[group]
		if !ok {
			http.NotFound(writer, request)
			return
		}
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: version, APIResources: resources,
		})
	}))
}

type scopes struct{}

func (scopes) IsNamespaced(kind schema.GroupKind) (bool, error) {
	for _, known := range kinds {
		if known.Group == kind.Group && known.Kind == kind.Kind {
			return known.Namespaced, nil
		}
	}
	return false, errors.New("unknown")
}

// kubectl fails for the objects that the scenario names.
type kubectl struct {
	kubetest.MockKubectlCmd
	commands map[string]kubetest.KubectlOutput
}

func (k *kubectl) ManageResources(*rest.Config, openapi.Resources) (kube.ResourceOperations, func(), error) {
	return &kubetest.MockResourceOps{Commands: k.commands}, func() {}, nil
}

// sink keeps the last list of tasks that was logged.
type sink struct {
	values []any
	tasks  *string
}

func (sink) Init(logr.RuntimeInfo)          {}
func (sink) Enabled(int) bool               { return true }
func (sink) Error(error, string, ...any)    {}
func (s sink) WithName(string) logr.LogSink { return s }
func (s sink) WithValues(values ...any) logr.LogSink {
	return sink{append(append([]any{}, s.values...), values...), s.tasks}
}
func (s sink) Info(_ int, message string, values ...any) {
	if message != "Tasks" {
		return
	}
	all := append(append([]any{}, s.values...), values...)
	for i := 0; i+1 < len(all); i += 2 {
		if all[i] == "tasks" {
			*s.tasks = fmt.Sprint(all[i+1])
		}
	}
}

func objects(values []map[string]any) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, value := range values {
		objects = append(objects, &unstructured.Unstructured{Object: value})
	}
	return objects
}

func byKey(values []map[string]any) map[kube.ResourceKey]*unstructured.Unstructured {
	keyed := map[kube.ResourceKey]*unstructured.Unstructured{}
	for _, object := range objects(values) {
		keyed[kube.GetResourceKey(object)] = object
	}
	return keyed
}

func deepCopy(values []map[string]any) []map[string]any {
	var copies []map[string]any
	for _, value := range values {
		copies = append(copies, (&unstructured.Unstructured{Object: value}).DeepCopy().Object)
	}
	return copies
}

func has(options []string, wanted string) bool {
	for _, option := range options {
		if option == wanted {
			return true
		}
	}
	return false
}

// run makes one pass after another, each with a context of its own, as the controller does.
type run struct {
	scenario scenario
	server   *httptest.Server
	tasks    string
	phase    common.OperationPhase
	message  string
	results  []common.ResourceSyncResult
}

func (r *run) pass(live []map[string]any) error {
	s := r.scenario
	commands := map[string]kubetest.KubectlOutput{}
	for name, message := range s.Fail {
		commands[name] = kubetest.KubectlOutput{Err: errors.New(message)}
	}
	config := &rest.Config{Host: r.server.URL}
	command := &kubectl{kubetest.MockKubectlCmd{Commands: commands}, commands}
	reconciled := sync.Reconcile(objects(deepCopy(s.Target)), byKey(deepCopy(live)), s.Namespace, scopes{})
	options := []sync.SyncOpt{
		sync.WithLogr(logr.New(sink{tasks: &r.tasks})),
		sync.WithOperationSettings(false, s.Prune, false, false),
		sync.WithInitialState(r.phase, r.message, r.results, metav1.Now()),
		sync.WithPruneLast(has(s.Options, "PruneLast=true")),
		sync.WithSkipDryRunOnMissingResource(has(s.Options, "SkipDryRunOnMissingResource=true")),
	}
	if has(s.Options, "CreateNamespace=true") {
		options = append(options, sync.WithNamespaceModifier(
			func(_, live *unstructured.Unstructured) (bool, error) { return live == nil, nil }))
	}
	context, cleanup, err := sync.NewSyncContext("r", reconciled, config, config, command, s.Namespace, nil, options...)
	if err != nil {
		return err
	}
	defer cleanup()
	context.Sync()
	r.phase, r.message, r.results = context.GetState()
	return nil
}

var task = regexp.MustCompile(`(\w+)/(-?\d+) (?:hook|resource) ([^ ]*)/([^ /]+):([^ /]*)/([^ ]+) (obj|nil)->(obj|nil) \(`)

// orders records the order of tasks of each scenario: phase, wave, object, and whether it is pruned.
func orders(dir string) error {
	return scenarios(dir, "expected.order", func(r *run, lines *strings.Builder) error {
		// The order is logged once the sync has started.
		for range 2 {
			if err := r.pass(r.scenario.Live); err != nil {
				return err
			}
		}
		for _, found := range task.FindAllStringSubmatch(r.tasks, -1) {
			verb := "apply"
			if found[8] == "nil" {
				verb = "prune"
			}
			fmt.Fprintf(lines, "%s %s %s %s/%s %s\n", found[1], found[2], verb, found[3], found[4], found[6])
		}
		return nil
	})
}

// syncs records each pass of each scenario: phase, message, and the results.
func syncs(dir string) error {
	return scenarios(dir, "expected.passes", func(r *run, lines *strings.Builder) error {
		live := r.scenario.Live
		for at := -1; at < len(r.scenario.Passes); at++ {
			if at >= 0 {
				live = r.scenario.Passes[at].Live
			}
			if err := r.pass(live); err != nil {
				return err
			}
			fmt.Fprintf(lines, "%s: %s\n", r.phase, r.message)
			// Objects of one kind are applied at once: their order is chance.
			var results []string
			for _, result := range r.results {
				results = append(results, fmt.Sprintf("  %s/%s %s: %s", result.SyncPhase, result.ResourceKey.Kind,
					result.ResourceKey.Name, strings.TrimSpace(string(result.Status)+" "+string(result.HookPhase))))
			}
			sort.Strings(results)
			for _, result := range results {
				lines.WriteString(result + "\n")
			}
		}
		return nil
	})
}

func scenarios(dir, expected string, record func(*run, *strings.Builder) error) error {
	documents, err := documents(filepath.Join(dir, "input", "syncs.yaml"))
	if err != nil {
		return err
	}
	server := discovery()
	defer server.Close()
	var lines strings.Builder
	for _, document := range documents {
		var s scenario
		if err := yaml.UnmarshalStrict(document, &s); err != nil {
			return err
		}
		fmt.Fprintf(&lines, "# %s\n", s.Case)
		if err := record(&run{scenario: s, server: server}, &lines); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, expected), []byte(lines.String()), 0o644)
}

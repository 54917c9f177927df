package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	log "github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/runtime"
	clientset "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
)

// expand expands `input/applicationset.yaml`, for which every repository is `input/repository`, into
// `expected.yaml`: the Applications, or the error.
func expand(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "input", "applicationset.yaml"))
	if err != nil {
		return err
	}
	var set v1alpha1.ApplicationSet
	if err := yaml.Unmarshal(text, &set); err != nil {
		return err
	}
	root, err := commit(filepath.Join(dir, "input", "repository"))
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	described, err := clusterSecrets(dir, set.Namespace)
	if err != nil {
		return err
	}
	out, err := applications(set, root, described, orderOf(text))
	if err != nil {
		out = []byte("error: " + err.Error() + "\n")
	}
	return os.WriteFile(filepath.Join(dir, "expected.yaml"), out, 0o644)
}

// clusterSecrets makes Secrets of the clusters in `input/clusters.yaml`.
func clusterSecrets(dir, namespace string) ([]runtime.Object, error) {
	text, err := os.ReadFile(filepath.Join(dir, "input", "clusters.yaml"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var clusters []struct {
		Name, Server, Project string
		Labels, Annotations   map[string]string
	}
	if err := yaml.Unmarshal(text, &clusters); err != nil {
		return nil, err
	}
	var secrets []runtime.Object
	for index, cluster := range clusters {
		labels := map[string]string{"argocd.argoproj.io/secret-type": "cluster"}
		for key, value := range cluster.Labels {
			labels[key] = value
		}
		data := map[string][]byte{"name": []byte(cluster.Name), "server": []byte(cluster.Server), "config": []byte("{}")}
		if cluster.Project != "" {
			data["project"] = []byte(cluster.Project)
		}
		secrets = append(secrets, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("cluster-%02d", index), Namespace: namespace, Labels: labels, Annotations: cluster.Annotations},
			Data:       data,
		})
	}
	return secrets, nil
}

// orderOf is the order in which Applications are told: that of the generators, or by name where a merge
// generator is at work, which goes over a map of Go and gives another order every time.
func orderOf(text []byte) func([]v1alpha1.Application) {
	if !bytes.Contains(text, []byte("merge:")) {
		return func([]v1alpha1.Application) {}
	}
	return func(apps []v1alpha1.Application) {
		slices.SortStableFunc(apps, func(a, b v1alpha1.Application) int { return strings.Compare(a.Name, b.Name) })
	}
}

func applications(set v1alpha1.ApplicationSet, root string, secrets []runtime.Object, order func([]v1alpha1.Application)) ([]byte, error) {
	scheme := runtime.NewScheme()
	_ = v1alpha1.AddToScheme(scheme)
	_ = corev1.AddToScheme(scheme)
	project := &v1alpha1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: set.Spec.Template.Spec.Project, Namespace: set.Namespace}}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	if project.Name != "" && !strings.Contains(project.Name, "{{") {
		builder = builder.WithObjects(project)
	}
	client := builder.WithRuntimeObjects(secrets...).Build()
	all := generators.GetGenerators(context.Background(), client, clientset.NewSimpleClientset(secrets...), set.Namespace, repository{root}, nil, generators.SCMConfig{})
	entry := log.NewEntry(log.StandardLogger())
	apps, _, err := template.GenerateApplications(entry, set, all, &utils.Render{}, client)
	if err != nil {
		return nil, err
	}
	order(apps)
	var out bytes.Buffer
	for _, app := range apps {
		metadata := map[string]any{"name": app.Name, "namespace": app.Namespace}
		if len(app.Labels) > 0 {
			metadata["labels"] = app.Labels
		}
		if len(app.Annotations) > 0 {
			metadata["annotations"] = app.Annotations
		}
		if len(app.Finalizers) > 0 {
			metadata["finalizers"] = app.Finalizers
		}
		text, err := yaml.Marshal(map[string]any{"metadata": metadata, "spec": app.Spec})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "---\n%s", text)
	}
	return out.Bytes(), nil
}

// commit makes a Git repository of a folder, since Argo CD lists files with Git.
func commit(folder string) (string, error) {
	root, err := os.MkdirTemp("", "repository")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(folder); err == nil {
		if err := os.CopyFS(root, os.DirFS(folder)); err != nil {
			return root, err
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}} {
		command := exec.Command("git", args...)
		command.Dir = root
		if out, err := command.CombinedOutput(); err != nil {
			return root, fmt.Errorf("git %v: %w: %s", args, err, out)
		}
	}
	return root, nil
}

type repository struct{ root string }

func (r repository) GetFiles(_ context.Context, _, _, _, pattern string, _, _ bool) (map[string][]byte, error) {
	if pattern == "" {
		pattern = "."
	}
	command := exec.Command("git", "ls-files", "--full-name", "-z", "--", pattern)
	command.Dir = r.root
	out, err := command.Output()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range strings.Split(strings.TrimSuffix(string(out), "\000"), "\000") {
		if name == "" {
			continue
		}
		if files[name], err = os.ReadFile(filepath.Join(r.root, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (r repository) GetDirectories(context.Context, string, string, string, bool, bool) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(r.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if relative, _ := filepath.Rel(r.root, path); relative != "." {
			paths = append(paths, relative)
		}
		return nil
	})
	return paths, err
}

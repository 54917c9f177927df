package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	_ "unsafe" // for the link to a function that is not exported

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	reposerver "github.com/argoproj/argo-cd/v3/reposerver/repository"
	apppath "github.com/argoproj/argo-cd/v3/util/app/path"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/git"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
)

// remote is something outside the repository: a folder below `input/remotes` that stands for it.
type remote struct {
	Folder string `json:"folder"`
	Git    string `json:"git"`
	File   string `json:"file"`
	Chart  *struct {
		Repository string `json:"repository"`
		Name       string `json:"name"`
		Version    string `json:"version"`
	} `json:"chart"`
}

// surroundings are what an Application's sources do not say themselves.
type surroundings struct {
	KubeVersion  string   `json:"kubeVersion"`
	APIVersions  []string `json:"apiVersions"`
	BuildOptions string   `json:"buildOptions"`
	Revision     string   `json:"revision"`
}

type scene struct {
	app      v1alpha1.Application
	settings surroundings
	remotes  []remote
	input    string
	temp     string
}

//go:linkname resolveReferencedSources github.com/argoproj/argo-cd/v3/reposerver/repository.resolveReferencedSources
func resolveReferencedSources(multiple bool, source *v1alpha1.ApplicationSourceHelm, refs map[string]*v1alpha1.RefTarget, client func(*v1alpha1.Repository, string, ...git.ClientOpts) (git.Client, string, error), options git.ClientOpts) (map[string]string, error)

// renderSources renders the sources of `input/application.yaml`, whose repository is `input/repository`, into
// `expected.yaml`: the objects, or the error. HELM and KUSTOMIZE name the programs.
func renderSources(dir string) error {
	scene := scene{input: filepath.Join(dir, "input")}
	scene.settings = surroundings{KubeVersion: "1.36", Revision: "0123456789abcdef0123456789abcdef01234567"}
	for name, into := range map[string]any{"application.yaml": &scene.app, "settings.yaml": &scene.settings, "remotes.yaml": &scene.remotes} {
		text, err := os.ReadFile(filepath.Join(scene.input, name))
		if errors.Is(err, os.ErrNotExist) && name != "application.yaml" {
			continue
		}
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	temp, err := os.MkdirTemp("", "render")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	scene.temp = temp
	if err := programs(temp); err != nil {
		return err
	}
	serve, err := serveRemotes(&scene)
	if err != nil {
		return err
	}
	defer serve.Close()
	out, err := scene.manifests()
	if err != nil {
		out = []byte("error: " + scene.told(err) + "\n")
	}
	return os.WriteFile(filepath.Join(dir, "expected.yaml"), out, 0o644)
}

// programs puts helm and kustomize where Argo CD looks for them.
func programs(temp string) error {
	bin := filepath.Join(temp, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for variable, name := range map[string]string{"HELM": "helm", "KUSTOMIZE": "kustomize"} {
		if err := os.Symlink(os.Getenv(variable), filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	path := os.Getenv("PATH")
	if before, _, found := strings.Cut(path, string(os.PathListSeparator)); found && strings.HasSuffix(before, "/bin") && strings.Contains(before, "/render") {
		_, path, _ = strings.Cut(path, string(os.PathListSeparator))
	}
	return os.Setenv("PATH", bin+string(os.PathListSeparator)+path)
}

func (s *scene) manifests() ([]byte, error) {
	ctx := context.Background()
	sources := s.app.Spec.GetSources()
	revisions := make([]string, len(sources))
	repositories := func(_ context.Context, url, _ string) (*v1alpha1.Repository, error) {
		return &v1alpha1.Repository{Repo: url}, nil
	}
	refs, err := argo.GetRefSources(ctx, sources, s.app.Spec.Project, repositories, revisions)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for index := range sources {
		source := sources[index].DeepCopy()
		response, err := s.source(ctx, source, refs)
		if err != nil {
			return nil, err
		}
		for _, manifest := range response.Manifests {
			object, err := v1alpha1.UnmarshalToUnstructured(manifest)
			if err != nil {
				return nil, err
			}
			text, err := yaml.Marshal(object.Object)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "---\n%s", text)
		}
	}
	return out.Bytes(), nil
}

func (s *scene) source(ctx context.Context, source *v1alpha1.ApplicationSource, refs v1alpha1.RefTargetRevisionMapping) (*apiclient.ManifestResponse, error) {
	multiple := s.app.Spec.HasMultipleSources()
	client := func(*v1alpha1.Repository, string, ...git.ClientOpts) (git.Client, string, error) {
		return nil, s.settings.Revision, nil
	}
	if multiple && source.Path == "" && !source.IsHelm() {
		return &apiclient.ManifestResponse{}, nil
	}
	if _, err := resolveReferencedSources(multiple, source.Helm, refs, client, nil); err != nil {
		return nil, err
	}
	root, revision, err := s.checkout(source)
	if err != nil {
		return nil, err
	}
	folder := root
	if !source.IsHelm() {
		if folder, err = apppath.Path(root, source.Path); err != nil {
			return nil, err
		}
	}
	paths := utilio.NewRandomizedTempPaths(s.temp)
	for _, ref := range refs {
		at, _, err := s.checkout(&v1alpha1.ApplicationSource{RepoURL: ref.Repo.Repo})
		if err != nil {
			return nil, err
		}
		paths.Add(git.NormalizeGitURL(ref.Repo.Repo), at)
	}
	return reposerver.GenerateManifests(ctx, folder, root, revision, &apiclient.ManifestRequest{
		Repo:               &v1alpha1.Repository{Repo: source.RepoURL},
		Revision:           revision,
		AppName:            s.app.InstanceName("argocd"),
		Namespace:          s.app.Spec.Destination.Namespace,
		ApplicationSource:  source,
		KustomizeOptions:   &v1alpha1.KustomizeOptions{BuildOptions: s.settings.BuildOptions},
		KubeVersion:        s.settings.KubeVersion,
		ApiVersions:        s.settings.APIVersions,
		HelmOptions:        &v1alpha1.HelmOptions{ValuesFileSchemes: []string{"https", "http"}},
		HasMultipleSources: multiple,
		RefSources:         refs,
		ProjectName:        s.app.Spec.Project,
		ProjectSourceRepos: []string{"*"},
	}, false, git.NoopCredsStore{}, resource.MustParse("10M"), paths)
}

// checkout gives a fresh copy of the tree that a source is rendered from.
func (s *scene) checkout(source *v1alpha1.ApplicationSource) (string, string, error) {
	from, revision := filepath.Join(s.input, "repository"), s.settings.Revision
	for _, remote := range s.remotes {
		of := filepath.Join(s.input, "remotes", remote.Folder)
		switch {
		case remote.Git != "" && remote.Git == source.RepoURL:
			from = of
		case remote.Chart != nil && source.Chart == remote.Chart.Name && source.RepoURL == remote.Chart.Repository:
			from, revision = of, remote.Chart.Version
		}
	}
	to, err := os.MkdirTemp(s.temp, "checkout")
	if err != nil {
		return "", "", err
	}
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return to, revision, nil
	}
	return to, revision, os.CopyFS(to, os.DirFS(from))
}

var checkouts = regexp.MustCompile(`/[^ '"]*/checkout[0-9]+`)

// told is an error without what differs from run to run; what a program says is left to the program's own cases.
func (s *scene) told(err error) string {
	text := err.Error()
	for _, program := range []string{"helm", "kustomize"} {
		if strings.Contains(text, "`"+program+" ") && strings.Contains(text, "failed exit status") {
			return program + " fails"
		}
	}
	for _, words := range []string{"Failed to unmarshal \"", "Object 'Kind' is missing", "Found multiple objects in"} {
		if strings.Contains(text, words) {
			return "a file cannot be read"
		}
	}
	return strings.ReplaceAll(checkouts.ReplaceAllString(text, "."), "\n", " ")
}

//! No rendering that was made before is given out where one made anew would be another.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{Application, RepoUrl};
use toft_object::Time;
use toft_render::{ArgoRelease, Given, Renderings, Request, Seen, Surroundings};
use toft_source::{Files, MemoryFiles, Remote, Remotes, RepoPath, WithRemotes};
use toft_value::{Value, value};

/// All that decides what an Application renders to, to be changed in one place at a time.
#[derive(Clone)]
struct Everything {
    tree: MemoryFiles,
    remotes: Remotes,
    application: Value,
    revision: &'static str,
    ours: &'static str,
    control_namespace: &'static str,
    kube_version: &'static str,
    api_versions: Vec<SmolStr>,
    build_options: &'static str,
    release: ArgoRelease,
    seed: u64,
    now: Time,
}

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: '{{ .Release.Namespace }}'}
data:
  name: '{{ .Values.name }}'
  revision: '{{ .Values.revision }}'
  kube: '{{ .Capabilities.KubeVersion.Version }}'
  api: '{{ .Capabilities.APIVersions.Has \"example.org/v1\" }}'
  helm: '{{ .Capabilities.HelmVersion.Version }}'
  seed: '{{ randAlphaNum 8 }}'
  now: '{{ now | unixEpoch }}'
  size: '{{ .Values.size }}'
";

const CHART: &str = "{apiVersion: v2, name: web, version: 1.0.0}";

fn remote() -> Remote {
    Remote::Chart {
        repository: "https://charts.example.org".into(),
        name: "web".into(),
        version: "1.0.0".into(),
    }
}

fn brought(template: &str) -> Arc<dyn Files + Send + Sync> {
    let files = [
        ("Chart.yaml", CHART),
        ("values.yaml", "size: 1\n"),
        ("templates/a.yaml", template),
    ];
    Arc::new(MemoryFiles::new(files))
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn without(name: &str, tree: &MemoryFiles) -> MemoryFiles {
    let mut rest = MemoryFiles::default();
    for kept in tree.paths().filter(|kept| kept.as_str() != name) {
        rest.insert(kept.clone(), tree.read(kept).unwrap());
    }
    rest
}

/// A chart, a kustomization with a chart from outside, a folder; one base for all three.
fn base() -> Everything {
    let tree = MemoryFiles::new([
        ("web/Chart.yaml", CHART),
        ("web/values.yaml", "size: 1\n"),
        ("web/templates/a.yaml", TEMPLATE),
        (
            "kustomized/kustomization.yaml",
            "resources: [a.yaml]\nhelmCharts:\n- {name: web, version: 1.0.0, repo: 'https://charts.example.org', releaseName: web}\n",
        ),
        (
            "kustomized/a.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}",
        ),
        (
            "plain/a.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}",
        ),
        ("README.md", "beside everything"),
    ]);
    let parameters = value!([
        {"name": "revision", "value": "$ARGOCD_APP_REVISION_SHORT"},
        {"name": "name", "value": "$ARGOCD_APP_NAME in $ARGOCD_APP_PROJECT_NAME"},
    ]);
    let source = |path: &str| value!({"repoURL": "https://git.example.org/lab.git", "path": path});
    let mut web = source("web");
    web.set_at(
        &["helm"],
        value!({"parameters": parameters, "valueFiles": ["more.yaml"], "ignoreMissingValueFiles": true}),
    );
    let application = value!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "media",
            "destination": {"namespace": "web"},
            "sources": [web, source("kustomized"), source("plain")],
        },
    });
    Everything {
        tree,
        remotes: Remotes::from([(remote(), Ok(brought(TEMPLATE)))]),
        application,
        revision: "0123456789abcdef0123456789abcdef01234567",
        ours: "https://git.example.org/lab.git",
        control_namespace: "argocd",
        kube_version: "1.36",
        api_versions: vec!["v1".into()],
        build_options: "--enable-helm",
        release: ArgoRelease::V3_2,
        seed: 1,
        now: Time::from_seconds(1_700_000_000),
    }
}

impl Everything {
    fn render(&self, renderings: &Renderings) -> Vec<Given> {
        let application = Application::parse(&self.application).value;
        let ours = RepoUrl::new(self.ours);
        let surroundings = Surroundings {
            is_this_repository: &|other| other.same_repository(&ours),
            control_namespace: self.control_namespace,
            kube_version: self.kube_version,
            api_versions: &self.api_versions,
            build_options: self.build_options,
            release: self.release,
            seed: self.seed,
            now: self.now,
        };
        let files = WithRemotes::new(&self.tree, &self.remotes);
        let mut seen = Seen::default();
        let requests = application.sources.iter().map(|source| Request {
            application: &application,
            source,
            revision: self.revision,
            surroundings: &surroundings,
        });
        requests
            .map(|request| renderings.render(&files, &request, &mut seen).given)
            .collect()
    }

    fn anew(&self) -> Vec<Given> {
        self.render(&Renderings::new("1"))
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn write(&self, name: &str, text: &str) -> Self {
        self.with(|all| all.tree.insert(path(name), text.as_bytes().into()))
    }

    fn says(&self, keys: &[&str], value: impl Into<Value>) -> Self {
        self.with(|all| all.application.set_at(keys, value))
    }
}

/// The base with one thing changed, for everything that decides: each field by its name.
fn changed_requests() -> Vec<(&'static str, Everything)> {
    let base = base();
    // Every field is named here and changed below, so that a new one is not forgotten: it fails to compile.
    let Everything {
        tree: _,    // as `changed_trees` has it
        remotes: _, // as `changed_trees` has it
        application,
        revision,
        ours,
        control_namespace,
        kube_version,
        api_versions,
        build_options,
        release,
        seed,
        now,
    } = base.clone();
    let spec = |keys: &[&str], value: Value| {
        let mut changed = application.clone();
        let keys: Vec<&str> = ["spec"].iter().chain(keys).copied().collect();
        changed.set_at(&keys, value);
        base.with(|all| all.application = changed)
    };
    let mut other_source = application.clone();
    let mut sources = application.items_at(&["spec", "sources"]).to_vec();
    sources[0].set_at(&["helm", "values"], "size: 2");
    other_source.set_at(&["spec", "sources"], Value::List(sources.into()));
    vec![
        ("name", base.says(&["metadata", "name"], "other")),
        ("namespace", base.says(&["metadata", "namespace"], "other")),
        ("project", spec(&["project"], "other".into())),
        (
            "destination",
            spec(&["destination", "namespace"], "other".into()),
        ),
        ("source", base.with(|all| all.application = other_source)),
        ("revision", base.with(|all| all.revision = &revision[1..])),
        ("ours", base.with(|all| all.ours = &ours[..23])),
        (
            "control_namespace",
            base.with(|all| all.control_namespace = &control_namespace[1..]),
        ),
        (
            "kube_version",
            base.with(|all| all.kube_version = &kube_version[..3]),
        ),
        (
            "api_versions",
            base.with(|all| {
                all.api_versions = [api_versions, vec!["example.org/v1".into()]].concat();
            }),
        ),
        (
            "build_options",
            base.with(|all| all.build_options = &build_options[1..]),
        ),
        (
            "release",
            base.with(|all| {
                all.release = match release {
                    ArgoRelease::V3_2 => ArgoRelease::V3_6,
                    ArgoRelease::V3_6 => ArgoRelease::V3_2,
                }
            }),
        ),
        ("seed", base.with(|all| all.seed = seed + 1)),
        (
            "now",
            base.with(|all| all.now = Time::from_micros(now.micros() + 1_000_000)),
        ),
    ]
}

fn changed_trees() -> Vec<(&'static str, Everything)> {
    let base = base();
    let other = TEMPLATE.replace("name: a", "name: z");
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}";
    let elsewhere = base.write("elsewhere/a.yaml", map);
    vec![
        ("a file", base.write("web/values.yaml", "size: 2\n")),
        ("a file in a folder", base.write("plain/b.yaml", map)),
        (
            "a file that was missing",
            base.write("web/more.yaml", "size: 3\n"),
        ),
        (
            "another tool",
            base.write(
                "plain/kustomization.yaml",
                "resources: [a.yaml]\nnamePrefix: x-\n",
            ),
        ),
        (
            "what lies beside a source",
            base.write(
                "web/.argocd-source.yaml",
                "helm: {releaseName: x, parameters: []}\n",
            ),
        ),
        (
            "where a link leads",
            elsewhere.with(|all| {
                all.tree.link(path("plain/a.yaml"), "../elsewhere/a.yaml");
            }),
        ),
        (
            "a file that is gone",
            base.with(|all| all.tree = without("kustomized/a.yaml", &all.tree)),
        ),
        (
            "a chart from outside",
            base.with(|all| drop(all.remotes.insert(remote(), Ok(brought(&other))))),
        ),
        (
            "a chart that is not there",
            base.with(|all| all.remotes.clear()),
        ),
        (
            "a chart that cannot be had",
            base.with(|all| drop(all.remotes.insert(remote(), Err("no route".to_owned())))),
        ),
    ]
}

#[test]
fn whatever_changes_is_rendered_anew_and_found_again_when_it_is_back() {
    let (base, renderings) = (base(), Renderings::new("1"));
    let first = base.render(&renderings);
    assert!(first.iter().all(Result::is_ok), "{first:?}");
    for (what, changed) in changed_requests().into_iter().chain(changed_trees()) {
        let anew = changed.anew();
        assert_ne!(anew, first, "{what} decides nothing");
        assert_eq!(changed.render(&renderings), anew, "{what}");
        let made = renderings.made();
        assert_eq!(changed.render(&renderings), anew, "{what}, again");
        assert_eq!(base.render(&renderings), first, "{what}, undone");
        assert_eq!(renderings.made(), made, "{what} is found again");
    }
}

#[test]
fn every_change_is_a_stranger_also_to_what_comes_from_a_pack() {
    let (base, renderings) = (base(), Renderings::new("1"));
    let first = base.render(&renderings);
    let pack: Arc<[u8]> = renderings.pack().unwrap().into();
    assert!(renderings.pack().is_none(), "nothing is new");
    let unpacked = || Renderings::unpack("1", &pack).unwrap().renderings;
    let again = unpacked();
    assert_eq!(base.render(&again), first);
    assert_eq!(again.made(), 0);
    for (what, changed) in changed_requests().into_iter().chain(changed_trees()) {
        assert_eq!(changed.render(&unpacked()), changed.anew(), "{what}");
    }
    assert!(Renderings::unpack("2", &pack).is_err(), "of another maker");
}

#[test]
fn what_nobody_looks_at_makes_nothing_anew() {
    let (base, renderings) = (base(), Renderings::new("1"));
    base.render(&renderings);
    let made = renderings.made();
    base.write("README.md", "another one").render(&renderings);
    base.says(
        &["spec", "syncPolicy"],
        value!({"automated": {"prune": true}}),
    )
    .render(&renderings);
    base.says(&["status"], value!({"sync": {"status": "Synced"}}))
        .render(&renderings);
    assert_eq!(renderings.made(), made);
    // A folder of plain files looks neither at the revision nor at the cluster; charts do.
    let elsewhere = base.with(|all| {
        all.revision = "another";
        all.seed += 1;
        all.kube_version = "1.35";
    });
    elsewhere.render(&renderings);
    assert_eq!(renderings.made(), made + 2);
}

#[test]
fn what_a_pack_does_not_use_for_long_is_left_out() {
    let renderings = Renderings::new("1");
    let (base, other) = (
        base(),
        base().write(
            "plain/b.yaml",
            "{apiVersion: v1, kind: Secret, metadata: {name: x}}",
        ),
    );
    other.render(&renderings);
    for round in 0..9 {
        base.write(
            "plain/a.yaml",
            &format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: r{round}}}}}"),
        )
        .render(&renderings);
        let pack: Arc<[u8]> = renderings.pack().unwrap().into();
        let unpacked = Renderings::unpack("1", &pack).unwrap().renderings;
        other.render(&unpacked);
        assert_eq!(unpacked.made(), u64::from(round == 8), "{round}");
    }
}

//! A chart and values to manifests.
//!
//! Source: Helm 3.22.0 `pkg/action/install.go`, `pkg/engine/engine.go`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use jiff::Timestamp;
use smol_str::SmolStr;
use toft_gotmpl::{
    ClusterView, Data, Dict, DictKind, Limits, MissingKey, Options, Session, Settings, TemplateSet,
    Vocabulary, satisfies,
};
use toft_source::RepoPath;
use toft_value::Map;

use crate::capabilities::Capabilities;
use crate::chart::{Chart, HelmVersion};
use crate::coalesce::{Nulls, coalesced, empty, table};
use crate::dependencies;
use crate::family::{Family, Id};
use crate::manifest::{self, Manifest, Manifests};
use crate::problem::{CHART, OPTIONS, Problem, TEMPLATE};
use crate::records::{self, About};
use crate::schema;

/// What a release is called and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOptions {
    /// Its name.
    pub name: SmolStr,
    /// Its namespace.
    pub namespace: SmolStr,
    /// Whether templates are told of an upgrade instead of an install.
    pub upgrade: bool,
}

impl Default for ReleaseOptions {
    fn default() -> Self {
        Self {
            name: SmolStr::new_static("release-name"),
            namespace: SmolStr::new_static("default"),
            upgrade: false,
        }
    }
}

/// How a chart is rendered.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of `helm template`"
)]
pub struct TemplateOptions {
    /// Whose meaning holds.
    pub version: HelmVersion,
    /// The release.
    pub release: ReleaseOptions,
    /// What templates are told about the cluster.
    pub capabilities: Capabilities,
    /// Whether the objects of `crds/` are part of the result.
    pub include_crds: bool,
    /// Whether hooks that test a release are left out.
    pub skip_tests: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// Whether values may differ from `values.schema.json`.
    pub skip_schema: bool,
    /// What `now` gives.
    pub now: Timestamp,
    /// What random texts and keys derive from.
    pub seed: u64,
    /// The cluster that `lookup` asks.
    pub cluster: Option<Rc<ClusterView>>,
}

impl TemplateOptions {
    /// As `helm template` without flags.
    pub fn new(version: HelmVersion) -> Self {
        Self {
            version,
            release: ReleaseOptions::default(),
            capabilities: Capabilities::assumed(),
            include_crds: false,
            skip_tests: false,
            skip_hooks: false,
            skip_schema: false,
            now: Timestamp::UNIX_EPOCH,
            seed: 0,
            cluster: None,
        }
    }
}

/// How much the templates of one chart may do: the largest public chart needs some millions of steps.
const LIMITS: Limits = Limits {
    work: 200_000_000,
    output_bytes: 64 << 20,
};

/// Renders a chart to texts, as `helm template` prints them.
///
/// # Errors
/// The chart, its values, a template or what it gives is wrong; the words are Helm's where Helm has them.
pub fn manifests(
    chart: &Chart,
    values: &Map,
    options: &TemplateOptions,
) -> Result<Manifests, Problem> {
    let (rendered, crds) = rendered(chart, values, options)?;
    manifest::sorted(&rendered, crds, options)
}

/// Renders a chart to the texts of its templates, by their names with the folders of their charts.
///
/// # Errors
/// The chart, its values or a template is wrong; the words are Helm's where Helm has them.
pub fn texts(
    chart: &Chart,
    values: &Map,
    options: &TemplateOptions,
) -> Result<BTreeMap<String, String>, Problem> {
    let (rendered, _) = rendered(chart, values, options)?;
    let texts = rendered.into_iter().map(|one| (one.name, one.text));
    Ok(texts.collect())
}

/// What the templates give, and the files of `crds/` if they are asked for.
fn rendered(
    chart: &Chart,
    values: &Map,
    options: &TemplateOptions,
) -> Result<(Vec<Rendered>, Vec<Manifest>), Problem> {
    check(chart, options)?;
    let (mut family, root) = Family::new(chart, options.version)?;
    let values = match Data::from_typed(&values.clone().into()) {
        Data::Dict(values) => values,
        _ => empty(),
    };
    let processed = dependencies::process(&mut family, root, &values);
    processed.map_err(|problem| match options.version {
        HelmVersion::V3 => problem,
        HelmVersion::V4 => problem.during("chart dependencies processing failed"),
    })?;
    let values = coalesced(&family, root, &values, Nulls::Remove)?;
    if !options.skip_schema {
        schema::check(&family, root, &values)?;
    }
    check_kube_version(chart, options)?;
    let mut engine = Engine {
        family: &family,
        options,
        texts: BTreeMap::new(),
    };
    let top = engine.top(root, &values);
    engine.collect(root, &top);
    let rendered = engine.render()?;
    let crds = if options.include_crds {
        crds(&family, root)
    } else {
        Vec::new()
    };
    Ok((rendered, crds))
}

fn check(chart: &Chart, options: &TemplateOptions) -> Result<(), Problem> {
    if !["", "application"].contains(&chart.metadata.kind.as_str()) {
        let kind = &chart.metadata.kind;
        return Err(Problem::new(
            CHART,
            format!("{kind} charts are not installable"),
        ));
    }
    dependencies::check(chart, options.version)?;
    if is_release_name(&options.release.name) {
        return Ok(());
    }
    let name = &options.release.name;
    Err(Problem::new(
        OPTIONS,
        format!(
            "release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
        ),
    ))
}

/// Source: Helm 3.22.0 `pkg/chartutil/validate_name.go`.
fn is_release_name(name: &str) -> bool {
    let alphanumeric = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit();
    let good = |part: &str| {
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && part.chars().all(|one| alphanumeric(one) || one == '-')
    };
    name.len() <= 53 && name.split('.').all(good)
}

fn check_kube_version(chart: &Chart, options: &TemplateOptions) -> Result<(), Problem> {
    let wanted = &chart.metadata.kube_version;
    let found = &options.capabilities.kube_version;
    if wanted.is_empty() || satisfies(wanted, &found.plain) {
        return Ok(());
    }
    let shown = &found.version;
    Err(Problem::new(
        OPTIONS,
        format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {shown}"
        ),
    ))
}

/// A template: its text, what it is given, and where it was read.
struct Text {
    bytes: std::sync::Arc<[u8]>,
    dot: Dict,
    base_path: SmolStr,
    path: RepoPath,
}

/// What a template gave, by its name.
pub(crate) struct Rendered {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) path: RepoPath,
}

struct Engine<'a, 'c> {
    family: &'a Family<'c>,
    options: &'a TemplateOptions,
    texts: BTreeMap<String, Text>,
}

impl Engine<'_, '_> {
    /// What the outermost chart is given besides itself.
    fn top(&self, root: Id, values: &Dict) -> Dict {
        let release = &self.options.release;
        let top = empty();
        let release = Data::dict([
            ("Name".into(), Data::Text(release.name.clone())),
            ("Namespace".into(), Data::Text(release.namespace.clone())),
            ("IsUpgrade".into(), Data::Bool(release.upgrade)),
            ("IsInstall".into(), Data::Bool(!release.upgrade)),
            ("Revision".into(), Data::Int(1)),
            ("Service".into(), Data::text("Helm")),
        ]);
        top.set("Release", release);
        let version = self.options.version;
        let capabilities = records::capabilities(&self.options.capabilities, version);
        top.set("Capabilities", capabilities);
        debug_assert!(self.family.is_root(root), "rendering begins at the root");
        top.set("Values", Data::Dict(values.clone()));
        top
    }

    /// Collects the templates of a chart and those below it; gives what they are given.
    fn collect(&mut self, id: Id, above: &Dict) -> Dict {
        let family = self.family;
        let version = self.options.version;
        let chart = family.chart(id);
        let name = family.name(id);
        let wanted = family.wanted_by(id).unwrap_or_default();
        let about = About {
            chart,
            name,
            is_root: family.is_root(id),
            dependencies: wanted.iter().map(|id| family.wanted(*id).clone()).collect(),
        };
        let values_type = records::values_type(version);
        let above_values = table(above.get("Values"));
        let values = if family.is_root(id) {
            above_values
        } else {
            above_values.and_then(|values| table(values.get(name)))
        };
        let values = Dict {
            kind: values_type,
            entries: values.unwrap_or_else(empty).entries,
        };
        let below = empty();
        let dot = Dict::new(values_type, BTreeMap::new());
        dot.set("Chart", about.data(version));
        dot.set("Files", records::files(&chart.files));
        for key in ["Release", "Capabilities"] {
            dot.set(key, above.get(key).unwrap_or(Data::Nil));
        }
        dot.set("Values", Data::Dict(values));
        dot.set("Subcharts", Data::Dict(below.clone()));
        for child in family.charts(id) {
            let given = self.collect(*child, &dot);
            let given = Dict {
                kind: DictKind::Any,
                entries: given.entries,
            };
            below.set(family.name(*child).clone(), Data::Dict(given));
        }
        let path = family.full_path(id);
        for file in &chart.templates {
            let base = file
                .name
                .rsplit_once('/')
                .map_or(file.name.as_str(), |(_, base)| base);
            if chart.is_library() && !base.starts_with('_') {
                continue;
            }
            let text = Text {
                bytes: file.bytes.clone(),
                dot: dot.clone(),
                base_path: format!("{path}/templates").into(),
                path: file.path.clone(),
            };
            self.texts.insert(format!("{path}/{}", file.name), text);
        }
        dot
    }

    /// Parses all templates, then renders those that are no partials, in Helm's order.
    fn render(&self) -> Result<Vec<Rendered>, Problem> {
        let mut names: Vec<&String> = self.texts.keys().collect();
        let depth = |name: &str| name.matches('/').count();
        names.sort_by(|left, right| depth(right).cmp(&depth(left)).then_with(|| right.cmp(left)));
        let mut templates = TemplateSet::new(match self.options.version {
            HelmVersion::V3 => Vocabulary::Helm3,
            HelmVersion::V4 => Vocabulary::Helm4,
        });
        for name in &names {
            if let Some(text) = self.texts.get(*name) {
                let written = String::from_utf8_lossy(&text.bytes);
                templates
                    .add(name, &written)
                    .map_err(|error| Problem::new(TEMPLATE, parse_error(name, &error.0)))?;
            }
        }
        let settings = Settings {
            now: self.options.now,
            seed: self.options.seed,
            options: Options {
                missing_key: MissingKey::Zero,
            },
        };
        let mut session = Session::new(&settings).with_limits(LIMITS);
        if let Some(cluster) = &self.options.cluster {
            session = session.with_cluster(Rc::clone(cluster));
        }
        let values_type = records::values_type(self.options.version);
        let mut rendered = Vec::new();
        for name in names {
            let base = name
                .rsplit_once('/')
                .map_or(name.as_str(), |(_, base)| base);
            let Some(text) = self.texts.get(name).filter(|_| !base.starts_with('_')) else {
                continue;
            };
            let about = Dict::new(values_type, BTreeMap::new());
            about.set("Name", Data::text(name.as_str()));
            about.set("BasePath", Data::Text(text.base_path.clone()));
            text.dot.set("Template", Data::Dict(about));
            let given = Data::Dict(text.dot.clone());
            let result = templates.render(name, &given, &mut session);
            let result = result.map_err(|error| {
                Problem::new(TEMPLATE, run_error(name, &error.0, self.options.version))
            })?;
            rendered.push(Rendered {
                name: name.clone(),
                text: result.replace("<no value>", ""),
                path: text.path.clone(),
            });
        }
        Ok(rendered)
    }
}

/// Source: Helm 3.22.0 `pkg/engine/engine.go`, `cleanupParseError`.
fn parse_error(name: &str, error: &str) -> String {
    let mut parts = error.split(": ");
    match (parts.nth(1), error.rsplit(": ").next()) {
        (Some(place), Some(message)) => format!("parse error at ({place}): {message}"),
        _ => format!("parse error in ({name}): {error}"),
    }
}

/// What stands around a message that is meant for the user.
const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

/// Source: Helm 3.22.0 `pkg/engine/engine.go`, `cleanupExecError`; Helm 4.3.1, `reformatExecErrorMsg`.
fn run_error(name: &str, error: &str, version: HelmVersion) -> String {
    let mut parts = error.splitn(3, ": ");
    let (Some(_), Some(place), Some(message)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({name}): {error}");
    };
    let told = message
        .split_once(START)
        .and_then(|(_, rest)| rest.rsplit_once(END));
    match (told, version) {
        (Some((told, _)), _) => format!("execution error at ({place}): {told}"),
        (None, HelmVersion::V3) => error.to_owned(),
        (None, HelmVersion::V4) => trace(error).unwrap_or_else(|| error.to_owned()),
    }
}

/// An error that came through several templates, as Helm 4 shows it: place, action and message of each.
fn trace(error: &str) -> Option<String> {
    let mut shown = String::new();
    let mut rest = error;
    loop {
        let after = rest.strip_prefix("template: ")?;
        if after.starts_with("no template ") {
            shown.push_str(rest);
            break;
        }
        let (place, after) = after.split_once(": executing ")?;
        let (action, message) = after.split_once(">: ")?;
        let (message, next) = match message.split_once(" template: ") {
            Some((message, next)) => (message, Some(next)),
            None => (message, None),
        };
        // What a function said, and no template, is not taken apart.
        let included = message == "error calling include:" && next.is_some();
        if message.starts_with("error calling ") && !included {
            return None;
        }
        let _ = writeln!(shown, "{place}\n  executing {action}>:\n    {message}");
        match next {
            Some(_) => {
                let at = rest.find(" template: ")?;
                rest = rest.get(at + 1..)?;
            }
            None => break,
        }
    }
    Some(shown.trim().to_owned())
}

/// The files of `crds/` of a chart, then of those below it.
fn crds(family: &Family<'_>, id: Id) -> Vec<Manifest> {
    let path = family.full_path(id);
    let mut all = Vec::new();
    for file in &family.chart(id).files {
        let lower = file.name.to_ascii_lowercase();
        let manifest = [".yaml", ".yml", ".json"];
        let manifest = manifest.iter().any(|extension| lower.ends_with(extension));
        if file.name.starts_with("crds/") && manifest {
            all.push(Manifest {
                name: format!("{path}/{}", file.name),
                text: String::from_utf8_lossy(&file.bytes).into_owned(),
                kind: SmolStr::default(),
                path: file.path.clone(),
            });
        }
    }
    for child in family.charts(id) {
        all.extend(crds(family, *child));
    }
    all
}

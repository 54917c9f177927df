//! Merge keys and scopes as kustomize has them: from the OpenAPI bundle that kyaml embeds.
//!
//! Only what leads to a merged list gets into the table; everything else has no say in a build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result, bail};
use regex::Regex;
use toft_value::Value;

use super::Upstream;
use crate::shell;

/// The release of kyaml that kustomize 5.8.2 is built with.
const KYAML: &str = "0.21.2";

const BUNDLE: &str =
    "openapi/kubernetesapi/data/kubernetes-openapi-union-v1.21.2.bundle-v1.json.gz";

/// The definitions of kustomize's own kinds, which kyaml embeds beside the bundle.
const OWN_KINDS: &str = "openapi/kustomizationapi/swagger.json";

/// Writes `crates/toft-kustomize/src/schema/table.rs`.
pub(super) fn write(upstream: &Upstream) -> Result<Vec<u8>> {
    let kyaml = upstream
        .modules
        .join(format!("sigs.k8s.io/kustomize/kyaml@v{KYAML}"));
    let mut unzip = Command::new("gzip");
    let unzipped = shell::output(unzip.arg("-dc").arg(kyaml.join(BUNDLE)))?;
    if !unzipped.status.success() {
        bail!("no bundle at `{}`", kyaml.join(BUNDLE).display());
    }
    let bundle = Value::from_json(&unzipped.stdout)?;
    let definitions = bundle.get("definitions").context("no definitions")?;
    let mut table = Table::new(definitions);
    let mut kinds = Vec::new();
    for resource in bundle.items_at(&["resources"]) {
        let text = |name| resource.str_at(&[name]).unwrap_or_default();
        if table.reaching.contains(text("definition")) {
            let shape = table.object(text("definition"));
            kinds.push((
                text("apiVersion").to_owned(),
                text("kind").to_owned(),
                shape,
            ));
        }
    }
    let own = Value::from_json(&std::fs::read(kyaml.join(OWN_KINDS))?)?;
    own_kinds(&mut table, &own, &mut kinds)?;
    kinds.sort();
    let source = std::fs::read_to_string(kyaml.join("openapi/openapi.go"))?;
    format(&printed(&table, &kinds, &cluster_scoped(&source)?))
}

/// Adds the kinds that definitions name themselves.
fn own_kinds<'a>(
    table: &mut Table<'a>,
    own: &'a Value,
    kinds: &mut Vec<(String, String, usize)>,
) -> Result<()> {
    table.definitions = own.get("definitions").context("no definitions")?;
    table.reaching.clear();
    table.known.clear();
    table.reach();
    for name in table.reaching.clone() {
        let shape = table.object(&name);
        let path = ["definitions", &name, "x-kubernetes-group-version-kind"];
        for gvk in own.items_at(&path) {
            let text = |field| gvk.str_at(&[field]).unwrap_or_default();
            let api_version = format!("{}/{}", text("group"), text("version"));
            kinds.push((api_version, text("kind").to_owned(), shape));
        }
    }
    Ok(())
}

/// The kinds that kyaml knows to have no namespace, from its own list.
fn cluster_scoped(source: &str) -> Result<BTreeSet<(String, String)>> {
    let entry = Regex::new(r#"\{APIVersion: "([^"]*)", Kind: "([^"]*)"\}:\s*false"#)?;
    let found = entry.captures_iter(source).map(|found| {
        let (_, [api_version, kind]) = found.extract();
        (api_version.to_owned(), kind.to_owned())
    });
    let kinds: BTreeSet<_> = found.collect();
    if kinds.is_empty() {
        bail!("`openapi.go` has no list of scopes");
    }
    Ok(kinds)
}

/// The shapes in the order that they are met; the first one is of no interest.
struct Table<'a> {
    definitions: &'a Value,
    /// Definitions that lead to a merged list.
    reaching: BTreeSet<String>,
    shapes: Vec<String>,
    known: BTreeMap<String, usize>,
}

impl<'a> Table<'a> {
    fn new(definitions: &'a Value) -> Self {
        let mut table = Self {
            definitions,
            reaching: BTreeSet::new(),
            shapes: vec!["Shape::Object(&[])".to_owned()],
            known: BTreeMap::new(),
        };
        table.reach();
        table
    }

    /// Finds what leads to merged lists, until nothing more is found.
    fn reach(&mut self) {
        let definitions = self.definitions.as_map().cloned().unwrap_or_default();
        loop {
            let leads = |name: &str, definition: &Value| {
                let fields = definition.get("properties").and_then(Value::as_map);
                let mut fields = fields.into_iter().flatten();
                !self.reaching.contains(name) && fields.any(|(_, field)| self.leads(field))
            };
            let found = definitions.iter();
            let found = found.filter(|(name, definition)| leads(name, definition));
            let found: Vec<String> = found.map(|(name, _)| name.to_string()).collect();
            if found.is_empty() {
                return;
            }
            self.reaching.extend(found);
        }
    }

    fn leads(&self, field: &Value) -> bool {
        is_merged(field) || reference(field).is_some_and(|name| self.reaching.contains(name))
    }

    /// The shape of a definition.
    fn object(&mut self, name: &str) -> usize {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let at = self.shapes.len();
        self.known.insert(name.to_owned(), at);
        self.shapes.push(String::new());
        let path = [name, "properties"];
        let fields = self.definitions.at(&path).and_then(Value::as_map);
        let mut text = String::new();
        for (field, schema) in fields.into_iter().flatten() {
            if !self.leads(schema) {
                continue;
            }
            let shape = match reference(schema) {
                Some(name) => self.object(name),
                None => self.list(schema),
            };
            let _ = write!(text, "(\"{field}\", {shape}), ");
        }
        if let Some(place) = self.shapes.get_mut(at) {
            *place = format!("Shape::Object(&[{text}])");
        }
        at
    }

    fn list(&mut self, schema: &Value) -> usize {
        let item = schema.get("items").and_then(reference);
        let items = match item.filter(|name| self.reaching.contains(*name)) {
            Some(name) => self.object(name),
            None => 0,
        };
        let keys: Vec<String> = merge_keys(schema)
            .iter()
            .map(|key| format!("\"{key}\""))
            .collect();
        let text = format!(
            "Shape::List {{ keys: &[{}], items: {items} }}",
            keys.join(", ")
        );
        if let Some(known) = self.known.get(&text) {
            return *known;
        }
        let at = self.shapes.len();
        self.known.insert(text.clone(), at);
        self.shapes.push(text);
        at
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.str_at(&["$ref"])?.rsplit('/').next()
}

fn is_merged(schema: &Value) -> bool {
    let strategy = schema.str_at(&["x-kubernetes-patch-strategy"]);
    strategy.is_some_and(|strategy| strategy.split(',').any(|one| one == "merge"))
}

fn merge_keys(schema: &Value) -> Vec<&str> {
    let listed = schema.items_at(&["x-kubernetes-list-map-keys"]);
    if !listed.is_empty() {
        return listed.iter().filter_map(Value::as_str).collect();
    }
    let key = schema.str_at(&["x-kubernetes-patch-merge-key"]);
    key.into_iter().collect()
}

fn printed(
    table: &Table<'_>,
    kinds: &[(String, String, usize)],
    cluster_scoped: &BTreeSet<(String, String)>,
) -> String {
    let mut text = format!(
        "//! Merge keys and scopes of the schema that upstream embeds.\n\
         //!\n\
         //! Generated by `cargo x generate` from the built-in bundle of kyaml {KYAML}, which is the OpenAPI of\n\
         //! Kubernetes 1.21.2. Only what leads to a list that is merged is here: everything else has no say.\n\n\
         use super::Shape;\n\n\
         /// The shapes; the first is that of everything without merged lists below.\n\
         pub(super) static SHAPES: &[Shape] = &[\n"
    );
    for shape in &table.shapes {
        let _ = writeln!(text, "{shape},");
    }
    text.push_str(
        "];\n\n/// The shape of a kind by `apiVersion` and `kind`, sorted.\n\
         pub(super) static KINDS: &[(&str, &str, u16)] = &[\n",
    );
    for (api_version, kind, shape) in kinds {
        let _ = writeln!(text, "(\"{api_version}\", \"{kind}\", {shape}),");
    }
    text.push_str(
        "];\n\n/// The kinds that certainly have no namespace, by `apiVersion` and `kind`, sorted.\n\
         pub(super) static CLUSTER_SCOPED: &[(&str, &str)] = &[\n",
    );
    for (api_version, kind) in cluster_scoped {
        let _ = writeln!(text, "(\"{api_version}\", \"{kind}\"),");
    }
    text.push_str("];\n");
    text
}

/// The text as rustfmt leaves it.
fn format(text: &str) -> Result<Vec<u8>> {
    let path = std::env::temp_dir().join(format!("toft-table-{}.rs", std::process::id()));
    std::fs::write(&path, text)?;
    let formatted = shell::run(
        Command::new("rustfmt")
            .args(["--edition", "2024"])
            .arg(&path),
    );
    let bytes = std::fs::read(&path)?;
    std::fs::remove_file(&path)?;
    formatted?;
    Ok(bytes)
}

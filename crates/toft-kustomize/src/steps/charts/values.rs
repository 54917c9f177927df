//! The values of a chart: a file, what stands in the kustomization, and more files.

use toft_helm::ValuesInput;
use toft_source::{ReadError, RepoPath, Source};
use toft_value::{Map, Value};

use super::{Found, Inflation};
use crate::build::Stop;
use crate::fault::Fault;
use crate::merge::merge;
use crate::node::Node;
use crate::text::values_document;

impl Inflation<'_, '_> {
    /// The files that upstream gives to Helm, in their order.
    pub(super) fn values(&mut self, found: &Found) -> Result<ValuesInput, Stop> {
        let first = self.first_values(found)?;
        let mut files = vec![(format!("{}-kustomize-values.yaml", self.chart.name), first)];
        let (directory, place) = (self.directory, self.place);
        for entry in &self.chart.more_values_files {
            let source = directory.load_for(self.build, (entry, place))?;
            files.push((entry.clone(), source.bytes().to_vec()));
        }
        Ok(ValuesInput {
            files,
            ..ValuesInput::default()
        })
    }

    fn first_values(&mut self, found: &Found) -> Result<Vec<u8>, Stop> {
        if self.chart.values.is_empty() {
            return Ok(self.values_file(found)?.bytes().to_vec());
        }
        let values = if self.chart.values_merge == "replace" {
            self.chart.values.clone()
        } else {
            let source = self.values_file(found)?;
            self.merged(&source)?
        };
        Ok(Value::Map(values).to_json().into_bytes())
    }

    /// The file that is named, or the chart's own.
    fn values_file(&mut self, found: &Found) -> Result<Source, Stop> {
        let folder = self.folder();
        let own = format!("{folder}/values.yaml");
        let entry = match self.chart.values_file.as_str() {
            "" => own.as_str(),
            named => named,
        };
        if let Found::Remote(tree) = found {
            let path = self.directory.path.join(entry);
            let folder = self.directory.path.join(&folder);
            if let Some(path) = path.ok().zip(folder.ok()).and_then(below) {
                return match tree.read(&path) {
                    Ok(bytes) => Ok(Source::new(entry, bytes)),
                    Err(error @ (ReadError::Failed { .. } | ReadError::NotBrought(_))) => {
                        Err(Stop::Read(error))
                    }
                    Err(_) => Err(self.refuse("KUS020", format!("'{entry}' doesn't exist"))),
                };
            }
        }
        self.directory.load_for(self.build, (entry, self.place))
    }

    /// What stands in the kustomization over the file, or under it, by kyaml's merge.
    ///
    /// Source: `replaceValuesInline`.
    fn merged(&mut self, source: &Source) -> Result<Map, Stop> {
        let file = values_document(source);
        let file = file.map_err(|diagnostics| self.build.tell_all(diagnostics))?;
        let Some(file) = file else {
            return Err(self.refuse("KUS083", "could not parse values file into rnode: EOF"));
        };
        let inline = Node::from_json(&Value::Map(self.chart.values.clone()));
        let (under, over) = match self.chart.values_merge.as_str() {
            "merge" => (inline, file),
            _ => (file, inline),
        };
        let merged = merge(under, over, &self.build.schemas);
        let merged = merged.and_then(|node| {
            let value = node.map(|node| node.decoded()).transpose();
            value.map_err(|fault| Fault::new(fault.to_string()))
        });
        match merged {
            Ok(Some(Value::Map(map))) => Ok(map),
            Ok(_) => Err(self.refuse("KUS083", "could not parse merged values into map")),
            Err(fault) => {
                let told = fault.within("could not merge values").to_string();
                Err(self.refuse("KUS083", told))
            }
        }
    }
}

/// The path in a folder, seen from the folder.
fn below((path, folder): (RepoPath, RepoPath)) -> Option<RepoPath> {
    if !path.starts_with(&folder) {
        return None;
    }
    let rest = path.to_string();
    let rest = rest.get(folder.to_string().len()..)?;
    RepoPath::parse(rest.trim_start_matches('/')).ok()
}

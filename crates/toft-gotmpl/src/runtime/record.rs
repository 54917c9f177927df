//! Structs: what Helm tells templates about the chart and the cluster.

use toft_value::Map;

use super::Data;

/// A value of a Go struct type.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its type.
    pub kind: &'static RecordType,
    /// As many values as the type has fields, in their order.
    pub fields: Vec<Data>,
}

/// A struct type.
#[derive(Debug)]
pub struct RecordType {
    /// Go's name of it, with `*` where values are pointers.
    pub name: &'static str,
    /// The fields.
    pub fields: &'static [RecordField],
}

/// A field of a struct type.
#[derive(Debug)]
pub struct RecordField {
    /// Its name in templates.
    pub name: &'static str,
    /// Its name in JSON.
    pub json: &'static str,
    /// Whether JSON has it when it is empty.
    pub empty: Emptiness,
}

/// Whether JSON has a field that is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptiness {
    /// It is left out.
    Omitted,
    /// It is written.
    Kept,
    /// Neither JSON nor templates have it.
    Hidden,
}

impl Record {
    /// The value of a field; `None` where the type has no such field.
    pub fn get(&self, name: &str) -> Option<&Data> {
        let mut fields = self.kind.fields.iter();
        let at = fields.position(|field| field.name == name && field.empty != Emptiness::Hidden)?;
        self.fields.get(at)
    }

    /// What a version of Kubernetes is when it is printed: the hidden field where there is one.
    pub(crate) fn version_text(&self) -> Data {
        let mut fields = self.kind.fields.iter();
        let hidden = fields.position(|field| field.empty == Emptiness::Hidden);
        let found = self.fields.get(hidden.unwrap_or(0));
        found.cloned().unwrap_or(Data::Nil)
    }

    pub(super) fn converted(&self) -> Map {
        let pairs = self.kind.fields.iter().zip(&self.fields);
        let kept = pairs.filter(|(field, value)| match field.empty {
            Emptiness::Kept => true,
            Emptiness::Omitted => value.truth(),
            Emptiness::Hidden => false,
        });
        kept.map(|(field, value)| (field.json.into(), value.converted()))
            .collect()
    }
}

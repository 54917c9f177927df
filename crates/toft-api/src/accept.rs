//! What a client accepts: the shape of the answer and the format of its text.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/negotiation/negotiate.go`.

use crate::open_api_binary;
use crate::request::{Document, IncludeObject, Representation};

/// The text of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
    /// The binary form of an OpenAPI document.
    OpenApi,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) format: Format,
    pub(crate) representation: Representation,
    /// Whether a discovery document is wanted in its aggregated form.
    pub(crate) aggregated: bool,
    /// Whether the metadata of a list are wanted, not those of one object.
    pub(crate) list: bool,
    /// Whether tables and metadata are wanted in their older version.
    pub(crate) beta: bool,
}

struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Clause<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(found, _)| *found == key)
            .map(|(_, value)| *value)
    }

    fn quality(&self) -> f32 {
        let given = self.get("q").and_then(|text| text.parse().ok());
        given.unwrap_or(1.0)
    }
}

fn clauses(accept: &str) -> impl Iterator<Item = Clause<'_>> {
    let clauses = accept
        .split(',')
        .map(str::trim)
        .filter(|clause| !clause.is_empty());
    clauses.map(|clause| {
        let mut parts = clause.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let parameters = parts.filter_map(|part| part.split_once('=')).collect();
        Clause { media, parameters }
    })
}

/// Why nothing that is accepted can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No media type is known.
    Media,
    /// The media type is known, and not in that shape.
    Shape,
}

/// Chooses the first clause that can be served; `include` says what the rows of a table carry.
///
/// # Errors
/// Nothing that is accepted can be served.
pub(crate) fn negotiate(accept: &str, include: IncludeObject) -> Result<Accepted, Refused> {
    if accept.trim().is_empty() {
        return Ok(Accepted::default());
    }
    let mut clauses: Vec<Clause<'_>> = clauses(accept).collect();
    // Upstream leaves clauses of one quality in their order.
    clauses.sort_by(|one, other| other.quality().total_cmp(&one.quality()));
    let (mut binary, mut known) = (false, false);
    for clause in clauses {
        let format = match clause.media {
            "application/json" | "*/*" => Format::Json,
            "application/yaml" => Format::Yaml,
            // Binary answers are never given; those who accept them accept JSON too.
            "application/vnd.kubernetes.protobuf" => {
                binary = true;
                continue;
            }
            _ => continue,
        };
        known = true;
        let Some((representation, aggregated)) = shape(&clause, include) else {
            continue;
        };
        return Ok(Accepted {
            format,
            representation,
            aggregated,
            list: clause.get("as") == Some("PartialObjectMetadataList"),
            beta: clause.get("v") == Some("v1beta1"),
        });
    }
    match (binary, known) {
        (true, _) => Ok(Accepted::default()),
        (false, true) => Err(Refused::Shape),
        (false, false) => Err(Refused::Media),
    }
}

/// Chooses how an OpenAPI document is written; the older form has a binary one.
///
/// Source: kube-openapi `pkg/handler/handler.go`, `pkg/handler3/handler.go`.
pub(crate) fn negotiate_open_api(accept: &str, document: &Document) -> Option<Accepted> {
    let with = |format| Accepted {
        format,
        ..Accepted::default()
    };
    if accept.trim().is_empty() {
        return Some(Accepted::default());
    }
    clauses(accept).find_map(|clause| match clause.media {
        "application/json" | "*/*" | "application/*" => Some(with(Format::Json)),
        media if *document == Document::OpenApiV2 && open_api_binary::ASKED.contains(&media) => {
            Some(with(Format::OpenApi))
        }
        _ => None,
    })
}

fn shape(clause: &Clause<'_>, include: IncludeObject) -> Option<(Representation, bool)> {
    let version = clause.get("v").unwrap_or_default();
    match (clause.get("as"), clause.get("g")) {
        (None, _) => Some((Representation::Object, false)),
        (Some("Table"), Some("meta.k8s.io")) if matches!(version, "v1" | "v1beta1") => {
            Some((Representation::Table(include), false))
        }
        (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("meta.k8s.io"))
            if matches!(version, "v1" | "v1beta1") =>
        {
            Some((Representation::Metadata, false))
        }
        (Some("APIGroupDiscoveryList"), Some("apidiscovery.k8s.io")) if version == "v2" => {
            Some((Representation::Object, true))
        }
        (Some(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_clause_that_can_be_served_wins() {
        let table = Representation::Table(IncludeObject::Metadata);
        let cases = [
            ("", Format::Json, Representation::Object),
            (
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                Format::Json,
                table,
            ),
            (
                "application/json;as=Unknown;v=v1;g=x,application/yaml",
                Format::Yaml,
                Representation::Object,
            ),
            (
                "application/vnd.kubernetes.protobuf, */*",
                Format::Json,
                Representation::Object,
            ),
        ];
        for (accept, format, representation) in cases {
            let accepted = negotiate(accept, IncludeObject::Metadata).unwrap();
            assert_eq!(
                (accepted.format, accepted.representation),
                (format, representation),
                "{accept}"
            );
        }
        let refused = |accept| negotiate(accept, IncludeObject::Metadata).unwrap_err();
        assert_eq!(refused("text/html"), Refused::Media);
        assert_eq!(refused("application/json;as=Foo"), Refused::Shape);
    }
}

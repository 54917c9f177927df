//! Keys and values of a generated object: from env files, literals and files.
//!
//! Source: kustomize 5.8.2, `api/kv/kv.go`, `api/internal/generators/utils.go`, `kyaml/yaml/datamap.go`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol_str::SmolStr;

use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::fault::Fault;
use crate::kustomization::GeneratorArgs;
use crate::node::{Fields, Node, NodeKind, Scalar, Style, Tag};

/// The pairs by key.
#[derive(Debug, Default)]
pub(super) struct Pairs(BTreeMap<SmolStr, Vec<u8>>);

impl Pairs {
    pub(super) fn load(
        build: &mut Build<'_>,
        directory: &Directory,
        (args, place): (&GeneratorArgs, Place),
    ) -> Result<Self, Stop> {
        let mut pairs = Vec::new();
        for path in &args.envs {
            let bytes = read(build, directory, (path, place))?;
            let lines = env_pairs(&bytes);
            pairs.extend(or_stop(build, directory, (lines, place))?);
        }
        for literal in &args.literals {
            let pair = literal_pair(literal);
            pairs.push(or_stop(build, directory, (pair, place))?);
        }
        for file in &args.files {
            let source = file_source(file);
            let (key, path) = or_stop(build, directory, (source, place))?;
            pairs.push((key, read(build, directory, (&path, place))?));
        }
        let mut data = Self::default();
        for (key, value) in pairs {
            if data.0.insert(key.clone(), value).is_some() {
                let name = &args.name;
                let message = format!("configmap {name} illegally repeats the key `{key}`");
                return Err(build.refuse(directory.entry_error("KUS037", message, place)));
            }
        }
        Ok(data)
    }

    /// Text goes to `data`, the rest to `binaryData`.
    pub(super) fn fill_config_map(&self, object: &mut Fields) {
        for (key, bytes) in &self.0 {
            let (field, text) = match std::str::from_utf8(bytes) {
                Ok(text) => ("data", text.to_owned()),
                Err(_) => ("binaryData", encode(bytes)),
            };
            if let Some(map) = object.get_or_insert(field, NodeKind::Map).fields_mut() {
                map.set(key, text_node(text));
            }
        }
    }

    /// Everything is base64 in a Secret.
    pub(super) fn fill_secret(&self, data: &mut Node) {
        for (key, bytes) in &self.0 {
            if let Some(map) = data.fields_mut() {
                map.set(key, text_node(encode(bytes)));
            }
        }
    }
}

fn or_stop<T>(
    build: &mut Build<'_>,
    directory: &Directory,
    (result, place): (Result<T, Fault>, Place),
) -> Result<T, Stop> {
    result.map_err(|fault| build.refuse(directory.entry_error("KUS037", fault.to_string(), place)))
}

fn read(
    build: &mut Build<'_>,
    directory: &Directory,
    (path, place): (&str, Place),
) -> Result<Vec<u8>, Stop> {
    match directory.load(build, path) {
        Ok(source) => Ok(source.bytes().to_vec()),
        Err(fault) => {
            let mut told = fault.diagnostic(path);
            told.labels = directory.entry_error("", "", place).labels;
            Err(fault.stop(build, told))
        }
    }
}

/// A string node; one of several lines is written as a block.
pub(super) fn text_node(text: String) -> Node {
    let style = if text.contains('\n') {
        Style::Quoted
    } else {
        Style::Plain
    };
    Node::Scalar(Scalar {
        style,
        ..Scalar::tagged(text, Tag::Str)
    })
}

/// Base64 in lines of 70, as upstream wraps it; a single short line has no end.
pub(super) fn encode(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut wrapped = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        wrapped.push_str(line);
        wrapped.push('\n');
        rest = more;
    }
    wrapped
}

fn env_pairs(bytes: &[u8]) -> Result<Vec<(SmolStr, Vec<u8>)>, Fault> {
    let mut pairs = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line)
            .map_err(|_| Fault::new(format!("line {number} has invalid utf8 bytes")))?;
        let text = match number {
            0 => text.strip_prefix('\u{feff}').unwrap_or(text),
            _ => text,
        };
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if !key.is_empty() {
            pairs.push((key.into(), value.as_bytes().to_vec()));
        }
    }
    Ok(pairs)
}

fn literal_pair(source: &str) -> Result<(SmolStr, Vec<u8>), Fault> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            Ok((key.into(), without_quotes(value).as_bytes().to_vec()))
        }
        _ => Err(Fault::new(format!(
            "invalid literal source {source}, expected key=value"
        ))),
    }
}

fn without_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

fn file_source(source: &str) -> Result<(SmolStr, String), Fault> {
    let fault = |text: String| Err(Fault::new(text));
    match source.split_once('=') {
        None => {
            let path = source.trim_end_matches('/');
            let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
            Ok((name.into(), source.to_owned()))
        }
        Some((_, rest)) if rest.contains('=') => fault(format!(
            "source \"{source}\" key name or file path contains '='"
        )),
        Some(("", path)) => fault(format!(
            "missing key name for file path \"{path}\" in source \"{source}\""
        )),
        Some((key, "")) => fault(format!(
            "missing file path for key name \"{key}\" in source \"{source}\""
        )),
        Some((key, path)) => Ok((key.into(), path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_have_comments_and_keys_without_values() {
        let pairs = env_pairs("\u{feff}A=1\n  # no\n\nB\nC=x=y\r\n=z\n".as_bytes()).unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (key.as_str(), std::str::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(pairs, [("A", "1"), ("B", ""), ("C", "x=y")]);
    }

    #[test]
    fn base64_is_wrapped_from_seventy_characters_on() {
        assert_eq!(encode(&[0; 51]).lines().count(), 1);
        assert!(!encode(&[0; 51]).ends_with('\n'));
        assert_eq!(encode(&[0; 54]), format!("{}\n{}\n", "A".repeat(70), "AA"));
    }

    #[test]
    fn only_matching_quotes_go() {
        assert_eq!(without_quotes("\"a b\""), "a b");
        assert_eq!(without_quotes("'a\""), "'a\"");
        assert_eq!(without_quotes("\""), "\"");
    }
}

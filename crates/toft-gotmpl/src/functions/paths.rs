//! Paths.
//!
//! Source: Go 1.26 `src/path/path.go`; on Linux, where Argo CD runs, `path/filepath` is the same.

use super::Function;
use super::Param::Text;
use super::arguments::{shared, text};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("base", &[Text], None, |_, v| {
        Ok(Data::text(base(text(v, 0))))
    }),
    Function::new("clean", &[Text], None, |_, v| Ok(shared(clean(text(v, 0))))),
    Function::new("dir", &[Text], None, |_, v| {
        Ok(shared(directory(text(v, 0))))
    }),
    Function::new("ext", &[Text], None, |_, v| {
        Ok(Data::text(extension(text(v, 0))))
    }),
    Function::new("isAbs", &[Text], None, |_, v| {
        Ok(Data::Bool(text(v, 0).starts_with('/')))
    }),
    Function::new("osBase", &[Text], None, |_, v| {
        Ok(Data::text(base(text(v, 0))))
    }),
    Function::new("osClean", &[Text], None, |_, v| {
        Ok(shared(clean(text(v, 0))))
    }),
    Function::new("osDir", &[Text], None, |_, v| {
        Ok(shared(directory(text(v, 0))))
    }),
    Function::new("osExt", &[Text], None, |_, v| {
        Ok(Data::text(extension(text(v, 0))))
    }),
    Function::new("osIsAbs", &[Text], None, |_, v| {
        Ok(Data::Bool(text(v, 0).starts_with('/')))
    }),
];

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let path = path.trim_end_matches('/');
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    if name.is_empty() { "/" } else { name }
}

fn directory(path: &str) -> String {
    clean(path.rsplit_once('/').map_or(
        "",
        |(directory, _)| if directory.is_empty() { "/" } else { directory },
    ))
}

fn extension(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let dot = name.rfind('.');
    dot.and_then(|dot| name.get(dot..)).unwrap_or_default()
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

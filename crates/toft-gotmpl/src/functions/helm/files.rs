//! The files of a chart: `.Files`.
//!
//! Source: Helm 3.22.0 `pkg/engine/files.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol_str::SmolStr;
use toft_value::{Map, Value};

use super::glob::Glob;
use crate::functions::Function;
use crate::functions::Param::Text;
use crate::functions::arguments::{any, dict, shared, text};
use crate::runtime::{Data, Dict, DictKind};

pub(crate) const METHODS: &[Function] = &[
    Function::new("AsConfig", &[], None, |_, v| {
        Ok(as_yaml(any(v, 0), |bytes| {
            String::from_utf8_lossy(bytes).into_owned()
        }))
    }),
    Function::new("AsSecrets", &[], None, |_, v| {
        Ok(as_yaml(any(v, 0), |bytes| STANDARD.encode(bytes)))
    }),
    Function::new("Get", &[Text], None, |_, v| {
        let bytes = file(v);
        Ok(shared(String::from_utf8_lossy(&bytes).into_owned()))
    }),
    Function::new("GetBytes", &[Text], None, |_, v| Ok(Data::Bytes(file(v)))),
    Function::new("Glob", &[Text], None, |_, v| {
        // Helm takes everything where the pattern is none.
        let glob = Glob::compile(text(v, 1)).unwrap_or_else(Glob::everything);
        let found = dict(v, 0).snapshot().into_iter();
        let found: BTreeMap<SmolStr, Data> = found.filter(|(name, _)| glob.matches(name)).collect();
        Ok(Data::Dict(Dict::new(DictKind::Files, found)))
    }),
    Function::new("Lines", &[Text], None, |_, v| {
        let bytes = file(v);
        let text = String::from_utf8_lossy(&bytes);
        if text.is_empty() {
            return Ok(Data::texts(Vec::<SmolStr>::new()));
        }
        Ok(Data::texts(
            text.strip_suffix('\n').unwrap_or(&text).split('\n'),
        ))
    }),
];

fn file(values: &[Data]) -> Rc<[u8]> {
    match dict(values, 0).get(text(values, 1)) {
        Some(Data::Bytes(bytes)) => bytes,
        _ => Rc::from([]),
    }
}

/// A map from the names of the files, without their folders, to what `show` makes of them.
fn as_yaml(files: &Data, show: impl Fn(&[u8]) -> String) -> Data {
    let mut map = Map::new();
    let Data::Dict(files) = files else {
        return Data::text("");
    };
    for (name, content) in files.snapshot() {
        if let Data::Bytes(bytes) = content {
            let base = name
                .rsplit_once('/')
                .map_or(name.as_str(), |(_, base)| base);
            map.insert(base, show(&bytes));
        }
    }
    let text = toft_yaml::write(&Value::Map(map));
    Data::text(text.strip_suffix('\n').unwrap_or(&text))
}

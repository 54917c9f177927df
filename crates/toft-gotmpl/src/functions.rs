//! The functions: Go's own, sprig's, and Argo CD's.
//!
//! Source: github.com/Masterminds/sprig/v3 v3.3.0 `functions.go`, `GenericFuncMap`; Argo CD 3.2.0
//! `applicationset/utils/utils.go`, which takes `env`, `expandenv` and `getHostByName` away and adds
//! five. Where sprig goes through a Go map, whose order is random, ours is sorted.

mod argo;
pub(crate) mod arguments;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod hashes;
mod lists;
mod numbers;
mod paths;
mod random;
mod regexes;
mod strings;
mod types;
mod unsupported;
mod urls;
mod versions;
mod words;

use jiff::Timestamp;

use crate::bounds::Budget;
use crate::builtins;
use crate::runtime::Data;

pub use argo::{normalize, slugify};
pub(crate) use dates::time_text;
pub(crate) use random::Random;
pub use versions::Version;

/// What a function gives: a value, or what it says went wrong.
pub(crate) type Ran = Result<Data, String>;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// `reflect.Value`: as it is.
    Raw,
    /// `interface {}`
    Any,
    /// `string`
    Text,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `float64`
    Float,
    /// `map[string]interface {}`
    Dict,
    /// `time.Time`
    Time,
}

/// What a function may use besides its arguments.
pub(crate) struct Call<'a> {
    pub(crate) budget: &'a mut Budget,
    pub(crate) random: &'a mut Random,
    pub(crate) now: Timestamp,
}

/// A function: its name, its parameters, and the type of further ones.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) rest: Option<Param>,
    pub(crate) run: fn(&mut Call<'_>, &[Data]) -> Ran,
}

impl Function {
    pub(crate) const fn new(
        name: &'static str,
        params: &'static [Param],
        rest: Option<Param>,
        run: fn(&mut Call<'_>, &[Data]) -> Ran,
    ) -> Self {
        Self {
            name,
            params,
            rest,
            run,
        }
    }

    /// The type of the argument at an index.
    pub(crate) fn param(&self, index: usize) -> Param {
        let fixed = self.params.get(index).copied();
        fixed.or(self.rest).unwrap_or(Param::Any)
    }
}

impl Param {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Raw => "reflect.Value",
            Self::Any => "interface {}",
            Self::Text => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Float => "float64",
            Self::Dict => "map[string]interface {}",
            Self::Time => "time.Time",
        }
    }

    pub(crate) fn can_be_nil(self) -> bool {
        matches!(self, Self::Raw | Self::Any | Self::Dict)
    }
}

const TABLES: &[&[Function]] = &[
    argo::TABLE,
    dates::TABLE,
    defaults::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    hashes::TABLE,
    lists::TABLE,
    numbers::TABLE,
    paths::TABLE,
    random::TABLE,
    regexes::TABLE,
    strings::TABLE,
    types::TABLE,
    unsupported::TABLE,
    urls::TABLE,
    versions::TABLE,
    words::TABLE,
    builtins::TABLE,
];

/// The function with a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let mut all = TABLES.iter().flat_map(|table| table.iter());
    all.find(|function| function.name == name)
}

pub(crate) fn is_defined(name: &str) -> bool {
    find(name).is_some()
}

/// The method of a value with a name.
pub(crate) fn method(receiver: &Data, name: &str) -> Option<&'static Function> {
    let methods = match receiver {
        Data::Time(_) => dates::METHODS,
        Data::Version(_) => versions::METHODS,
        _ => return None,
    };
    methods.iter().find(|method| method.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_sorted_and_no_name_is_there_twice() {
        let mut names = BTreeSet::new();
        for table in TABLES {
            assert!(table.is_sorted_by_key(|function| function.name));
            for function in *table {
                assert!(names.insert(function.name), "{}", function.name);
            }
        }
        assert_eq!(names.len(), 231);
    }
}

//! The functions: Go's own, sprig's, and Argo CD's.
//!
//! Source: github.com/Masterminds/sprig/v3 v3.3.0 `functions.go`, `GenericFuncMap`; Argo CD 3.2.0
//! `applicationset/utils/utils.go`, which takes `env`, `expandenv` and `getHostByName` away and adds
//! five. Where sprig goes through a Go map, whose order is random, ours is sorted.

mod argo;
pub(crate) mod arguments;
mod certificates;
mod ciphers;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod hashes;
mod helm;
mod lists;
mod numbers;
mod passwords;
mod paths;
mod random;
mod regexes;
mod strings;
mod types;
mod urls;
mod versions;
mod words;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::OnceLock;

use crate::builtins;
use crate::runtime::{Data, DictKind, ItemsKind};
use crate::scope::Scope;
use crate::session::Session;

pub use argo::{normalize, slugify};
pub(crate) use dates::{duration_text, time_text};
pub(crate) use random::Random;
pub(crate) use versions::Held;
pub use versions::{Version, is_range, is_version, newest, satisfies};

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
    /// `uint32`
    Uint32,
    /// `bool`
    Bool,
    /// `float64`
    Float,
    /// `map[string]interface {}`
    Dict,
    /// `[]interface {}`
    List,
    /// `time.Time`
    Time,
    /// `sprig.certificate`
    Certificate,
}

/// What a function may use besides its arguments.
pub(crate) struct Call<'a> {
    pub(crate) session: &'a mut Session,
    /// Where the templates are that it can call.
    pub(crate) scope: &'a Rc<Scope>,
}

impl Deref for Call<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for Call<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}

/// A function: its name, its parameters, and the type of further ones.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) rest: Option<Param>,
    pub(crate) run: fn(&mut Call<'_>, &[Data]) -> Ran,
}

impl fmt::Debug for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
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
            Self::Uint32 => "uint32",
            Self::Bool => "bool",
            Self::Float => "float64",
            Self::Dict => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Time => "time.Time",
            Self::Certificate => "sprig.certificate",
        }
    }

    pub(crate) fn can_be_nil(self) -> bool {
        matches!(self, Self::Raw | Self::Any | Self::Dict | Self::List)
    }
}

/// Which functions templates know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Those of Argo CD's ApplicationSets.
    Argo,
    /// Those of charts in Helm 3.
    Helm3,
    /// Those of charts in Helm 4.
    Helm4,
}

const TABLES: &[&[Function]] = &[
    certificates::TABLE,
    ciphers::TABLE,
    dates::TABLE,
    defaults::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    hashes::TABLE,
    lists::TABLE,
    numbers::TABLE,
    passwords::TABLE,
    paths::TABLE,
    random::TABLE,
    regexes::TABLE,
    strings::TABLE,
    types::TABLE,
    urls::TABLE,
    versions::TABLE,
    words::TABLE,
    builtins::TABLE,
];

impl Vocabulary {
    /// The function with a name.
    pub(crate) fn find(self, name: &str) -> Option<&'static Function> {
        let sorted = self.sorted();
        let at = sorted.binary_search_by(|function| function.name.cmp(name));
        sorted.get(at.ok()?).copied()
    }

    /// Its own, which stand for sprig's of the same name.
    fn own(self) -> Vec<&'static Function> {
        match self {
            Self::Argo => argo::TABLE.iter().collect(),
            Self::Helm3 => helm::TABLE.iter().collect(),
            Self::Helm4 => {
                let more = helm::TABLES_4.iter().flat_map(|table| table.iter());
                helm::TABLE.iter().chain(more).collect()
            }
        }
    }

    /// All functions by name.
    fn sorted(self) -> &'static [&'static Function] {
        static ARGO: OnceLock<Vec<&'static Function>> = OnceLock::new();
        static HELM3: OnceLock<Vec<&'static Function>> = OnceLock::new();
        static HELM4: OnceLock<Vec<&'static Function>> = OnceLock::new();
        let place = match self {
            Self::Argo => &ARGO,
            Self::Helm3 => &HELM3,
            Self::Helm4 => &HELM4,
        };
        place.get_or_init(|| {
            let common = TABLES.iter().flat_map(|table| table.iter());
            let mut all: Vec<_> = self.own().into_iter().chain(common).collect();
            all.sort_by_key(|function| function.name);
            all.dedup_by_key(|function| function.name);
            all
        })
    }
}

/// The method of a value with a name.
pub(crate) fn method(receiver: &Data, name: &str) -> Option<&'static Function> {
    let methods = match receiver {
        Data::Time(_) => dates::METHODS,
        Data::Version(version)
            if version.held() == Held::Plain && versions::POINTER_METHODS.contains(&name) =>
        {
            return None;
        }
        Data::Version(_) => versions::METHODS,
        Data::Dict(dict) => match dict.kind {
            DictKind::Any | DictKind::Text => return None,
            DictKind::Values(_) => helm::VALUES_METHODS,
            DictKind::Files => helm::FILES_METHODS,
        },
        Data::List(list) => match list.kind {
            ItemsKind::Versions(_) => helm::VERSIONS_METHODS,
            _ => return None,
        },
        Data::Record(record) if record.kind.name.ends_with("KubeVersion") => {
            helm::KUBE_VERSION_METHODS
        }
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
        for own in [argo::TABLE, helm::TABLE] {
            assert!(own.is_sorted_by_key(|function| function.name));
        }
        let mut names = BTreeSet::new();
        for table in TABLES {
            assert!(table.is_sorted_by_key(|function| function.name));
            for function in *table {
                assert!(names.insert(function.name), "{}", function.name);
            }
        }
    }

    #[test]
    fn each_vocabulary_has_the_functions_that_upstream_has() {
        // Source: `len(funcMap)` upstream, and the functions of Go itself.
        assert_eq!(Vocabulary::Argo.sorted().len(), 231);
        assert!(Vocabulary::Argo.find("tpl").is_none());
        assert!(Vocabulary::Helm3.find("normalize").is_none());
        assert_eq!(
            Vocabulary::Helm3.find("fail").map(|function| function.name),
            Some("fail")
        );
    }
}

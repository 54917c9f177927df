//! Renderings as bytes: lengths as numbers of seven bits a byte, a byte before each value that says what it is.

use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::SourceType;
use toft_object::{Object, Origin, Rendered, Rendering};
use toft_source::{Remote, RepoPath};
use toft_value::{JSON_DEPTH_MAX, List, Map, Value};

use super::Given;
use super::look::Look;
use crate::job::Circumstance;
use crate::recording::Read;
use crate::source::SourceRendering;

/// The steps that make objects, as origins name them.
const STEPS: &[&str] = &[
    "configMapGenerator",
    "directory",
    "generators",
    "helm crds",
    "helm hook",
    "helm template",
    "helmCharts",
    "resources",
    "secretGenerator",
    "transformers",
];

/// Something that cannot be written or read: a value deeper than any text may be, a step that is not listed, or
/// bytes that are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

/// Bytes that are being written.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is below 128")]
        self.byte(number as u8);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn look(&mut self, look: &Look) {
        match look {
            Look::Tree(Read::File(path)) => self.tagged(0, &[path.as_str()]),
            Look::Tree(Read::Kind(path)) => self.tagged(1, &[path.as_str()]),
            Look::Tree(Read::List(path)) => self.tagged(2, &[path.as_str()]),
            Look::Tree(Read::Remote(Remote::Chart {
                repository,
                name,
                version,
            })) => self.tagged(3, &[repository, name, version]),
            Look::Tree(Read::Remote(Remote::Git {
                repository,
                revision,
            })) => self.tagged(4, &[repository, revision]),
            Look::Tree(Read::Remote(Remote::File { url })) => self.tagged(5, &[url]),
            Look::Circumstance(Circumstance::Revision) => self.byte(6),
            Look::Circumstance(Circumstance::KubeVersion) => self.byte(7),
            Look::Circumstance(Circumstance::ApiVersions) => self.byte(8),
            Look::Circumstance(Circumstance::Seed) => self.byte(9),
            Look::Circumstance(Circumstance::Now) => self.byte(10),
            Look::Circumstance(Circumstance::IsOurs(address)) => self.tagged(11, &[address]),
        }
    }

    fn tagged(&mut self, tag: u8, texts: &[&str]) {
        self.byte(tag);
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn given(&mut self, given: &Given) -> Result<(), Unfit> {
        let whole = match given {
            Err(failure) => {
                self.tagged(0, &[failure]);
                return Ok(());
            }
            Ok(whole) => whole,
        };
        let SourceRendering {
            rendering: Rendering { objects },
            source_type,
        } = &**whole;
        self.byte(match source_type {
            SourceType::Kustomize => 1,
            SourceType::Helm => 2,
            SourceType::Directory => 3,
            SourceType::Plugin => 4,
        });
        self.number(objects.len() as u64);
        for Rendered { object, origin } in objects {
            let Origin { path, line, step } = origin;
            let step = STEPS.iter().position(|known| known == step).ok_or(Unfit)?;
            self.text(path.as_str());
            self.number(*line as u64);
            self.number(step as u64);
            self.value(object.value(), JSON_DEPTH_MAX)?;
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Unfit> {
        let deeper = depth.checked_sub(1).ok_or(Unfit)?;
        match value {
            Value::Null => self.byte(0),
            Value::Bool(false) => self.byte(1),
            Value::Bool(true) => self.byte(2),
            Value::Int(number) => {
                self.byte(3);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            Value::UInt(number) => {
                self.byte(4);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            Value::Float(number) => {
                self.byte(5);
                self.0.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Value::Str(text) => self.tagged(6, &[text]),
            Value::List(items) => {
                self.byte(7);
                self.number(items.len() as u64);
                for item in items {
                    self.value(item, deeper)?;
                }
            }
            Value::Map(entries) => {
                self.byte(8);
                self.number(entries.len() as u64);
                for (key, value) in entries {
                    self.text(key);
                    self.value(value, deeper)?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes that are being read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Unfit> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unfit)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unfit> {
        self.take(N)?.try_into().map_err(|_| Unfit)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unfit> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, Unfit> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unfit)
    }

    /// How many things follow, each of which takes a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, Unfit> {
        let count = usize::try_from(self.number()?).map_err(|_| Unfit)?;
        if count > self.0.len() {
            return Err(Unfit);
        }
        Ok(count)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Unfit> {
        let count = self.count()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Unfit> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Unfit)
    }

    fn smol(&mut self) -> Result<SmolStr, Unfit> {
        self.text().map(SmolStr::from)
    }

    fn path(&mut self) -> Result<RepoPath, Unfit> {
        RepoPath::parse(self.text()?).map_err(|_| Unfit)
    }

    pub(super) fn look(&mut self) -> Result<Look, Unfit> {
        Ok(match self.byte()? {
            0 => Look::Tree(Read::File(self.path()?)),
            1 => Look::Tree(Read::Kind(self.path()?)),
            2 => Look::Tree(Read::List(self.path()?)),
            3 => Look::Tree(Read::Remote(Remote::Chart {
                repository: self.smol()?,
                name: self.smol()?,
                version: self.smol()?,
            })),
            4 => Look::Tree(Read::Remote(Remote::Git {
                repository: self.smol()?,
                revision: self.smol()?,
            })),
            5 => Look::Tree(Read::Remote(Remote::File { url: self.smol()? })),
            6 => Look::Circumstance(Circumstance::Revision),
            7 => Look::Circumstance(Circumstance::KubeVersion),
            8 => Look::Circumstance(Circumstance::ApiVersions),
            9 => Look::Circumstance(Circumstance::Seed),
            10 => Look::Circumstance(Circumstance::Now),
            11 => Look::Circumstance(Circumstance::IsOurs(self.smol()?)),
            _ => return Err(Unfit),
        })
    }

    pub(super) fn given(&mut self) -> Result<Given, Unfit> {
        let source_type = match self.byte()? {
            0 => return Ok(Err(self.text()?.to_owned())),
            1 => SourceType::Kustomize,
            2 => SourceType::Helm,
            3 => SourceType::Directory,
            4 => SourceType::Plugin,
            _ => return Err(Unfit),
        };
        let count = self.count()?;
        let mut objects = Vec::with_capacity(count);
        for _ in 0..count {
            let path = self.path()?;
            let line = usize::try_from(self.number()?).map_err(|_| Unfit)?;
            let step = usize::try_from(self.number()?).map_err(|_| Unfit)?;
            let step = STEPS.get(step).ok_or(Unfit)?;
            let value = self.value(JSON_DEPTH_MAX)?;
            objects.push(Rendered {
                object: Object::unversioned(value).map_err(|_| Unfit)?,
                origin: Origin { path, line, step },
            });
        }
        Ok(Ok(Arc::new(SourceRendering {
            rendering: Rendering { objects },
            source_type,
        })))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Unfit> {
        let deeper = depth.checked_sub(1).ok_or(Unfit)?;
        Ok(match self.byte()? {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(i64::from_le_bytes(self.array()?)),
            4 => Value::UInt(u64::from_le_bytes(self.array()?)),
            5 => Value::Float(f64::from_bits(u64::from_le_bytes(self.array()?))),
            6 => Value::Str(self.smol()?),
            7 => {
                let count = self.count()?;
                let items = (0..count).map(|_| self.value(deeper));
                Value::List(items.collect::<Result<List, Unfit>>()?)
            }
            8 => {
                let count = self.count()?;
                let entries = (0..count).map(|_| Ok((self.smol()?, self.value(deeper)?)));
                let entries = entries.collect::<Result<Vec<_>, Unfit>>()?;
                Value::Map(Map::from_entries(entries))
            }
            _ => return Err(Unfit),
        })
    }
}

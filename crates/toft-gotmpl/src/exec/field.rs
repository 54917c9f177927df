//! Fields of maps, and methods of the few types that have them.

use super::{Done, Exec, Given, Here, Slot};
use crate::functions;
use crate::node::{Term, Word};
use crate::quote::quote;
use crate::runtime::Data;
use crate::template::MissingKey;

impl<'t> Exec<'t, '_> {
    /// `.a.b`, `$x.a` or `(…).a`, the last of which may be a method with arguments.
    pub(super) fn fields(&mut self, term: &'t Term, given: Given<'t, '_>) -> Done<Slot> {
        let dot = given.dot;
        self.here = Some(Here::Term(term));
        let (receiver, names) = match &term.word {
            Word::Field(names) => (dot.clone(), names),
            Word::Variable(name, names) => {
                let value = self.variable(name)?;
                if names.is_empty() {
                    self.not_a_function(term, &given)?;
                    return Ok(value);
                }
                (value, names)
            }
            Word::Chain(inner, names) => (self.chained(dot, inner)?, names),
            _ => return self.constant(term),
        };
        let Some((last, before)) = names.split_last() else {
            return Ok(receiver);
        };
        let mut receiver = receiver;
        for name in before {
            receiver = self.field((term, name), Given::nothing(dot), &receiver)?;
        }
        self.field((term, last), given, &receiver)
    }

    fn chained(&mut self, dot: &Slot, inner: &'t Term) -> Done<Slot> {
        self.here = Some(Here::Term(inner));
        match &inner.word {
            Word::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            Word::Function(function) => {
                self.function(function, Here::Term(inner), Given::nothing(dot))
            }
            _ => self.fail(&format!("indirection through explicit nil in {inner}")),
        }
    }

    fn field(
        &mut self,
        (term, name): (&'t Term, &'t str),
        given: Given<'t, '_>,
        receiver: &Slot,
    ) -> Done<Slot> {
        let type_name = receiver.type_name();
        if let Some(method) = functions::method(&receiver.data, name) {
            let mut arguments = self.arguments(method, given)?;
            arguments.insert(0, receiver.data.clone());
            return self.run(method, Here::Term(term), &arguments);
        }
        match &receiver.data {
            Data::Missing => match self.session.options.missing_key {
                MissingKey::Error => {
                    self.fail(&format!("nil data; no entry for key {}", quote(name)))
                }
                MissingKey::Invalid | MissingKey::Zero => Ok(Slot::missing()),
            },
            Data::Nil => self.fail(&format!("nil pointer evaluating {type_name}.{name}")),
            Data::Dict(dict) => {
                if !given.is_empty() {
                    return self.fail(&format!("{name} is not a method but has arguments"));
                }
                let boxed = dict.boxes();
                if let Some(data) = dict.get(name) {
                    return Ok(Slot { data, boxed });
                }
                match self.session.options.missing_key {
                    MissingKey::Invalid => Ok(Slot::missing()),
                    MissingKey::Zero => Ok(Slot {
                        data: dict.kind.zero(),
                        boxed,
                    }),
                    MissingKey::Error => {
                        self.fail(&format!("map has no entry for key {}", quote(name)))
                    }
                }
            }
            Data::Record(record) => match record.get(name) {
                Some(_) if !given.is_empty() => self.fail(&format!(
                    "{name} has arguments but cannot be invoked as function"
                )),
                Some(data) => Ok(Slot::plain(data.clone())),
                None => self.fail(&format!("can't evaluate field {name} in type {type_name}")),
            },
            _ => self.fail(&format!("can't evaluate field {name} in type {type_name}")),
        }
    }
}

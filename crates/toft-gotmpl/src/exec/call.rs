//! Calls: arguments of the right types, then the function.

use super::{Done, Exec, Given, Here, Slot};
use crate::builtins::{self, Decisive};
use crate::functions::{Call, Function, Param};
use crate::node::{Term, Word};
use crate::runtime::{Boxed, Data, ItemsKind};

impl<'t> Exec<'t, '_> {
    /// Calls a function; `here` is what an error of the function is about.
    pub(super) fn function(
        &mut self,
        function: &'static Function,
        here: Here<'t>,
        given: Given<'t, '_>,
    ) -> Done<Slot> {
        if let Some(decisive) = builtins::short_circuit(function.name) {
            return self.short_circuit(function, decisive, given);
        }
        let callee = given.arguments.first();
        let arguments = self.arguments(function, given)?;
        if function.name == "call" {
            self.here = Some(here);
            let complaint = builtins::not_callable(callee, &arguments);
            return self.fail(&format!("error calling call: {complaint}"));
        }
        self.run(function, here, &arguments)
    }

    /// Evaluates the arguments of a call and checks their number and types.
    pub(super) fn arguments(
        &mut self,
        function: &'static Function,
        given: Given<'t, '_>,
    ) -> Done<Vec<Data>> {
        self.check_count(function, &given)?;
        let mut arguments = Vec::with_capacity(given.arguments.len() + 1);
        for term in given.arguments {
            let param = function.param(arguments.len());
            arguments.push(self.argument(given.dot, term, param)?);
        }
        if let Some(last) = given.last {
            let param = function.param(arguments.len());
            arguments.push(self.fit(last, param)?);
        }
        Ok(arguments)
    }

    fn check_count(&self, function: &Function, given: &Given<'t, '_>) -> Done<()> {
        let count = given.arguments.len() + usize::from(given.last.is_some());
        let (name, fixed) = (function.name, function.params.len());
        if function.rest.is_some() {
            if count < fixed {
                // Go counts only the words here.
                let words = given.arguments.len();
                return self.fail(&format!(
                    "wrong number of args for {name}: want at least {fixed} got {words}"
                ));
            }
        } else if count != fixed {
            return self.fail(&format!(
                "wrong number of args for {name}: want {fixed} got {count}"
            ));
        }
        Ok(())
    }

    /// Runs a function whose arguments fit.
    pub(super) fn run(
        &mut self,
        function: &'static Function,
        here: Here<'t>,
        arguments: &[Data],
    ) -> Done<Slot> {
        let cost: usize = arguments.iter().map(cost).sum();
        self.spend(cost)?;
        let mut call = Call {
            session: self.session,
            scope: self.scope,
        };
        match (function.run)(&mut call, arguments) {
            Ok(data) => {
                self.spend(self::cost(&data))?;
                Ok(Slot {
                    data,
                    boxed: Boxed::No,
                })
            }
            Err(message) => {
                self.here = Some(here);
                self.fail(&format!("error calling {}: {message}", function.name))
            }
        }
    }

    /// `and` and `or` stop at the first argument that decides.
    fn short_circuit(
        &mut self,
        function: &'static Function,
        decisive: Decisive,
        given: Given<'t, '_>,
    ) -> Done<Slot> {
        self.check_count(function, &given)?;
        let mut value = Data::Missing;
        for term in given.arguments {
            value = self.argument(given.dot, term, Param::Raw)?;
            if decisive.is(&value) {
                return Ok(Slot::plain(value));
            }
        }
        Ok(given.last.unwrap_or_else(|| Slot::plain(value)))
    }

    /// Evaluates one argument for a parameter.
    fn argument(&mut self, dot: &Slot, term: &'t Term, param: Param) -> Done<Data> {
        self.here = Some(Here::Term(term));
        match &term.word {
            Word::Dot => self.fit(dot.clone(), param),
            Word::Nil => {
                if param == Param::Raw {
                    return Ok(Data::Missing);
                }
                if param.can_be_nil() {
                    return Ok(Data::Nil);
                }
                self.fail(&format!("cannot assign nil to {}", param.type_name()))
            }
            Word::Field(..) | Word::Variable(..) | Word::Chain(..) => {
                let value = self.fields(term, Given::nothing(dot))?;
                self.fit(value, param)
            }
            Word::Pipeline(pipeline) => {
                let value = self.pipeline(dot, pipeline)?;
                self.fit(value, param)
            }
            Word::Function(function) => {
                let value = self.function(function, Here::Term(term), Given::nothing(dot))?;
                self.fit(value, param)
            }
            Word::Bool(_) | Word::Number(_) | Word::Text(..) => self.literal(term, param),
        }
    }

    fn literal(&self, term: &Term, param: Param) -> Done<Data> {
        let expected = match (param, &term.word) {
            (Param::Any | Param::Raw, _) => return self.constant(term).map(|slot| slot.data),
            (Param::Bool, Word::Bool(value)) => return Ok(Data::Bool(*value)),
            (Param::Text, Word::Text(text, _)) => return Ok(Data::Text(text.as_ref().into())),
            (Param::Int, Word::Number(number)) if number.integer.is_some() => {
                return Ok(Data::Int(number.integer.unwrap_or_default()));
            }
            (Param::Uint32, Word::Number(number)) if number.integer.is_some_and(|one| one >= 0) => {
                return Ok(Data::Int(number.integer.unwrap_or_default()));
            }
            (Param::Float, Word::Number(number)) if number.float.is_some() => {
                return Ok(Data::Float(number.float.unwrap_or_default()));
            }
            (Param::Bool, _) => "bool",
            (Param::Text, _) => "string",
            (Param::Int, _) => "integer",
            (Param::Uint32, _) => "unsigned integer",
            (Param::Float, _) => "float",
            (Param::Dict | Param::List | Param::Time | Param::Certificate, _) => {
                return self.fail(&format!(
                    "can't handle {term} for arg of type {}",
                    param.type_name()
                ));
            }
        };
        self.fail(&format!("expected {expected}; found {term}"))
    }

    /// Checks that a value can be given for a parameter.
    fn fit(&self, value: Slot, param: Param) -> Done<Data> {
        if matches!(param, Param::Any | Param::Raw) {
            return Ok(value.data);
        }
        let type_name = param.type_name();
        let fits = match (&value.data, param) {
            (Data::Missing, _) if param.can_be_nil() => true,
            (Data::Missing, _) => {
                return self.fail(&format!("invalid value; expected {type_name}"));
            }
            (Data::Bool(_), Param::Bool)
            | (Data::Text(_), Param::Text)
            | (Data::Int(_), Param::Int)
            | (Data::Float(_), Param::Float)
            | (Data::Time(_), Param::Time) => true,
            (Data::Dict(dict), Param::Dict) => dict.kind.is_any(),
            (Data::List(list), Param::List) => list.kind == ItemsKind::Any,
            (Data::Record(record), Param::Certificate) => record.kind.name == type_name,
            _ => false,
        };
        if fits {
            return Ok(value.data);
        }
        let found = match &value.data {
            Data::Nil => "interface {}",
            data => data.type_name(),
        };
        self.fail(&format!(
            "wrong type for value; expected {type_name}; got {found}"
        ))
    }
}

/// What handling a value costs.
fn cost(data: &Data) -> usize {
    match data {
        Data::Text(text) => text.len() / 8,
        Data::Bytes(bytes) => bytes.len() / 8,
        Data::List(list) => list.items.len(),
        Data::Dict(dict) => dict.entries.borrow().len(),
        _ => 0,
    }
}

//! Runs a template.
//!
//! Source: Go 1.26 `src/text/template/exec.go`.

mod call;
mod field;

use std::fmt;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::bounds::TEMPLATE_DEPTH_MAX;
use crate::error::TemplateError;
use crate::format::sprint_one;
use crate::node::{At, Block, Branch, Command, Node, Number, Pipeline, Term, Word};
use crate::quote::quote;
use crate::runtime::{Boxed, Data, ItemsKind};
use crate::scope::{Scope, Tree, Written};
use crate::session::Session;

/// Renders the template with a name.
pub(crate) fn run(
    scope: &Rc<Scope>,
    name: &str,
    data: &Data,
    session: &mut Session,
) -> Result<String, TemplateError> {
    let Some(tree) = scope.find(name) else {
        let name = quote(name);
        return Err(TemplateError(format!(
            "template: no template {name} associated with template \"gotpl\""
        )));
    };
    run_tree(scope, (name, tree), data, session)
}

/// Renders a template that is at hand, looking others up in a scope.
pub(crate) fn run_tree(
    scope: &Rc<Scope>,
    (name, tree): (&str, &Tree),
    data: &Data,
    session: &mut Session,
) -> Result<String, TemplateError> {
    // Go reflects on what it is given: a nil there has no type, and its fields are missing, not wrong.
    let root = Slot::plain(data.clone()).unboxed();
    let mut exec = Exec {
        scope,
        session,
        current: name,
        written: &tree.written,
        here: None,
        variables: vec![(SmolStr::new_static("$"), root.clone())],
        out: String::new(),
    };
    if exec.session.depth == TEMPLATE_DEPTH_MAX {
        return exec.fail(&format!(
            "exceeded maximum template depth ({TEMPLATE_DEPTH_MAX})"
        ));
    }
    exec.session.depth += 1;
    exec.block(&root, &tree.block)?;
    exec.session.depth -= 1;
    Ok(exec.out)
}

/// A value, and whether it is held as `interface {}`.
#[derive(Clone, Debug)]
struct Slot {
    data: Data,
    boxed: Boxed,
}

impl Slot {
    fn plain(data: Data) -> Self {
        Self {
            data,
            boxed: Boxed::No,
        }
    }

    fn missing() -> Self {
        Self::plain(Data::Missing)
    }

    /// What is inside an `interface {}`; nothing inside a nil one.
    fn unboxed(self) -> Self {
        match self.data {
            Data::Nil => Self::missing(),
            data => Self::plain(data),
        }
    }

    fn type_name(&self) -> &'static str {
        match (self.boxed, &self.data) {
            (Boxed::Yes, _) | (_, Data::Nil) => "interface {}",
            (Boxed::No, data) => data.type_name(),
        }
    }
}

/// The node that errors are about.
#[derive(Clone, Copy)]
enum Here<'t> {
    Node(At, &'t Node),
    Pipeline(&'t Pipeline),
    Command(&'t Command),
    Term(&'t Term),
}

impl Here<'_> {
    fn at(self) -> At {
        match self {
            Self::Node(at, _) => at,
            Self::Pipeline(pipeline) => pipeline.at,
            Self::Command(command) => command.at,
            Self::Term(term) => term.at,
        }
    }
}

impl fmt::Display for Here<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(_, node) => node.fmt(out),
            Self::Pipeline(pipeline) => pipeline.fmt(out),
            Self::Command(command) => command.fmt(out),
            Self::Term(term) => term.fmt(out),
        }
    }
}

/// What follows a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Exec<'t, 's> {
    scope: &'t Rc<Scope>,
    session: &'s mut Session,
    /// The name of the template that runs, and the text that it was read from.
    current: &'t str,
    written: &'t Written,
    here: Option<Here<'t>>,
    variables: Vec<(SmolStr, Slot)>,
    out: String,
}

type Done<T> = Result<T, TemplateError>;

impl<'t> Exec<'t, '_> {
    fn error(&self, message: &str) -> TemplateError {
        let current = self.current;
        let Some(here) = self.here else {
            return TemplateError(format!("template: {current}: {message}"));
        };
        let before = self.written.text.get(..here.at()).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = before
            .rfind('\n')
            .map_or(before.len(), |newline| before.len() - newline - 1);
        let name = &self.written.name;
        let current = quote(current);
        TemplateError(format!(
            "template: {name}:{line}:{column}: executing {current} at <{here}>: {message}"
        ))
    }

    fn fail<T>(&self, message: &str) -> Done<T> {
        Err(self.error(message))
    }

    fn spend(&mut self, cost: usize) -> Done<()> {
        let spent = self.session.budget.spend(cost);
        spent.map_err(|message| self.error(&message))
    }

    fn write(&mut self, text: &str) -> Done<()> {
        let most = self.session.budget.output_bytes_max();
        if self.out.len() + text.len() > most {
            return self.fail(&format!("the output is longer than {most} bytes"));
        }
        self.spend(text.len() / 8)?;
        self.out.push_str(text);
        Ok(())
    }

    fn block(&mut self, dot: &Slot, block: &'t Block) -> Done<Flow> {
        for node in &block.nodes {
            match self.node(dot, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Slot, node: &'t Node) -> Done<Flow> {
        self.spend(1)?;
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(at, pipeline) => {
                self.here = Some(Here::Node(*at, node));
                let value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    self.here = Some(Here::Node(*at, node));
                    self.print(&value)?;
                }
            }
            Node::If(branch) => return self.if_or_with(dot, branch, Condition::If),
            Node::With(branch) => return self.if_or_with(dot, branch, Condition::With),
            Node::Range(branch) => {
                self.here = Some(Here::Node(branch.at, node));
                return self.range(dot, branch);
            }
            Node::Template { at, name, pipeline } => {
                self.here = Some(Here::Node(*at, node));
                self.call_template(dot, name, pipeline.as_ref())?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Slot) -> Done<()> {
        match &value.data {
            Data::Missing | Data::Nil => self.write("<no value>"),
            Data::Text(text) => self.write(text),
            other => {
                let weight = other.weigh().map_err(|message| self.error(&message))?;
                self.spend(weight)?;
                self.write(&sprint_one(other))
            }
        }
    }

    fn if_or_with(&mut self, dot: &Slot, branch: &'t Branch, condition: Condition) -> Done<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipeline)?;
        let flow = if value.data.truth() {
            match condition {
                Condition::With => self.block(&value, &branch.then),
                Condition::If => self.block(dot, &branch.then),
            }
        } else {
            match &branch.otherwise {
                Some(block) => self.block(dot, block),
                None => Ok(Flow::Next),
            }
        };
        self.variables.truncate(mark);
        flow
    }

    fn range(&mut self, dot: &Slot, branch: &'t Branch) -> Done<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipeline)?;
        let ran = self.iterate(&value, branch);
        let flow = match (ran, &branch.otherwise) {
            (Ok(Ran::Never), Some(block)) => self.block(dot, block),
            (Ok(_), _) => Ok(Flow::Next),
            (Err(error), _) => Err(error),
        };
        self.variables.truncate(mark);
        flow
    }

    fn iterate(&mut self, value: &Slot, branch: &'t Branch) -> Done<Ran> {
        match &value.data {
            Data::Int(_) | Data::Int64(_) | Data::Uint64(_) | Data::Byte(_) => {
                self.count(&value.data, branch)
            }
            Data::Bytes(bytes) => {
                let items = bytes.iter().enumerate().map(|(index, byte)| {
                    let index = Data::Int(i64::try_from(index).unwrap_or(i64::MAX));
                    (index, Slot::plain(Data::Byte(*byte)))
                });
                self.each(items.collect(), branch)
            }
            Data::List(list) => {
                let boxed = match list.kind {
                    ItemsKind::Any => Boxed::Yes,
                    ItemsKind::Text
                    | ItemsKind::Int
                    | ItemsKind::Dict
                    | ItemsKind::List
                    | ItemsKind::Versions(_) => Boxed::No,
                };
                let items = list.items.iter().enumerate().map(|(index, item)| {
                    let index = Data::Int(i64::try_from(index).unwrap_or(i64::MAX));
                    let item = Slot {
                        data: item.clone(),
                        boxed,
                    };
                    (index, item)
                });
                self.each(items.collect(), branch)
            }
            Data::Dict(dict) => {
                let boxed = dict.boxes();
                let entries = dict.snapshot().into_iter();
                let entries = entries.map(|(key, data)| (Data::Text(key), Slot { data, boxed }));
                self.each(entries.collect(), branch)
            }
            Data::Missing | Data::Nil => Ok(Ran::Never),
            other => self.fail(&format!("range can't iterate over {}", sprint_one(other))),
        }
    }

    fn count(&mut self, limit: &Data, branch: &'t Branch) -> Done<Ran> {
        if branch.pipeline.variables.len() > 1 {
            let shown = sprint_one(limit);
            return self.fail(&format!(
                "can't use {shown} to iterate over more than one variable"
            ));
        }
        let (end, make): (i64, fn(i64) -> Data) = match limit {
            Data::Int64(end) => (*end, Data::Int64),
            Data::Uint64(end) => (i64::try_from(*end).unwrap_or(i64::MAX), |number| {
                Data::Uint64(number.unsigned_abs())
            }),
            Data::Byte(end) => ((*end).into(), |number| {
                Data::Byte(u8::try_from(number).unwrap_or(u8::MAX))
            }),
            Data::Int(end) => (*end, Data::Int),
            _ => (0, Data::Int),
        };
        let mut ran = Ran::Never;
        for number in 0..end {
            ran = Ran::Once;
            let item = Slot::plain(make(number));
            if self.iteration(Data::Missing, &item, branch)? == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    fn each(&mut self, items: Vec<(Data, Slot)>, branch: &'t Branch) -> Done<Ran> {
        if items.is_empty() {
            return Ok(Ran::Never);
        }
        self.spend(items.len())?;
        for (index, item) in items {
            if self.iteration(index, &item, branch)? == Flow::Break {
                break;
            }
        }
        Ok(Ran::Once)
    }

    fn iteration(&mut self, index: Data, item: &Slot, branch: &'t Branch) -> Done<Flow> {
        self.spend(1)?;
        let mark = self.variables.len();
        let pipeline = &branch.pipeline;
        let values = match pipeline.variables.len() {
            0 => Vec::new(),
            1 => vec![item.clone()],
            _ => vec![Slot::plain(index), item.clone()],
        };
        for (offset, (name, value)) in pipeline.variables.iter().zip(values).enumerate() {
            if pipeline.assigns {
                self.assign(name, value)?;
                continue;
            }
            // The pipeline itself declared them; they are the topmost ones.
            let top = self.variables.len() - pipeline.variables.len() + offset;
            if let Some(variable) = self.variables.get_mut(top) {
                variable.1 = value;
            }
        }
        let flow = self.block(item, &branch.then)?;
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn call_template(
        &mut self,
        dot: &Slot,
        name: &'t str,
        pipeline: Option<&'t Pipeline>,
    ) -> Done<()> {
        let scope = self.scope;
        let Some(tree) = scope.find(name) else {
            return self.fail(&format!("template {} not defined", quote(name)));
        };
        if self.session.depth == TEMPLATE_DEPTH_MAX {
            return self.fail(&format!(
                "exceeded maximum template depth ({TEMPLATE_DEPTH_MAX})"
            ));
        }
        let dot = match pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => Slot::missing(),
        };
        let variables = vec![(SmolStr::new_static("$"), dot.clone())];
        let variables = std::mem::replace(&mut self.variables, variables);
        let current = std::mem::replace(&mut self.current, name);
        let written = std::mem::replace(&mut self.written, &tree.written);
        self.session.depth += 1;
        self.block(&dot, &tree.block)?;
        self.session.depth -= 1;
        self.current = current;
        self.written = written;
        self.variables = variables;
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Slot) -> Done<()> {
        let found = self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| known == name);
        match found {
            Some(variable) => variable.1 = value,
            None => return self.fail(&format!("undefined variable: {name}")),
        }
        Ok(())
    }

    fn pipeline(&mut self, dot: &Slot, pipeline: &'t Pipeline) -> Done<Slot> {
        self.here = Some(Here::Pipeline(pipeline));
        let mut value: Option<Slot> = None;
        for command in &pipeline.commands {
            self.spend(1)?;
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or_else(Slot::missing);
        for name in &pipeline.variables {
            if pipeline.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name.as_str().into(), value.clone()));
            }
        }
        Ok(value)
    }

    /// `last` is what the command before gave.
    fn command(&mut self, dot: &Slot, command: &'t Command, last: Option<Slot>) -> Done<Slot> {
        let Some(first) = command.arguments.first() else {
            return self.fail("empty command");
        };
        let given = Given {
            dot,
            arguments: command.arguments.get(1..).unwrap_or_default(),
            last,
        };
        match &first.word {
            Word::Function(function) => {
                self.here = Some(Here::Term(first));
                return self.function(function, Here::Command(command), given);
            }
            Word::Field(..) | Word::Chain(..) | Word::Variable(..) => {
                return self.fields(first, given);
            }
            Word::Pipeline(pipeline) => {
                self.not_a_function(first, &given)?;
                return self.pipeline(dot, pipeline);
            }
            Word::Bool(_) | Word::Dot | Word::Nil | Word::Number(_) | Word::Text(..) => {}
        }
        self.here = Some(Here::Term(first));
        self.not_a_function(first, &given)?;
        match &first.word {
            Word::Dot => Ok(dot.clone()),
            Word::Nil => self.fail("nil is not a command"),
            _ => self.constant(first),
        }
    }

    fn not_a_function(&self, first: &Term, given: &Given<'t, '_>) -> Done<()> {
        if given.is_empty() {
            return Ok(());
        }
        let first = first.bare();
        self.fail(&format!("can't give argument to non-function {first}"))
    }

    /// A literal, with the type that its form suggests.
    fn constant(&self, term: &Term) -> Done<Slot> {
        match &term.word {
            Word::Bool(value) => Ok(Slot::plain(Data::Bool(*value))),
            Word::Text(text, _) => Ok(Slot::plain(Data::Text(text.as_ref().into()))),
            Word::Number(number) => self.number(number),
            _ => self.fail(&format!(
                "can't evaluate command {}",
                quote(&term.to_string())
            )),
        }
    }

    fn number(&self, number: &Number) -> Done<Slot> {
        let text = number.text.as_str();
        let lower = text.to_ascii_lowercase();
        let hexadecimal = lower.starts_with("0x") && !lower.contains('p');
        let looks_like_float =
            !hexadecimal && !text.starts_with('\'') && lower.contains(['.', 'e', 'p']);
        match (number.float, number.integer) {
            (Some(float), _) if looks_like_float => Ok(Slot::plain(Data::Float(float))),
            (_, Some(integer)) => Ok(Slot::plain(Data::Int(integer))),
            _ => self.fail(&format!("{text} overflows int")),
        }
    }

    fn variable(&self, name: &str) -> Done<Slot> {
        let found = self.variables.iter().rev().find(|(known, _)| known == name);
        match found {
            Some((_, value)) => Ok(value.clone()),
            None => self.fail(&format!("undefined variable: {name}")),
        }
    }
}

/// What a command is given: words after the first, and what the command before gave.
struct Given<'t, 'd> {
    dot: &'d Slot,
    arguments: &'t [Term],
    last: Option<Slot>,
}

impl<'d> Given<'_, 'd> {
    fn nothing(dot: &'d Slot) -> Self {
        Self {
            dot,
            arguments: &[],
            last: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.arguments.is_empty() && self.last.is_none()
    }
}

/// Whether the value of the condition becomes the dot.
#[derive(Clone, Copy)]
enum Condition {
    If,
    With,
}

/// Whether a loop ran.
enum Ran {
    Never,
    Once,
}

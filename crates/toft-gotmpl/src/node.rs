//! What a template consists of.
//!
//! Nodes print as Go prints them, since errors show them.

use std::fmt;
use std::rc::Rc;

use crate::functions::Function;
use crate::quote;

/// Where a node stands: a byte offset.
pub(crate) type At = usize;

/// A sequence of nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) nodes: Vec<Node>,
}

/// One piece of a template.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Text(String),
    Action(At, Pipeline),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template {
        at: At,
        name: String,
        pipeline: Option<Pipeline>,
    },
    Break,
    Continue,
}

/// `if`, `with` or `range`.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) at: At,
    pub(crate) pipeline: Pipeline,
    pub(crate) then: Block,
    pub(crate) otherwise: Option<Block>,
}

/// Commands, each given what the one before it gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipeline {
    pub(crate) at: At,
    pub(crate) assigns: bool,
    pub(crate) variables: Vec<String>,
    pub(crate) commands: Vec<Command>,
}

/// A function or value and what it is given.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) at: At,
    /// Never empty.
    pub(crate) arguments: Vec<Term>,
}

/// One word of a command, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) at: At,
    pub(crate) word: Word,
}

/// What a word is.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    Bool(bool),
    Dot,
    Nil,
    Number(Number),
    /// The text, and how it was written.
    Text(Rc<str>, String),
    Field(Vec<String>),
    /// The name with its `$`, and fields.
    Variable(String, Vec<String>),
    Function(&'static Function),
    Pipeline(Pipeline),
    /// A call or parentheses, and fields of what they give.
    Chain(Box<Term>, Vec<String>),
}

/// A number as every type that it can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) integer: Option<i64>,
    pub(crate) unsigned: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) text: String,
}

impl Block {
    /// Whether there is nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
        self.nodes.iter().all(blank)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| write!(out, "{node}"))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.write_str(text),
            Self::Action(_, pipeline) => write!(out, "{{{{{pipeline}}}}}"),
            Self::If(branch) => branch.print("if", out),
            Self::With(branch) => branch.print("with", out),
            Self::Range(branch) => branch.print("range", out),
            Self::Template { name, pipeline, .. } => {
                write!(out, "{{{{template {}", quote::quote(name))?;
                if let Some(pipeline) = pipeline {
                    write!(out, " {pipeline}")?;
                }
                out.write_str("}}")
            }
            Self::Break => out.write_str("{{break}}"),
            Self::Continue => out.write_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn print(&self, name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{{{{{name} {}}}}}{}", self.pipeline, self.then)?;
        if let Some(otherwise) = &self.otherwise {
            write!(out, "{{{{else}}}}{otherwise}")?;
        }
        out.write_str("{{end}}")
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(out, "{} {sign} ", self.variables.join(", "))?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            let separator = if index > 0 { " | " } else { "" };
            write!(out, "{separator}{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, argument) in self.arguments.iter().enumerate() {
            let separator = if index > 0 { " " } else { "" };
            write!(out, "{separator}{argument}")?;
        }
        Ok(())
    }
}

impl Term {
    /// As it is written, a pipeline without the parentheses around it.
    pub(crate) fn bare(&self) -> String {
        match &self.word {
            Word::Pipeline(pipeline) => pipeline.to_string(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |out: &mut fmt::Formatter<'_>, names: &[String]| {
            names.iter().try_for_each(|name| write!(out, ".{name}"))
        };
        match &self.word {
            Word::Bool(value) => write!(out, "{value}"),
            Word::Dot => out.write_str("."),
            Word::Nil => out.write_str("nil"),
            Word::Number(number) => out.write_str(&number.text),
            Word::Text(_, written) => out.write_str(written),
            Word::Field(names) => fields(out, names),
            Word::Variable(name, names) => {
                out.write_str(name)?;
                fields(out, names)
            }
            Word::Function(function) => out.write_str(function.name),
            Word::Pipeline(pipeline) => write!(out, "({pipeline})"),
            Word::Chain(term, names) => {
                write!(out, "{term}")?;
                fields(out, names)
            }
        }
    }
}

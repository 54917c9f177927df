//! Tokens to nodes.
//!
//! Source: Go 1.26 `src/text/template/parse/parse.go`. The tokens that were looked at and put back
//! are kept in the order that Go keeps them, since the line in an error is that of one of them.

mod control;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::bounds::NESTING_MAX;
use crate::error::TemplateError;
use crate::functions::Vocabulary;
use crate::lex::{Keyword, Kind, Lexer, Token};
use crate::node::{Block, Command, Node, Pipeline, Term, Word};
use crate::number;
use crate::quote::{quote, unquote};

/// The templates that a text defines, by name.
pub(crate) type Trees = BTreeMap<String, Rc<Block>>;

/// Reads a text that may use the functions of a vocabulary.
pub(crate) fn parse(
    name: &str,
    text: &str,
    vocabulary: Vocabulary,
) -> Result<Trees, TemplateError> {
    let mut parser = Parser {
        name,
        vocabulary,
        lexer: Lexer::new(text),
        ahead: [END, END, END],
        count: 0,
        variables: vec!["$".to_owned()],
        action_line: 0,
        range_depth: 0,
        nesting: 0,
        trees: Trees::new(),
    };
    let root = parser.top()?;
    parser.add(name.to_owned(), root)?;
    Ok(parser.trees)
}

const END: Token = Token {
    kind: Kind::End,
    at: 0,
    text: String::new(),
    line: 0,
};

struct Parser<'a> {
    name: &'a str,
    vocabulary: Vocabulary,
    lexer: Lexer<'a>,
    ahead: [Token; 3],
    count: usize,
    variables: Vec<String>,
    action_line: usize,
    range_depth: usize,
    nesting: usize,
    trees: Trees,
}

type Parsed<T> = Result<T, TemplateError>;

/// What ended a block.
enum Ending {
    End,
    Else,
}

/// A node, or what ends the block.
enum Item {
    Node(Node),
    Ending(Ending),
}

impl Ending {
    fn shown(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

impl Parser<'_> {
    fn error<T>(&self, message: &str) -> Parsed<T> {
        let [last, ..] = &self.ahead;
        let (name, line) = (self.name, last.line);
        Err(TemplateError(format!("template: {name}:{line}: {message}")))
    }

    fn next(&mut self) -> Token {
        if self.count > 0 {
            self.count -= 1;
        } else {
            self.ahead[0] = self.lexer.next();
        }
        self.ahead.get(self.count).cloned().unwrap_or(END)
    }

    fn backup(&mut self) {
        self.count += 1;
    }

    /// Puts `first` back before the token that was looked at last.
    fn backup_before(&mut self, first: Token) {
        self.ahead[1] = first;
        self.count = 2;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.backup();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_word();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(&token, context)
        }
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind != Kind::Error {
            return self.error(&format!("unexpected {} in {context}", token.shown()));
        }
        let mut extra = String::new();
        if self.action_line != 0 && self.action_line != token.line {
            let place = format!("started at {}:{}", self.name, self.action_line);
            let words = if token.text.ends_with(" action") {
                " "
            } else {
                " in action "
            };
            extra = format!("{words}{place}");
        }
        self.error(&format!("{}{extra}", token.text))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING_MAX {
            return self.error("max expression depth exceeded");
        }
        self.nesting += 1;
        let read = read(self);
        self.nesting -= 1;
        read
    }

    fn add(&mut self, name: String, block: Block) -> Parsed<()> {
        let known = self.trees.get(&name);
        if known.is_none_or(|known| known.is_blank()) {
            self.trees.insert(name, Rc::new(block));
            return Ok(());
        }
        if block.is_blank() {
            return Ok(());
        }
        let message = format!("template: multiple definition of template {}", quote(&name));
        self.error(&message)
    }

    fn top(&mut self) -> Parsed<Block> {
        let mut block = Block::default();
        while self.peek().kind != Kind::End {
            if self.peek().kind == Kind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_word().kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.backup_before(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => block.nodes.push(node),
                Item::Ending(ending) => {
                    return self.error(&format!("unexpected {}", ending.shown()));
                }
            }
        }
        Ok(block)
    }

    fn block(&mut self) -> Parsed<(Block, Ending)> {
        let mut block = Block::default();
        while self.peek_word().kind != Kind::End {
            match self.text_or_action()? {
                Item::Node(node) => block.nodes.push(node),
                Item::Ending(ending) => return Ok((block, ending)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::LeftDelimiter => {
                self.action_line = token.line;
                let item = self.deeper(Self::action)?;
                self.action_line = 0;
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline {
            at: self.peek_word().at,
            ..Pipeline::default()
        };
        self.declarations(context, &mut pipeline)?;
        loop {
            let token = self.next_word();
            if token.kind == end {
                self.check_pipeline(&pipeline, context)?;
                return Ok(pipeline);
            }
            match token.kind {
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Keyword(Keyword::Dot | Keyword::Nil)
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipeline.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    fn declarations(&mut self, context: &str, pipeline: &mut Pipeline) -> Parsed<()> {
        while self.peek_word().kind == Kind::Variable {
            let variable = self.next_word();
            // "$x foo" and "$x := foo" differ only in what follows the space.
            let after = self.peek();
            let next = self.peek_word();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipeline.assigns = next.kind == Kind::Assign;
                self.next_word();
                self.declare(variable, pipeline);
                return Ok(());
            }
            if next.kind != Kind::Char || next.text != "," {
                if after.kind == Kind::Space {
                    self.ahead[1] = after;
                    self.ahead[2] = variable;
                    self.count = 3;
                } else {
                    self.backup_before(variable);
                }
                return Ok(());
            }
            self.next_word();
            self.declare(variable, pipeline);
            if context != "range" || pipeline.variables.len() >= 2 {
                return self.error(&format!("too many declarations in {context}"));
            }
            let next = self.peek_word().kind;
            if !matches!(
                next,
                Kind::Variable | Kind::RightDelimiter | Kind::RightParen
            ) {
                return self.error("range can only initialize variables");
            }
        }
        Ok(())
    }

    fn declare(&mut self, variable: Token, pipeline: &mut Pipeline) {
        self.variables.push(variable.text.clone());
        pipeline.variables.push(variable.text);
    }

    fn check_pipeline(&self, pipeline: &Pipeline, context: &str) -> Parsed<()> {
        if pipeline.commands.is_empty() {
            return self.error(&format!("missing value for {context}"));
        }
        for (index, command) in pipeline.commands.iter().enumerate().skip(1) {
            let first = command.arguments.first().map(|term| &term.word);
            let constant = matches!(
                first,
                Some(Word::Bool(_) | Word::Dot | Word::Nil | Word::Number(_) | Word::Text(..))
            );
            if constant {
                let stage = index + 1;
                return self.error(&format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command {
            at: self.peek_word().at,
            arguments: Vec::new(),
        };
        loop {
            self.peek_word();
            command.arguments.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelimiter | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.arguments.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Term>> {
        let Some(mut term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(term));
        }
        let at = self.peek().at;
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            let field = self.next().text;
            fields.push(field.trim_start_matches('.').to_owned());
        }
        match &mut term.word {
            Word::Field(names) | Word::Variable(_, names) => {
                names.append(&mut fields);
                term.at = at;
            }
            Word::Bool(_) | Word::Text(..) | Word::Number(_) | Word::Nil | Word::Dot => {
                let shown = quote(&term.to_string());
                return self.error(&format!("unexpected . after term {shown}"));
            }
            Word::Function(_) | Word::Pipeline(_) | Word::Chain(..) => {
                let word = Word::Chain(Box::new(term), fields);
                return Ok(Some(Term { at, word }));
            }
        }
        Ok(Some(term))
    }

    fn term(&mut self) -> Parsed<Option<Term>> {
        let token = self.next_word();
        let at = token.at;
        let word = match token.kind {
            Kind::Identifier => {
                let Some(function) = self.vocabulary.find(&token.text) else {
                    return self.error(&format!("function {} not defined", quote(&token.text)));
                };
                Word::Function(function)
            }
            Kind::Keyword(Keyword::Dot) => Word::Dot,
            Kind::Keyword(Keyword::Nil) => Word::Nil,
            Kind::Variable => {
                if !self.variables.contains(&token.text) {
                    return self.error(&format!("undefined variable {}", quote(&token.text)));
                }
                Word::Variable(token.text, Vec::new())
            }
            Kind::Field => Word::Field(vec![token.text.trim_start_matches('.').to_owned()]),
            Kind::Bool => Word::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number::parse(&token.text) {
                Ok(number) => Word::Number(number),
                Err(message) => return self.error(&message),
            },
            Kind::LeftParen => {
                let pipeline = self
                    .deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                Word::Pipeline(pipeline)
            }
            Kind::String | Kind::RawString => Word::Text(self.unquoted(&token)?.into(), token.text),
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Term { at, word }))
    }

    fn unquoted(&self, token: &Token) -> Parsed<String> {
        match unquote(&token.text) {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }
}

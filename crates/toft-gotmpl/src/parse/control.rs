//! Actions that control: `if`, `range`, `with`, `define`, `block`, `template`, `break`, `continue`.

use super::{Ending, Item, Parsed, Parser};
use crate::lex::{Keyword, Kind, Token};
use crate::node::{Block, Branch, Node, Pipeline};

impl Parser<'_> {
    /// `{{define "name"}} … {{end}}`; the keyword is past.
    pub(super) fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let name = self.next_word();
        if !matches!(name.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&name, CONTEXT);
        }
        let name = self.unquoted(&name)?;
        self.expect(Kind::RightDelimiter, CONTEXT)?;
        let block = self.separate_block(CONTEXT)?;
        self.add(name, block)
    }

    /// A block with variables of its own, up to its `{{end}}`.
    fn separate_block(&mut self, context: &str) -> Parsed<Block> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let action_line = std::mem::take(&mut self.action_line);
        let (block, ending) = self.block()?;
        self.variables = variables;
        self.range_depth = range_depth;
        self.action_line = action_line;
        match ending {
            Ending::End => Ok(block),
            Ending::Else => self.error(&format!("unexpected {} in {context}", ending.shown())),
        }
    }

    /// What follows a left delimiter.
    pub(super) fn action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        let Kind::Keyword(keyword) = token.kind else {
            return self.plain_action();
        };
        match keyword {
            Keyword::Block => self.block_action().map(Item::Node),
            Keyword::Break | Keyword::Continue => self.jump(&token, keyword).map(Item::Node),
            Keyword::Else => self.else_action(),
            Keyword::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                Ok(Item::Ending(Ending::End))
            }
            Keyword::If => self.branch("if").map(|branch| Item::Node(Node::If(branch))),
            Keyword::Range => self
                .branch("range")
                .map(|branch| Item::Node(Node::Range(branch))),
            Keyword::With => self
                .branch("with")
                .map(|branch| Item::Node(Node::With(branch))),
            Keyword::Template => self.template_action().map(Item::Node),
            Keyword::Dot | Keyword::Nil | Keyword::Define => self.plain_action(),
        }
    }

    fn plain_action(&mut self) -> Parsed<Item> {
        self.backup();
        let at = self.peek().at;
        let pipeline = self.pipeline("command", Kind::RightDelimiter)?;
        Ok(Item::Node(Node::Action(at, pipeline)))
    }

    fn jump(&mut self, token: &Token, keyword: Keyword) -> Parsed<Node> {
        let shown = format!("{{{{{}}}}}", token.text);
        self.expect(Kind::RightDelimiter, &shown)?;
        if self.range_depth == 0 {
            return self.error(&format!("{shown} outside {{{{range}}}}"));
        }
        Ok(match keyword {
            Keyword::Break => Node::Break,
            _ => Node::Continue,
        })
    }

    fn else_action(&mut self) -> Parsed<Item> {
        let next = self.peek_word().kind;
        if !matches!(next, Kind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(Kind::RightDelimiter, "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn branch(&mut self, context: &str) -> Parsed<Branch> {
        let known = self.variables.len();
        let pipeline = self.pipeline(context, Kind::RightDelimiter)?;
        let in_range = usize::from(context == "range");
        self.range_depth += in_range;
        let (then, ending) = self.block()?;
        self.range_depth -= in_range;
        let otherwise = match ending {
            Ending::End => None,
            Ending::Else => Some(self.otherwise(context)?),
        };
        self.variables.truncate(known);
        Ok(Branch {
            at: pipeline.at,
            pipeline,
            then,
            otherwise,
        })
    }

    /// What follows `{{else`: another `if` or `with` of the same kind, or a block.
    fn otherwise(&mut self, context: &str) -> Parsed<Block> {
        let chained = match (context, self.peek().kind) {
            ("if", Kind::Keyword(Keyword::If)) => Some(Node::If as fn(Branch) -> Node),
            ("with", Kind::Keyword(Keyword::With)) => Some(Node::With as fn(Branch) -> Node),
            _ => None,
        };
        if let Some(make) = chained {
            self.next();
            let context = context.to_owned();
            let branch = self.deeper(|parser| parser.branch(&context))?;
            return Ok(Block {
                nodes: vec![make(branch)],
            });
        }
        let (block, ending) = self.block()?;
        match ending {
            Ending::End => Ok(block),
            Ending::Else => self.error(&format!("expected end; found {}", ending.shown())),
        }
    }

    fn template_name(&mut self, context: &str) -> Parsed<(Token, String)> {
        let token = self.next_word();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, context);
        }
        let name = self.unquoted(&token)?;
        Ok((token, name))
    }

    fn block_action(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let pipeline = self.pipeline(CONTEXT, Kind::RightDelimiter)?;
        let block = self.separate_block(CONTEXT)?;
        self.add(name.clone(), block)?;
        Ok(Node::Template {
            at: token.at,
            name,
            pipeline: Some(pipeline),
        })
    }

    fn template_action(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let mut pipeline: Option<Pipeline> = None;
        if self.next_word().kind != Kind::RightDelimiter {
            self.backup();
            pipeline = Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?);
        }
        Ok(Node::Template {
            at: token.at,
            name,
            pipeline,
        })
    }
}

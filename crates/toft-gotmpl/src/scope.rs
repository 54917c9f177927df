//! Where templates are looked up by name.

use std::collections::BTreeMap;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::error::TemplateError;
use crate::functions::Vocabulary;
use crate::node::Block;
use crate::parse;

/// A text that was parsed, and its name; errors show both.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) name: SmolStr,
    pub(crate) text: Rc<str>,
}

/// One template, and the text that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) written: Rc<Written>,
    pub(crate) block: Rc<Block>,
}

/// The templates of some texts, and those around them, which these hide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    trees: BTreeMap<SmolStr, Tree>,
    around: Option<Rc<Self>>,
}

impl Scope {
    /// A scope inside another: what is added here is unknown there.
    pub(crate) fn inside(around: &Rc<Self>) -> Self {
        Self {
            trees: BTreeMap::new(),
            around: Some(Rc::clone(around)),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Tree> {
        let mut scope = self;
        loop {
            if let Some(tree) = scope.trees.get(name) {
                return Some(tree);
            }
            scope = scope.around.as_deref()?;
        }
    }

    /// Reads a text; gives the template that the text itself is.
    ///
    /// A later template replaces an earlier one of the same name, unless it is blank.
    ///
    /// Source: Go 1.26 `src/text/template/template.go`, `AddParseTree`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        text: &str,
        vocabulary: Vocabulary,
    ) -> Result<Tree, TemplateError> {
        let written = Rc::new(Written {
            name: name.into(),
            text: text.into(),
        });
        let mut root = None;
        for (defined, block) in parse::parse(name, text, vocabulary)? {
            let tree = Tree {
                written: Rc::clone(&written),
                block,
            };
            if defined == name {
                root = Some(tree.clone());
            }
            if !tree.block.is_blank() || self.find(&defined).is_none() {
                self.trees.insert(defined.into(), tree);
            }
        }
        Ok(root.unwrap_or_else(|| Tree {
            written,
            block: Rc::default(),
        }))
    }
}

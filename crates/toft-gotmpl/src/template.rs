//! A template: parsed once, rendered often.

use std::rc::Rc;

use jiff::Timestamp;

use crate::error::TemplateError;
use crate::exec;
use crate::functions;
use crate::node::Block;
use crate::parse::{self, Trees};
use crate::runtime::Data;

/// A parsed template and the templates defined in it.
///
/// # Example
/// ```
/// use toft_gotmpl::{Data, Settings, Template};
/// use toft_value::value;
/// let template = Template::parse("", "{{ .name | upper }}").unwrap();
/// let data = Data::from_value(&value!({"name": "nas"}));
/// assert_eq!(template.render(&data, &Settings::default()).unwrap(), "NAS");
/// ```
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    text: Rc<str>,
    trees: Trees,
}

/// What a template needs from outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// What `now` gives.
    pub now: Timestamp,
    /// What random texts derive from.
    pub seed: u64,
    /// How the template is executed.
    pub options: Options,
}

/// How a template is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What a key that a map does not have gives.
    pub missing_key: MissingKey,
}

/// What a key that a map does not have gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `<no value>`
    #[default]
    Invalid,
    /// The zero value of the map's type.
    Zero,
    /// An error.
    Error,
}

impl Options {
    /// Reads options such as `missingkey=error`.
    ///
    /// # Errors
    /// An option is unknown; the words are Go's.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, TemplateError> {
        let mut options = Self::default();
        for text in texts {
            if text.is_empty() {
                return Err(TemplateError("empty option string".to_owned()));
            }
            options.missing_key = match text.split_once('=') {
                Some(("missingkey", "invalid" | "default")) => MissingKey::Invalid,
                Some(("missingkey", "zero")) => MissingKey::Zero,
                Some(("missingkey", "error")) => MissingKey::Error,
                _ => return Err(TemplateError(format!("unrecognized option: {text}"))),
            };
        }
        Ok(options)
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The text is no template; the words are Go's.
    pub fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            name: name.to_owned(),
            text: text.into(),
            trees: parse::parse(name, text, functions::is_defined)?,
        })
    }

    /// Renders it.
    ///
    /// # Errors
    /// An action failed or a bound was reached; the words are Go's where Go has them.
    pub fn render(&self, data: &Data, settings: &Settings) -> Result<String, TemplateError> {
        exec::run(self, data, settings)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn tree(&self, name: &str) -> Option<&Rc<Block>> {
        self.trees.get(name)
    }
}

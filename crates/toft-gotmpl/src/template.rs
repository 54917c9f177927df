//! A template: parsed once, rendered often.

use std::rc::Rc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::error::TemplateError;
use crate::exec;
use crate::functions::Vocabulary;
use crate::runtime::Data;
use crate::scope::Scope;
use crate::session::Session;

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
    name: SmolStr,
    templates: TemplateSet,
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
        let mut templates = TemplateSet::new(Vocabulary::Argo);
        templates.add(name, text)?;
        Ok(Self {
            name: name.into(),
            templates,
        })
    }

    /// Renders it.
    ///
    /// # Errors
    /// An action failed or a bound was reached; the words are Go's where Go has them.
    pub fn render(&self, data: &Data, settings: &Settings) -> Result<String, TemplateError> {
        let mut session = Session::new(settings);
        exec::run(&self.templates.scope, &self.name, data, &mut session)
    }
}

/// Templates that can call each other.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    vocabulary: Vocabulary,
    scope: Rc<Scope>,
}

impl TemplateSet {
    /// No template yet.
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self {
            vocabulary,
            scope: Rc::default(),
        }
    }

    /// Reads a text and the templates that it defines; later ones replace earlier ones of the same name.
    ///
    /// # Errors
    /// The text is no template; the words are Go's.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        let scope = Rc::make_mut(&mut self.scope);
        scope.add(name, text, self.vocabulary).map(drop)
    }

    /// Renders the template with a name.
    ///
    /// # Errors
    /// An action failed or a bound was reached; the words are Go's where Go has them.
    pub fn render(
        &self,
        name: &str,
        data: &Data,
        session: &mut Session,
    ) -> Result<String, TemplateError> {
        session.begin(name, self.vocabulary);
        exec::run(&self.scope, name, data, session)
    }
}

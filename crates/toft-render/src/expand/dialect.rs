//! The two dialects of templates, over texts and over whole values.

use smol_str::SmolStr;
use toft_argo::Shape;
use toft_gotmpl::{Data, Dict, Options, Settings, Template};
use toft_value::{Map, Value};

use super::fast;

/// How templates are written.
#[derive(Clone, Debug)]
pub(crate) enum Dialect {
    /// Go templates.
    Go {
        /// Such as `missingkey=error`.
        options: Vec<SmolStr>,
        /// Clock and chance.
        settings: Settings,
    },
    /// `{{name}}`
    Fast,
}

impl Dialect {
    /// Renders one text.
    pub(crate) fn replace(&self, text: &str, params: &Dict) -> Result<String, String> {
        match self {
            Self::Fast => fast::replace(text, params),
            // Most texts are no templates.
            Self::Go { .. } if !text.contains("{{") => Ok(text.to_owned()),
            Self::Go { options, settings } => {
                let template = Template::parse("", text);
                let template = template
                    .map_err(|error| format!("failed to parse template {text}: {error}"))?;
                let options = Options::parse(options.iter().map(SmolStr::as_str));
                let settings = Settings {
                    options: options.map_err(|error| error.to_string())?,
                    ..*settings
                };
                let rendered = template.render(&Data::Dict(params.clone()), &settings);
                rendered.map_err(|error| format!("failed to execute go template {text}: {error}"))
            }
        }
    }

    /// Renders every text and key of a value, in the order of a type's fields.
    ///
    /// Source: Argo CD 3.2.0 `applicationset/utils/utils.go`, `deeplyReplace`.
    pub(crate) fn replace_in(
        &self,
        shape: &Shape,
        value: &Value,
        params: &Dict,
    ) -> Result<Value, String> {
        match (shape, value) {
            (Shape::Struct(fields), Value::Map(map)) => {
                let mut replaced = map.clone();
                for field in *fields {
                    if let Some(found) = map.get(field.name) {
                        let found = self.replace_in(&field.shape, found, params)?;
                        replaced.insert(field.name, found);
                    }
                }
                Ok(Value::Map(replaced))
            }
            (Shape::List(item), Value::List(list)) => {
                let items = list.iter().map(|one| self.replace_in(item, one, params));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            (Shape::Map(item), Value::Map(map)) => {
                self.replace_map(map, params, |one| self.replace_in(item, one, params))
            }
            (Shape::Any, _) => {
                let replaced = self.replace_anywhere(value, params);
                replaced.map_err(|message| {
                    format!("failed to deeply replace JSON field contents: {message}")
                })
            }
            _ => self.replace_anywhere(value, params),
        }
    }

    fn replace_anywhere(&self, value: &Value, params: &Dict) -> Result<Value, String> {
        match value {
            Value::Str(text) => self.replace(text, params).map(Value::from),
            Value::List(list) => {
                let items = list.iter().map(|one| self.replace_anywhere(one, params));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            Value::Map(map) => {
                self.replace_map(map, params, |one| self.replace_anywhere(one, params))
            }
            _ => Ok(value.clone()),
        }
    }

    fn replace_map(
        &self,
        map: &Map,
        params: &Dict,
        replace: impl Fn(&Value) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let value = replace(value)?;
            entries.push((self.replace(key, params)?.into(), value));
        }
        Ok(Value::Map(Map::from_entries(entries)))
    }
}

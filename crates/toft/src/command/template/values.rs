//! The values of `toft template`.

use std::fs;
use std::io::Read as _;

use clap::Args;
use toft_helm::{Setting, ValuesInput};

use crate::trouble::Trouble;

/// Where values come from; later ones win, and of the flags `--set-json`, `--set`, `--set-string`, `--set-file` and
/// `--set-literal` in this order.
#[derive(Debug, Args)]
pub(crate) struct ValuesArgs {
    /// A file of values, `-` for stdin; may be repeated, or several with commas
    #[arg(
        short = 'f',
        long = "values",
        value_name = "FILE",
        value_delimiter = ','
    )]
    files: Vec<String>,
    /// Set values: `a.b=1,c=x`
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set: Vec<String>,
    /// Set values that are strings
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_string: Vec<String>,
    /// Set values that are the texts of files: `a=path`
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_file: Vec<String>,
    /// Set values that are JSON: `a={"b":1}`, or one map
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_json: Vec<String>,
    /// Set one value to a text as it is
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    set_literal: Vec<String>,
}

impl ValuesArgs {
    /// Everything that is said, files read.
    pub(super) fn input(&self) -> anyhow::Result<ValuesInput> {
        let mut input = ValuesInput::default();
        for file in &self.files {
            input.files.push((file.clone(), read(file)?));
        }
        let settings = &mut input.settings;
        settings.extend(self.set_json.iter().cloned().map(Setting::Json));
        settings.extend(self.set.iter().cloned().map(Setting::Typed));
        settings.extend(self.set_string.iter().cloned().map(Setting::Text));
        for text in &self.set_file {
            for part in parts(text) {
                settings.push(from_file(&part)?);
            }
        }
        settings.extend(self.set_literal.iter().cloned().map(Setting::Literal));
        Ok(input)
    }
}

fn read(path: &str) -> anyhow::Result<Vec<u8>> {
    if path.trim() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Trouble::usage("failed to read stdin").because(error))?;
        return Ok(bytes);
    }
    let failed = |error| Trouble::usage(format!("failed to read `{path}`")).because(error);
    Ok(fs::read(path).map_err(failed)?)
}

/// A text at its commas, but those behind a backslash.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for one in text.chars() {
        if one == ',' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(one);
        }
        escaped = one == '\\' && !escaped;
    }
    parts
}

fn from_file(text: &str) -> anyhow::Result<Setting> {
    let Some((key, path)) = text.split_once('=') else {
        let message = format!("failed parsing --set-file data: key {text:?} has no value");
        return Err(Trouble::usage(message).into());
    };
    let bytes = read(path)?;
    Ok(Setting::File {
        key: key.to_owned(),
        content: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

//! The forms of an answer.

use clap::ValueEnum;
use toft_value::Value;

/// In which form an answer is printed: a table for people, the others for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
    Yaml,
}

impl Output {
    /// A report in a form for programs; a table is the business of whoever has one.
    pub(crate) fn write(self, report: &Value) -> String {
        match self {
            Self::Table | Self::Json => report.to_json_indented("  ") + "\n",
            Self::Yaml => toft_yaml::write(report),
        }
    }
}

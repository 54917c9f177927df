//! Templates: those of the cases, parsed, and rendered with what the cases have as data.

use std::rc::Rc;

use anyhow::Result;
use toft_gotmpl::{Data, Session, Settings, TemplateSet, Vocabulary};
use toft_source::Source;
use toft_testkit::Mutator;
use toft_value::Value;

use super::{any, any_part};
use crate::fuzz::input::{Input, cases, files_below};
use crate::fuzz::reshape::{Kind, reshaped};

const TEMPLATE: &str = "template";
const DATA: &str = "data";

const FOLDERS: &[&str] = &[
    "crates/toft-gotmpl/tests/cases",
    "crates/toft-helm/tests/cases",
];

pub(super) fn stored() -> Result<Vec<Input>> {
    let mut stored = Vec::new();
    for folder in FOLDERS {
        for case in cases(folder)? {
            sections(&case, &mut stored)?;
        }
    }
    Ok(stored)
}

fn sections(case: &std::path::Path, stored: &mut Vec<Input>) -> Result<()> {
    let file = case.join("input/templates.txt");
    if !file.is_file() {
        for (name, bytes) in files_below(&case.join("input"))?.parts {
            if name.contains("templates/") {
                stored.push(Input::of(TEMPLATE, bytes));
            }
        }
        return Ok(());
    }
    let data = ["data.json", "values.yaml"].map(|name| case.join("input").join(name));
    let data = data.iter().find(|file| file.is_file());
    let data = data.map_or(Ok(Vec::new()), std::fs::read)?;
    let text = std::fs::read_to_string(file)?;
    for section in format!("\n{text}").split("\n=== ").skip(1) {
        let (_, template) = section.split_once('\n').unwrap_or((section, ""));
        let mut input = Input::of(TEMPLATE, template);
        input.parts.push((DATA.to_owned(), data.clone()));
        stored.push(input);
    }
    Ok(())
}

pub(super) fn change(mutator: &mut Mutator, stored: &[Input]) -> Input {
    let mut input = any(mutator, stored).clone();
    for (name, bytes) in &mut input.parts {
        let other = any_part(mutator, stored);
        if name == TEMPLATE {
            *bytes = reshaped(mutator, (bytes, Kind::Template), other);
        } else if mutator.below(8) == 0 {
            *bytes = reshaped(mutator, (bytes, Kind::Yaml), other);
        }
    }
    input
}

const VOCABULARIES: [Vocabulary; 3] = [Vocabulary::Argo, Vocabulary::Helm3, Vocabulary::Helm4];

pub(super) fn parse(input: &Input) -> bool {
    let text = input.text(TEMPLATE);
    let parsed = VOCABULARIES.map(|vocabulary| TemplateSet::new(vocabulary).add("t", &text));
    parsed.iter().any(Result::is_ok)
}

pub(super) fn render(input: &Input) -> bool {
    let text = input.text(TEMPLATE);
    let source = Source::new("data", input.part(DATA).into());
    let data = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    let data = data.value.into_iter().next().map(|one| one.value);
    let values = data.unwrap_or(Value::Null);
    let with_values = toft_value::value!({"Values": (values.clone()), "Release": {"Name": "r"}});
    let mut taken = false;
    for vocabulary in VOCABULARIES {
        let mut templates = TemplateSet::new(vocabulary);
        if templates.add("t", &text).is_err() {
            continue;
        }
        let data = match vocabulary {
            Vocabulary::Argo => Data::from_value(&values),
            Vocabulary::Helm3 | Vocabulary::Helm4 => Data::from_value(&with_values),
        };
        let mut session = Session::new(&Settings::default()).with_cluster(Rc::new(|_| Value::Null));
        taken |= templates.render("t", &data, &mut session).is_ok();
    }
    taken
}

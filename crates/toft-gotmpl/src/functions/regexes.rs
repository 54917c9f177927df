//! Regular expressions.
//!
//! Source: sprig v3.3.0 `regex.go`; Go 1.26 `src/regexp`. Both engines have RE2's syntax.

use regex::Regex;

use super::Param::{Int, Text};
use super::arguments::{int, shared, text};
use super::{Call, Function, Ran};
use crate::quote::quote;
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("mustRegexFind", &[Text, Text], None, find),
    Function::new("mustRegexFindAll", &[Text, Text, Int], None, find_all),
    Function::new("mustRegexMatch", &[Text, Text], None, is_match),
    Function::new("mustRegexReplaceAll", &[Text, Text, Text], None, replace),
    Function::new(
        "mustRegexReplaceAllLiteral",
        &[Text, Text, Text],
        None,
        replace_literal,
    ),
    Function::new("mustRegexSplit", &[Text, Text, Int], None, split),
    Function::new("regexFind", &[Text, Text], None, |call, v| {
        find(call, v).map_err(|message| panicked(&message))
    }),
    Function::new("regexFindAll", &[Text, Text, Int], None, |call, v| {
        find_all(call, v).map_err(|message| panicked(&message))
    }),
    Function::new("regexMatch", &[Text, Text], None, |call, v| {
        // A bad expression matches nothing.
        Ok(is_match(call, v).unwrap_or(Data::Bool(false)))
    }),
    Function::new("regexQuoteMeta", &[Text], None, |_, v| {
        Ok(shared(quote_meta(text(v, 0))))
    }),
    Function::new("regexReplaceAll", &[Text, Text, Text], None, |call, v| {
        replace(call, v).map_err(|message| panicked(&message))
    }),
    Function::new(
        "regexReplaceAllLiteral",
        &[Text, Text, Text],
        None,
        |call, v| replace_literal(call, v).map_err(|message| panicked(&message)),
    ),
    Function::new("regexSplit", &[Text, Text, Int], None, |call, v| {
        split(call, v).map_err(|message| panicked(&message))
    }),
];

/// Go's `MustCompile` puts the expression before what is wrong with it.
fn panicked(message: &str) -> String {
    let expression = message
        .rsplit_once(": `")
        .map_or("", |(_, end)| end.trim_end_matches('`'));
    format!("regexp: Compile({}): {message}", backquoted(expression))
}

fn backquoted(text: &str) -> String {
    if text.contains('`') {
        quote(text)
    } else {
        format!("`{text}`")
    }
}

fn compile(values: &[Data]) -> Result<Regex, String> {
    let expression = text(values, 0);
    Regex::new(expression)
        .map_err(|_| format!("error parsing regexp: invalid expression: `{expression}`"))
}

fn is_match(_: &mut Call<'_>, values: &[Data]) -> Ran {
    Ok(Data::Bool(compile(values)?.is_match(text(values, 1))))
}

fn find(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let regex = compile(values)?;
    let found = regex.find(text(values, 1));
    Ok(Data::text(found.map_or("", |found| found.as_str())))
}

fn find_all(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let regex = compile(values)?;
    let limit = usize::try_from(int(values, 2)).unwrap_or(usize::MAX);
    let found = regex.find_iter(text(values, 1)).take(limit);
    Ok(Data::texts(found.map(|found| found.as_str())))
}

fn replace(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let regex = compile(values)?;
    let (whole, template) = (text(values, 1), text(values, 2));
    let mut out = String::with_capacity(whole.len());
    let mut last = 0;
    for captures in regex.captures_iter(whole) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        out.push_str(whole.get(last..found.start()).unwrap_or_default());
        expand(&captures, template, &mut out);
        last = found.end();
        call.budget.spend_text(out.len())?;
    }
    out.push_str(whole.get(last..).unwrap_or_default());
    Ok(shared(out))
}

/// `$1`, `${1}`, `$name`; the longest name counts, as in Go and in Rust.
fn expand(captures: &regex::Captures<'_>, template: &str, out: &mut String) {
    captures.expand(template, out);
}

fn replace_literal(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let regex = compile(values)?;
    let whole = text(values, 1);
    let out = regex.replace_all(whole, regex::NoExpand(text(values, 2)));
    call.budget.spend_text(out.len())?;
    Ok(shared(out.into_owned()))
}

/// Source: Go 1.26 `src/regexp/regexp.go`, `Split`.
fn split(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let regex = compile(values)?;
    let whole = text(values, 1);
    let limit = int(values, 2);
    if limit == 0 {
        return Ok(Data::texts(Vec::<String>::new()));
    }
    if whole.is_empty() {
        return Ok(Data::texts([""]));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    for found in regex.find_iter(whole) {
        if parts.len() + 1 == limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(whole.get(start..end).unwrap_or_default());
        }
        start = found.end();
    }
    if end != whole.len() {
        parts.push(whole.get(start..).unwrap_or_default());
    }
    Ok(Data::texts(parts))
}

fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

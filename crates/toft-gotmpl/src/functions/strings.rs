//! Texts.
//!
//! Source: sprig v3.3.0 `strings.go`, `functions.go`; github.com/Masterminds/goutils v1.1.1
//! `stringutils.go`, `wordutils.go`. Positions count bytes; a cut through a character leaves U+FFFD.

use smol_str::SmolStr;

use super::Param::{Any, Int, Text};
use super::arguments::{any, int, shared, size, text};
use super::{Call, Function, Ran};
use crate::format::sprint_one;
use crate::quote::quote;
use crate::runtime::{Data, Items, ItemsKind};

pub(super) const TABLE: &[Function] = &[
    Function::new("abbrev", &[Int, Text], None, |_, v| {
        Ok(abbreviate(text(v, 1), 0, int(v, 0)))
    }),
    Function::new("abbrevboth", &[Int, Int, Text], None, |_, v| {
        Ok(abbreviate_both(v))
    }),
    Function::new("cat", &[], Some(Any), |_, v| Ok(cat(v))),
    Function::new("contains", &[Text, Text], None, |_, v| {
        Ok(Data::Bool(text(v, 1).contains(text(v, 0))))
    }),
    Function::new("hasPrefix", &[Text, Text], None, |_, v| {
        Ok(Data::Bool(text(v, 1).starts_with(text(v, 0))))
    }),
    Function::new("hasSuffix", &[Text, Text], None, |_, v| {
        Ok(Data::Bool(text(v, 1).ends_with(text(v, 0))))
    }),
    Function::new("hello", &[], None, |_, _| Ok(Data::text("Hello!"))),
    Function::new("indent", &[Int, Text], None, |call, v| indent(call, "", v)),
    Function::new("join", &[Text, Any], None, |_, v| {
        Ok(shared(strings(any(v, 1)).join(text(v, 0))))
    }),
    Function::new("lower", &[Text], None, |_, v| {
        Ok(shared(text(v, 0).to_lowercase()))
    }),
    Function::new("nindent", &[Int, Text], None, |call, v| {
        indent(call, "\n", v)
    }),
    Function::new("nospace", &[Text], None, |_, v| {
        Ok(shared(
            text(v, 0)
                .chars()
                .filter(|one| !one.is_whitespace())
                .collect(),
        ))
    }),
    Function::new("plural", &[Text, Text, Int], None, |_, v| {
        Ok(Data::text(text(v, usize::from(int(v, 2) != 1))))
    }),
    Function::new("quote", &[], Some(Any), |_, v| {
        Ok(each(v, |value| quote(&strval(value))))
    }),
    Function::new("repeat", &[Int, Text], None, repeat),
    Function::new("replace", &[Text, Text, Text], None, replace),
    Function::new("split", &[Text, Text], None, |_, v| {
        Ok(numbered(&split(text(v, 1), text(v, 0), usize::MAX)))
    }),
    Function::new("splitList", &[Text, Text], None, |_, v| {
        Ok(Data::texts(split(text(v, 1), text(v, 0), usize::MAX)))
    }),
    Function::new("splitn", &[Text, Int, Text], None, |_, v| {
        let limit = usize::try_from(int(v, 1)).unwrap_or(usize::MAX);
        Ok(numbered(&split(text(v, 2), text(v, 0), limit)))
    }),
    Function::new("squote", &[], Some(Any), |_, v| {
        Ok(each(v, |value| format!("'{}'", sprint_one(value))))
    }),
    Function::new("substr", &[Int, Int, Text], None, substring),
    Function::new("swapcase", &[Text], None, |_, v| Ok(swap_case(text(v, 0)))),
    Function::new("title", &[Text], None, |_, v| Ok(title(text(v, 0)))),
    Function::new("toString", &[Any], None, |_, v| {
        Ok(shared(strval(any(v, 0))))
    }),
    Function::new("toStrings", &[Any], None, |_, v| {
        Ok(Data::texts(strings(any(v, 0))))
    }),
    Function::new("trim", &[Text], None, |_, v| {
        Ok(Data::text(text(v, 0).trim()))
    }),
    Function::new("trimAll", &[Text, Text], None, trim_all),
    Function::new("trimPrefix", &[Text, Text], None, |_, v| {
        let whole = text(v, 1);
        Ok(Data::text(whole.strip_prefix(text(v, 0)).unwrap_or(whole)))
    }),
    Function::new("trimSuffix", &[Text, Text], None, |_, v| {
        let whole = text(v, 1);
        Ok(Data::text(whole.strip_suffix(text(v, 0)).unwrap_or(whole)))
    }),
    Function::new("trimall", &[Text, Text], None, trim_all),
    Function::new("trunc", &[Int, Text], None, |_, v| {
        Ok(truncate(int(v, 0), text(v, 1)))
    }),
    Function::new("untitle", &[Text], None, |_, v| Ok(untitle(text(v, 0)))),
    Function::new("upper", &[Text], None, |_, v| {
        Ok(shared(text(v, 0).to_uppercase()))
    }),
];

/// A value as text: sprig's `strval`.
pub(super) fn strval(value: &Data) -> String {
    match value {
        Data::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => sprint_one(other),
    }
}

/// A value as texts: sprig's `strslice`; nil items are left out.
pub(super) fn strings(value: &Data) -> Vec<String> {
    match value {
        Data::Missing | Data::Nil => Vec::new(),
        Data::List(list) => {
            let items = list.items.iter().filter(|item| !item.is_nil());
            items.map(strval).collect()
        }
        other => vec![strval(other)],
    }
}

/// Bytes of a text, with U+FFFD where the cut goes through a character.
fn cut(text: &str, from: usize, to: usize) -> Data {
    let bytes = text.as_bytes().get(from..to).unwrap_or_default();
    shared(String::from_utf8_lossy(bytes).into_owned())
}

fn each(values: &[Data], show: impl Fn(&Data) -> String) -> Data {
    let shown = values.iter().filter(|value| !value.is_nil()).map(show);
    shared(shown.collect::<Vec<_>>().join(" "))
}

fn cat(values: &[Data]) -> Data {
    let values = values
        .iter()
        .filter(|value| !value.is_nil())
        .map(sprint_one);
    shared(values.collect::<Vec<_>>().join(" "))
}

fn indent(call: &mut Call<'_>, before: &str, values: &[Data]) -> Ran {
    let count = int(values, 0);
    if count < 0 {
        return Err("strings: negative Repeat count".to_owned());
    }
    let text = text(values, 1);
    let lines = text.matches('\n').count() + 1;
    call.budget
        .spend_text(text.len().saturating_add(lines.saturating_mul(size(count))))?;
    let pad = " ".repeat(size(count));
    let newline = format!("\n{pad}");
    Ok(shared(format!(
        "{before}{pad}{}",
        text.replace('\n', &newline)
    )))
}

fn repeat(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let count = int(values, 0);
    if count < 0 {
        return Err("strings: negative Repeat count".to_owned());
    }
    let text = text(values, 1);
    call.budget
        .spend_text(text.len().saturating_mul(size(count)))?;
    Ok(shared(text.repeat(size(count))))
}

fn replace(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let (old, new, whole) = (text(values, 0), text(values, 1), text(values, 2));
    let found = whole.matches(old).count();
    call.budget
        .spend_text(whole.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(shared(whole.replace(old, new)))
}

/// Go's `strings.SplitN`: an empty separator splits into characters.
pub(super) fn split(whole: &str, separator: &str, limit: usize) -> Vec<SmolStr> {
    if limit == 0 {
        return Vec::new();
    }
    if !separator.is_empty() {
        return whole.splitn(limit, separator).map(SmolStr::from).collect();
    }
    let mut parts = Vec::new();
    let mut rest = whole.chars();
    while parts.len() + 1 < limit {
        match rest.next() {
            Some(character) => parts.push(character.to_string().into()),
            None => return parts,
        }
    }
    if !rest.as_str().is_empty() {
        parts.push(rest.as_str().into());
    }
    parts
}

fn numbered(parts: &[SmolStr]) -> Data {
    let entries = parts.iter().enumerate();
    Data::text_dict(entries.map(|(index, part)| (format!("_{index}").into(), part.clone())))
}

fn substring(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let (start, end, whole) = (int(values, 0), int(values, 1), text(values, 2));
    let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let (from, to) = match (start, end) {
        (..0, end) => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        (start, end) => (start, end),
    };
    if to > length {
        return Err(out_of_bounds(&format!(":{to}"), length));
    }
    if from > to || to < 0 {
        let shown = if start < 0 {
            format!(":{to}")
        } else {
            format!("{from}:{to}")
        };
        return Err(format!(
            "runtime error: slice bounds out of range [{shown}]"
        ));
    }
    Ok(cut(whole, size(from), size(to)))
}

fn out_of_bounds(shown: &str, length: i64) -> String {
    format!("runtime error: slice bounds out of range [{shown}] with length {length}")
}

fn truncate(count: i64, whole: &str) -> Data {
    let length = whole.len();
    let kept = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if kept >= length {
        return Data::text(whole);
    }
    if count < 0 {
        cut(whole, length - kept, length)
    } else {
        cut(whole, 0, kept)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn trim_all(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let set: Vec<char> = text(values, 0).chars().collect();
    Ok(Data::text(text(values, 1).trim_matches(set.as_slice())))
}

/// Source: goutils `AbbreviateFull`.
fn abbreviate(whole: &str, offset: i64, width: i64) -> Data {
    let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    if width < 4 || length <= width {
        return Data::text(whole);
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let piece = |from: i64, to: i64| strval(&cut(whole, size(from), size(to)));
    if offset <= 4 {
        return shared(format!("{}...", piece(0, width - 3)));
    }
    if width < 7 {
        return Data::text("");
    }
    if offset + width - 3 < length {
        let rest = piece(offset, length);
        return shared(format!("...{}", strval(&abbreviate(&rest, 0, width - 3))));
    }
    shared(format!("...{}", piece(length - (width - 3), length)))
}

fn abbreviate_both(values: &[Data]) -> Data {
    let (left, right, whole) = (int(values, 0), int(values, 1), text(values, 2));
    if right < 4 || (left > 0 && right < 7) {
        return Data::text(whole);
    }
    abbreviate(whole, left, right)
}

fn title(whole: &str) -> Data {
    let mut out = String::with_capacity(whole.len());
    let mut inside = false;
    for character in whole.chars() {
        if inside {
            out.push(character);
        } else {
            out.extend(character.to_uppercase());
        }
        // Source: Go 1.26 `src/strings/strings.go`, `isSeparator`.
        inside = character == '_'
            || character.is_alphanumeric()
            || (!character.is_ascii() && !character.is_whitespace());
    }
    shared(out)
}

fn untitle(whole: &str) -> Data {
    let mut out = String::with_capacity(whole.len());
    let mut start = true;
    for character in whole.chars() {
        if start {
            out.extend(character.to_lowercase());
        } else {
            out.push(character);
        }
        start = character.is_whitespace();
    }
    shared(out)
}

fn swap_case(whole: &str) -> Data {
    let mut out = String::with_capacity(whole.len());
    for character in whole.chars() {
        if character.is_uppercase() {
            out.extend(character.to_lowercase());
        } else {
            out.extend(character.to_uppercase());
        }
    }
    shared(out)
}

/// Texts in byte order: sprig's `sortAlpha`.
pub(super) fn sort_alpha(value: &Data) -> Data {
    let mut texts = strings(value);
    if matches!(value, Data::List(_)) {
        texts.sort();
    }
    if value.is_nil() {
        texts = vec!["<nil>".to_owned()];
    }
    let items = texts.into_iter().map(|text| Data::Text(text.into()));
    Data::List(Items::new(ItemsKind::Text, items.collect()))
}

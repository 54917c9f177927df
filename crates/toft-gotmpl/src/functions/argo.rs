//! The functions that Argo CD adds.
//!
//! Source: Argo CD 3.2.0 `applicationset/utils/template_functions.go`, `utils.go` (`SlugifyName`);
//! github.com/gosimple/slug v1.15.0 `slug.go`.

use toft_value::Value;

use super::Param::{Any, Text};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("fromYaml", &[Text], None, |_, v| {
        from_yaml(text(v, 0), Wanted::Map)
    }),
    Function::new("fromYamlArray", &[Text], None, |_, v| {
        from_yaml(text(v, 0), Wanted::List)
    }),
    Function::new("normalize", &[Text], None, |_, v| {
        Ok(shared(normalize(text(v, 0))))
    }),
    Function::new("slugify", &[], Some(Any), slugify_call),
    Function::new("toYaml", &[Any], None, to_yaml),
];

/// The longest name of a DNS subdomain.
const NAME_BYTES_MAX: usize = 253;

/// A text as a DNS name: lower case, `-` for every other character, cut, without `-` and `.` around.
///
/// # Example
/// ```
/// assert_eq!(toft_gotmpl::normalize("My_App (prod)"), "my-app--prod");
/// ```
pub fn normalize(text: &str) -> String {
    let keep =
        |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-' || one == '.';
    let lower = text.to_lowercase();
    let clean: String = lower
        .chars()
        .map(|one| if keep(one) { one } else { '-' })
        .collect();
    let cut = clean.get(..NAME_BYTES_MAX).unwrap_or(&clean);
    cut.trim_matches(['-', '.']).to_owned()
}

/// How a slug is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truncation {
    /// At the last dash that fits.
    Smart,
    /// Anywhere.
    Hard,
}

/// A text as a slug of at most `length` bytes, cut at a dash where there is one.
pub fn slugify(text: &str, length: usize) -> String {
    slug(text, length, Truncation::Smart)
}

fn slug(text: &str, length: usize, truncation: Truncation) -> String {
    let mut slug = normalize(text);
    if truncation == Truncation::Hard {
        slug.truncate(length);
    }
    let parts = slug.split(['-', '.']).filter(|part| !part.is_empty());
    let slug = parts.collect::<Vec<_>>().join("-");
    if truncation == Truncation::Hard || length == 0 || slug.len() <= length {
        return slug;
    }
    let fits = slug.get(..=length).unwrap_or(&slug);
    let end = fits.rfind('-').unwrap_or(length);
    slug.get(..end).unwrap_or_default().to_owned()
}

fn slugify_call(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let Some((name, options)) = values.split_last() else {
        return Ok(Data::text(""));
    };
    let conversion = |found: &Data, wanted: &str| {
        let found = if found.is_nil() {
            "nil"
        } else {
            found.type_name()
        };
        format!("interface conversion: interface {{}} is {found}, not {wanted}")
    };
    let mut length = 50;
    let mut truncation = Truncation::Smart;
    match options.first() {
        None => {}
        Some(Data::Int(number)) => {
            length =
                usize::try_from(*number).map_err(|_| "runtime error: slice bounds out of range")?;
        }
        Some(other) => return Err(conversion(other, "int")),
    }
    match options.get(1) {
        None | Some(Data::Bool(true)) => {}
        Some(Data::Bool(false)) => truncation = Truncation::Hard,
        Some(other) => return Err(conversion(other, "bool")),
    }
    match name {
        Data::Text(name) => Ok(shared(slug(name, length, truncation))),
        other => Err(conversion(other, "string")),
    }
}

fn to_yaml(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let value = any(values, 0).to_value()?;
    let text = toft_yaml::write(&value);
    call.budget.spend_text(text.len())?;
    Ok(Data::text(text.strip_suffix('\n').unwrap_or(&text)))
}

enum Wanted {
    Map,
    List,
}

fn from_yaml(text: &str, wanted: Wanted) -> Ran {
    let source = toft_source::Source::new("", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    let refused = |one: &&toft_source::Diagnostic| one.severity == toft_source::Severity::Error;
    if let Some(error) = parsed.diagnostics.iter().find(refused) {
        return Err(format!(
            "error converting YAML to JSON: yaml: {}",
            error.message
        ));
    }
    let value = parsed.value.into_iter().next().map(|located| located.value);
    match (wanted, value.unwrap_or_default()) {
        (Wanted::Map, Value::Null) => Ok(Data::dict([])),
        (Wanted::List, Value::Null) => Ok(Data::list(Vec::new())),
        (Wanted::Map, value @ Value::Map(_)) | (Wanted::List, value @ Value::List(_)) => {
            Ok(Data::from_value(&value))
        }
        (Wanted::Map, other) => Err(mismatch(&other, "map[string]interface {}")),
        (Wanted::List, other) => Err(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let found = value.kind().go_name();
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )
}

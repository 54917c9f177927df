//! The older dialect: `{{name}}`, replaced where a parameter of that name is a text.
//!
//! Source: github.com/valyala/fasttemplate v1.2.2 `template.go`; Argo CD 3.2.0
//! `applicationset/utils/utils.go`, `Replace`.

use toft_gotmpl::{Data, Dict};

/// Replaces tags; what names no text stays as it is.
pub(super) fn replace(text: &str, params: &Dict) -> Result<String, String> {
    if !is_templated(text) {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((tag, after)) = after.split_once("}}") else {
            let reason = format!(
                "Cannot find end tag=\"}}}}\" in the template={text:?} starting from {after:?}"
            );
            return Err(format!("invalid template: {reason}"));
        };
        let name = tag.trim();
        match params.get(name) {
            Some(Data::Text(value)) if !name.is_empty() => out.push_str(&value),
            _ => {
                out.push_str("{{");
                out.push_str(tag);
                out.push_str("}}");
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether `{{` and a later `}}` stand on one line.
fn is_templated(text: &str) -> bool {
    text.lines().any(|line| {
        line.split_once("{{")
            .is_some_and(|(_, rest)| rest.contains("}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_are_replaced() {
        let params = super::super::params::empty();
        params.set("name", Data::text("sonarr"));
        params.set("port", Data::Float(8989.0));
        let cases = [
            ("{{name}}-{{ name }}", "sonarr-sonarr"),
            ("{{port}} {{nope}} {{ }}", "{{port}} {{nope}} {{ }}"),
            ("a {{name", "a {{name"),
            ("}} {{", "}} {{"),
            ("{{\nname}}", "{{\nname}}"),
            ("{{name}} {{\nname\n}}", "sonarr sonarr"),
        ];
        for (text, expected) in cases {
            assert_eq!(replace(text, &params).as_deref(), Ok(expected));
        }
        assert!(replace("{{name}} {{open", &params).is_err());
    }
}

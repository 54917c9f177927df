//! The OpenAPI document of the older form in the binary form that `kubectl` asks for.
//!
//! Source: gnostic-models 0.7.1 `openapiv2/OpenAPIv2.proto`; what is there and never in our documents is left out.

use toft_value::Value;

/// The media type of the answer.
///
/// Source: kube-openapi `pkg/handler/handler.go`.
pub(crate) const MEDIA: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The media types by which it is asked for: `@` is the older way to write it.
pub(crate) const ASKED: &[&str] = &[
    MEDIA,
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
];

/// The fields of a message by their JSON keys, and where keys that begin with `x-` go.
struct Message {
    fields: &'static [(&'static str, u32, Kind)],
    extensions: Option<u32>,
}

/// How a field is written.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Flag,
    Whole,
    Number,
    /// Any value, as text.
    Any,
    /// A list of such.
    Anys,
    One(&'static Message),
    Many(&'static Message),
    /// A map, as a message with a list of names and values of that number.
    Named(u32, &'static Message),
    /// A list of maps of names to lists of texts.
    Requirements,
    /// A text or a list of texts, in a message of its own.
    Type,
    /// One value in a message of its own; the number is that of the value in it.
    Wrapped(u32, &'static Message),
    /// A parameter, whose message depends on where it stands.
    Parameters,
    /// A schema or a boolean.
    SchemaOrFlag,
}

use Kind::{
    Any, Anys, Flag, Many, Named, Number, One, Parameters, Requirements, SchemaOrFlag, Text, Texts,
    Type, Whole, Wrapped,
};

static DOCUMENT: Message = Message {
    fields: &[
        ("swagger", 1, Text),
        ("info", 2, One(&INFO)),
        ("paths", 8, Named(2, &PATH_ITEM)),
        ("definitions", 9, Named(1, &SCHEMA)),
        ("security", 12, Requirements),
        ("securityDefinitions", 13, Named(1, &SECURITY)),
    ],
    extensions: Some(16),
};

static INFO: Message = Message {
    fields: &[("title", 1, Text), ("version", 2, Text)],
    extensions: Some(7),
};

static SECURITY: Message = Message {
    fields: &[("", 2, One(&API_KEY))],
    extensions: None,
};

static API_KEY: Message = Message {
    fields: &[
        ("type", 1, Text),
        ("name", 2, Text),
        ("in", 3, Text),
        ("description", 4, Text),
    ],
    extensions: Some(5),
};

static PATH_ITEM: Message = Message {
    fields: &[
        ("get", 2, One(&OPERATION)),
        ("put", 3, One(&OPERATION)),
        ("post", 4, One(&OPERATION)),
        ("delete", 5, One(&OPERATION)),
        ("patch", 8, One(&OPERATION)),
        ("parameters", 9, Parameters),
    ],
    extensions: Some(10),
};

static OPERATION: Message = Message {
    fields: &[
        ("tags", 1, Texts),
        ("operationId", 5, Text),
        ("produces", 6, Texts),
        ("consumes", 7, Texts),
        ("parameters", 8, Parameters),
        ("responses", 9, Named(1, &RESPONSE_VALUE)),
        ("schemes", 10, Texts),
    ],
    extensions: Some(13),
};

static RESPONSE_VALUE: Message = Message {
    fields: &[("", 1, One(&RESPONSE))],
    extensions: None,
};

static RESPONSE: Message = Message {
    fields: &[("description", 1, Text), ("schema", 2, Wrapped(1, &SCHEMA))],
    extensions: Some(5),
};

static BODY: Message = Message {
    fields: &[
        ("description", 1, Text),
        ("name", 2, Text),
        ("in", 3, Text),
        ("required", 4, Flag),
        ("schema", 5, One(&SCHEMA)),
    ],
    extensions: Some(6),
};

static IN_QUERY: Message = Message {
    fields: &[
        ("required", 1, Flag),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 6, Text),
        ("format", 7, Text),
        ("uniqueItems", 20, Flag),
    ],
    extensions: Some(23),
};

static IN_PATH: Message = Message {
    fields: &[
        ("required", 1, Flag),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 5, Text),
        ("format", 6, Text),
        ("uniqueItems", 19, Flag),
    ],
    extensions: Some(22),
};

static SCHEMA: Message = Message {
    fields: &[
        ("$ref", 1, Text),
        ("format", 2, Text),
        ("title", 3, Text),
        ("description", 4, Text),
        ("default", 5, Any),
        ("multipleOf", 6, Number),
        ("maximum", 7, Number),
        ("exclusiveMaximum", 8, Flag),
        ("minimum", 9, Number),
        ("exclusiveMinimum", 10, Flag),
        ("maxLength", 11, Whole),
        ("minLength", 12, Whole),
        ("pattern", 13, Text),
        ("maxItems", 14, Whole),
        ("minItems", 15, Whole),
        ("uniqueItems", 16, Flag),
        ("maxProperties", 17, Whole),
        ("minProperties", 18, Whole),
        ("required", 19, Texts),
        ("enum", 20, Anys),
        ("additionalProperties", 21, SchemaOrFlag),
        ("type", 22, Type),
        ("items", 23, Wrapped(1, &SCHEMA)),
        ("allOf", 24, Many(&SCHEMA)),
        ("properties", 25, Named(1, &SCHEMA)),
        ("example", 30, Any),
    ],
    extensions: Some(31),
};

/// Writes a document.
pub(crate) fn encode(document: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    message(&mut bytes, &DOCUMENT, document);
    bytes
}

fn number(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn delimited(bytes: &mut Vec<u8>, field: u32, content: &[u8]) {
    number(bytes, u64::from(field) << 3 | 2);
    number(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

fn nested(bytes: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    write(&mut content);
    delimited(bytes, field, &content);
}

/// What has one field without a key is that field, whatever its value.
fn message(bytes: &mut Vec<u8>, kind: &Message, value: &Value) {
    for (key, field, how) in kind.fields {
        let found = if key.is_empty() {
            Some(value)
        } else {
            value.get(key)
        };
        if let Some(found) = found {
            write(bytes, *field, *how, found);
        }
    }
    let Some(extensions) = kind.extensions else {
        return;
    };
    for (key, inner) in value.as_map().into_iter().flatten() {
        if key.starts_with("x-") {
            nested(bytes, extensions, |entry| {
                delimited(entry, 1, key.as_bytes());
                nested(entry, 2, |entry| any(entry, inner));
            });
        }
    }
}

/// Source: gnostic-models `Any`: the text is YAML, of which JSON is a part.
fn any(bytes: &mut Vec<u8>, value: &Value) {
    let mut text = value.to_json();
    text.push('\n');
    delimited(bytes, 2, text.as_bytes());
}

fn write(bytes: &mut Vec<u8>, field: u32, how: Kind, value: &Value) {
    match how {
        Text => delimited(bytes, field, value.as_str().unwrap_or_default().as_bytes()),
        Texts => {
            for text in value.items().iter().filter_map(Value::as_str) {
                delimited(bytes, field, text.as_bytes());
            }
        }
        Flag if value.as_bool() == Some(true) => {
            number(bytes, u64::from(field) << 3);
            number(bytes, 1);
        }
        Flag => {}
        Whole => {
            number(bytes, u64::from(field) << 3);
            number(bytes, value.as_i64().unwrap_or(0).cast_unsigned());
        }
        Number => {
            number(bytes, u64::from(field) << 3 | 1);
            let value = value.as_f64().unwrap_or(0.0);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        Any => nested(bytes, field, |inner| any(inner, value)),
        Anys => {
            for one in value.items() {
                nested(bytes, field, |inner| any(inner, one));
            }
        }
        One(kind) => nested(bytes, field, |inner| message(inner, kind, value)),
        Many(kind) => {
            for one in value.items() {
                nested(bytes, field, |inner| message(inner, kind, one));
            }
        }
        Parameters => {
            for parameter in value.items() {
                nested(bytes, field, |item| {
                    nested(item, 1, |inner| write_parameter(inner, parameter));
                });
            }
        }
        Requirements => {
            for requirement in value.items() {
                nested(bytes, field, |inner| write_requirement(inner, requirement));
            }
        }
        Named(inner, kind) => nested(bytes, field, |map| {
            for (name, value) in value.as_map().into_iter().flatten() {
                nested(map, inner, |entry| {
                    delimited(entry, 1, name.as_bytes());
                    nested(entry, 2, |entry| message(entry, kind, value));
                });
            }
        }),
        Type => nested(bytes, field, |inner| match value.as_str() {
            Some(text) => delimited(inner, 1, text.as_bytes()),
            None => write(inner, 1, Texts, value),
        }),
        Wrapped(inner, kind) => nested(bytes, field, |wrapper| {
            nested(wrapper, inner, |wrapper| message(wrapper, kind, value));
        }),
        SchemaOrFlag => nested(bytes, field, |item| match value.as_bool() {
            Some(_) => write(item, 2, Flag, value),
            None => write(item, 1, One(&SCHEMA), value),
        }),
    }
}

fn write_parameter(bytes: &mut Vec<u8>, parameter: &Value) {
    match parameter.str_at(&["in"]) {
        Some("body") => write(bytes, 1, One(&BODY), parameter),
        Some("path") => nested(bytes, 2, |inner| write(inner, 4, One(&IN_PATH), parameter)),
        Some(_) | None => nested(bytes, 2, |inner| write(inner, 3, One(&IN_QUERY), parameter)),
    }
}

fn write_requirement(bytes: &mut Vec<u8>, requirement: &Value) {
    for (name, scopes) in requirement.as_map().into_iter().flatten() {
        nested(bytes, 1, |entry| {
            delimited(entry, 1, name.as_bytes());
            nested(entry, 2, |entry| write(entry, 1, Texts, scopes));
        });
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn a_document_is_written_field_by_field() {
        let document = value!({
            "swagger": "2.0",
            "definitions": {"a": {"type": "string", "x-b": 1}},
        });
        let written = encode(&document);
        assert!(written.starts_with(b"\x0a\x032.0"));
        assert!(written.windows(6).any(|bytes| bytes == b"string"));
        assert!(written.ends_with(b"x-b\x12\x04\x12\x021\n"));
    }
}

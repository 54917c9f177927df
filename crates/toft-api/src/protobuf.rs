//! Binary bodies: `k8s\0` and a `runtime.Unknown`, decoded to the JSON of the object by the field numbers of
//! the schemas.
//!
//! Source: apimachinery 0.36.3 `pkg/runtime/serializer/protobuf/protobuf.go`, `pkg/runtime/generated.proto`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol_str::SmolStr;
use toft_object::{Gvk, Time};
use toft_schema::{Field, ProtoField, ProtoMessage, Schema, Schemas, Shape};
use toft_value::{List, Map, Value};

/// What every binary body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// How deep messages may nest; the same bound as of JSON.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

/// Why bytes are no such body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtobufError {
    /// The first bytes are others.
    #[error(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    )]
    Magic,
    /// A number or a length goes beyond the end, or a text is no UTF-8.
    #[error("the message is cut off or malformed")]
    Malformed,
    /// Messages nest too deep.
    #[error("messages nest deeper than {DEPTH_MAX}")]
    Depth,
    /// The kind has no schema.
    #[error("no kind {kind:?} is registered for version {version:?}")]
    Kind {
        /// The kind.
        kind: String,
        /// Its version.
        version: String,
    },
}

/// Decodes a body to the object that it is.
///
/// Fields that are zero and no pointers in Go are left out, as Go's JSON would.
///
/// # Errors
/// The bytes are no such body, or of a kind without schema.
pub(crate) fn decode(bytes: &[u8], schemas: &Schemas) -> Result<Value, ProtobufError> {
    let unknown = bytes.strip_prefix(MAGIC).ok_or(ProtobufError::Magic)?;
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &b""[..]);
    for part in Parts(unknown) {
        let part = part?;
        match (part.number, part.data) {
            (1, Data::Bytes(meta)) => (version, kind) = type_meta(meta)?,
            (2, Data::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let schema = schema(schemas, &version, &kind).ok_or_else(|| ProtobufError::Kind {
        kind: kind.clone(),
        version: version.clone(),
    })?;
    let mut object = message(schema, raw, 0)?;
    object.set_at(&["apiVersion"], version);
    object.set_at(&["kind"], kind);
    Ok(object)
}

/// Options of a call are known in every group and version.
fn schema<'s>(schemas: &'s Schemas, version: &str, kind: &str) -> Option<Schema<'s>> {
    let found = schemas.schema(&Gvk::of(version, kind));
    found.or_else(|| schemas.definition(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}")))
}

fn type_meta(bytes: &[u8]) -> Result<(String, String), ProtobufError> {
    let (mut version, mut kind) = (String::new(), String::new());
    for part in Parts(bytes) {
        let part = part?;
        match part.number {
            1 => part.text()?.clone_into(&mut version),
            2 => part.text()?.clone_into(&mut kind),
            _ => {}
        }
    }
    Ok((version, kind))
}

/// One field of a message.
struct Part<'b> {
    number: u32,
    data: Data<'b>,
}

#[derive(Clone, Copy)]
enum Data<'b> {
    Number(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'b [u8]),
}

/// The fields of a message, in order.
struct Parts<'b>(&'b [u8]);

impl<'b> Parts<'b> {
    fn number(&mut self) -> Result<u64, ProtobufError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(ProtobufError::Malformed)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ProtobufError::Malformed)
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], ProtobufError> {
        let length = usize::try_from(length).map_err(|_| ProtobufError::Malformed)?;
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(ProtobufError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn part(&mut self) -> Result<Part<'b>, ProtobufError> {
        let tag = self.number()?;
        let number = u32::try_from(tag >> 3).map_err(|_| ProtobufError::Malformed)?;
        let little = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
        };
        let data = match tag & 7 {
            0 => Data::Number(self.number()?),
            1 => Data::Fixed64(little(self.take(8)?)),
            2 => {
                let length = self.number()?;
                Data::Bytes(self.take(length)?)
            }
            5 => Data::Fixed32(u32::try_from(little(self.take(4)?)).unwrap_or(0)),
            _ => return Err(ProtobufError::Malformed),
        };
        Ok(Part { number, data })
    }
}

impl<'b> Iterator for Parts<'b> {
    type Item = Result<Part<'b>, ProtobufError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let part = self.part();
        if part.is_err() {
            self.0 = &[];
        }
        Some(part)
    }
}

impl<'b> Part<'b> {
    fn bytes(&self) -> Result<&'b [u8], ProtobufError> {
        match self.data {
            Data::Bytes(bytes) => Ok(bytes),
            Data::Number(_) | Data::Fixed64(_) | Data::Fixed32(_) => Err(ProtobufError::Malformed),
        }
    }

    fn text(&self) -> Result<&'b str, ProtobufError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| ProtobufError::Malformed)
    }

    fn signed(&self) -> i64 {
        match self.data {
            Data::Number(number) | Data::Fixed64(number) => number.cast_signed(),
            Data::Fixed32(number) => i64::from(number),
            Data::Bytes(_) => 0,
        }
    }
}

fn message(schema: Schema<'_>, bytes: &[u8], depth: usize) -> Result<Value, ProtobufError> {
    let mut map = Map::new();
    fields(&mut map, bytes, depth, &|number| schema.proto_field(number))?;
    Ok(Value::Map(map))
}

fn inlined(
    map: &mut Map,
    inline: ProtoMessage<'_>,
    bytes: &[u8],
    depth: usize,
) -> Result<(), ProtobufError> {
    fields(map, bytes, depth, &|number| inline.proto_field(number))
}

type Lookup<'f, 's> = &'f dyn Fn(u32) -> Option<ProtoField<'s>>;

fn fields(
    map: &mut Map,
    bytes: &[u8],
    depth: usize,
    lookup: Lookup<'_, '_>,
) -> Result<(), ProtobufError> {
    if depth > DEPTH_MAX {
        return Err(ProtobufError::Depth);
    }
    for part in Parts(bytes) {
        let part = part?;
        match lookup(part.number) {
            None => {}
            Some(ProtoField::Inline(inner)) => inlined(map, inner, part.bytes()?, depth + 1)?,
            Some(ProtoField::Field(field)) => add(map, field, &part, depth)?,
        }
    }
    Ok(())
}

/// Adds one occurrence of a field: to a list, to a map, or as the value.
fn add(
    map: &mut Map,
    field: Field<'_>,
    part: &Part<'_>,
    depth: usize,
) -> Result<(), ProtobufError> {
    let schema = field.schema();
    if let Some(items) = schema.items() {
        let item = value(items, part, depth)?;
        if let Some(list) = map
            .get_or_insert(field.name().clone(), List::new())
            .as_list_mut()
        {
            list.push(item);
        }
        return Ok(());
    }
    if let Some(values) = schema.values() {
        let (key, inner) = entry(values, part.bytes()?, depth)?;
        if let Some(entries) = map
            .get_or_insert(field.name().clone(), Map::new())
            .as_map_mut()
        {
            entries.insert(key, inner);
        }
        return Ok(());
    }
    let value = value(schema, part, depth)?;
    if field.is_pointer() || !is_zero(&value) {
        map.insert(field.name().clone(), value);
    }
    Ok(())
}

fn entry(
    values: Schema<'_>,
    bytes: &[u8],
    depth: usize,
) -> Result<(SmolStr, Value), ProtobufError> {
    let (mut key, mut inner) = (SmolStr::default(), Value::from(""));
    for part in Parts(bytes) {
        let part = part?;
        match part.number {
            1 => key = part.text()?.into(),
            2 => inner = value_of_entry(values, &part, depth)?,
            _ => {}
        }
    }
    Ok((key, inner))
}

/// Maps of lists, such as `extra` of a user, wrap the list in a message.
fn value_of_entry(
    values: Schema<'_>,
    part: &Part<'_>,
    depth: usize,
) -> Result<Value, ProtobufError> {
    let Some(items) = values.items() else {
        return value(values, part, depth);
    };
    let parts = Parts(part.bytes()?).map(|part| value(items, &part?, depth));
    Ok(Value::List(parts.collect::<Result<Vec<_>, _>>()?.into()))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Str(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Float(number) => *number == 0.0,
        Value::Bool(true) | Value::Int(_) | Value::UInt(_) => false,
    }
}

fn value(schema: Schema<'_>, part: &Part<'_>, depth: usize) -> Result<Value, ProtobufError> {
    Ok(match schema.shape() {
        Shape::Object => message(schema, part.bytes()?, depth + 1)?,
        Shape::String => part.text()?.into(),
        Shape::Int32 | Shape::Int64 => part.signed().into(),
        Shape::Number => match part.data {
            Data::Fixed64(bits) => Value::Float(f64::from_bits(bits)),
            Data::Fixed32(bits) => Value::Float(f32::from_bits(bits).into()),
            Data::Number(_) | Data::Bytes(_) => return Err(ProtobufError::Malformed),
        },
        Shape::Boolean => Value::Bool(part.signed() != 0),
        Shape::IntOrString => int_or_string(part.bytes()?)?,
        Shape::Quantity => first_text(part.bytes()?)?,
        Shape::Time => time(part.bytes()?)?.map_or(Value::Null, |time| time.to_string().into()),
        Shape::MicroTime => {
            time(part.bytes()?)?.map_or(Value::Null, |time| time.to_micro_string().into())
        }
        Shape::Duration => duration(part.bytes()?)?,
        Shape::Bytes => STANDARD.encode(part.bytes()?).into(),
        Shape::Raw | Shape::Any => match choice(schema) {
            Some(choice) => chosen((schema, choice), part.bytes()?, depth)?,
            None => raw(part.bytes()?)?,
        },
        // A list of lists or a map in a list has no field of its own in any built-in kind.
        Shape::Map | Shape::List => Value::Null,
    })
}

/// Where the definitions of a CRD's schemas are.
const CRD_TYPES: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/// What may stand where a CRD's schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Bool,
    Schemas,
    Texts,
}

/// Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/v1/generated.proto`.
fn choice(schema: Schema<'_>) -> Option<Choice> {
    match schema.name().strip_prefix(CRD_TYPES)? {
        "OrBool" => Some(Choice::Bool),
        "OrArray" => Some(Choice::Schemas),
        "OrStringArray" => Some(Choice::Texts),
        _ => None,
    }
}

/// A schema, or what may stand in its place.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/v1/marshal.go`.
fn chosen(
    (schema, choice): (Schema<'_>, Choice),
    bytes: &[u8],
    depth: usize,
) -> Result<Value, ProtobufError> {
    let Some(props) = schema.definition(CRD_TYPES) else {
        return Ok(Value::Null);
    };
    let (mut allows, mut one, mut list) = (false, None, List::new());
    for part in Parts(bytes) {
        let part = part?;
        match (choice, part.number) {
            (Choice::Bool, 1) => allows = part.signed() != 0,
            (Choice::Bool, 2) | (Choice::Schemas | Choice::Texts, 1) => {
                one = Some(message(props, part.bytes()?, depth + 1)?);
            }
            (Choice::Schemas, 2) => list.push(message(props, part.bytes()?, depth + 1)?),
            (Choice::Texts, 2) => list.push(part.text()?),
            _ => {}
        }
    }
    Ok(match (one, choice) {
        (_, Choice::Schemas | Choice::Texts) if !list.is_empty() => Value::List(list),
        (Some(one), _) => one,
        (None, Choice::Bool) => Value::Bool(allows),
        (None, Choice::Schemas | Choice::Texts) => Value::Null,
    })
}

fn int_or_string(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let (mut is_text, mut number, mut text) = (false, 0, SmolStr::default());
    for part in Parts(bytes) {
        let part = part?;
        match part.number {
            1 => is_text = part.signed() == 1,
            2 => number = part.signed(),
            3 => text = part.text()?.into(),
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}

fn first_text(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let mut text = Value::from("");
    for part in Parts(bytes) {
        let part = part?;
        if part.number == 1 {
            text = part.text()?.into();
        }
    }
    Ok(text)
}

/// A time; none where the message is empty.
fn time(bytes: &[u8]) -> Result<Option<Time>, ProtobufError> {
    let (mut seconds, mut nanos) = (0, 0);
    for part in Parts(bytes) {
        let part = part?;
        match part.number {
            1 => seconds = part.signed(),
            2 => nanos = part.signed(),
            _ => {}
        }
    }
    let micros = seconds
        .saturating_mul(1_000_000)
        .saturating_add(nanos / 1_000);
    Ok((!bytes.is_empty()).then(|| Time::from_micros(micros)))
}

/// A duration, as Go prints it.
fn duration(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let mut nanos = 0;
    for part in Parts(bytes) {
        let part = part?;
        if part.number == 1 {
            nanos = part.signed();
        }
    }
    Ok(go_duration(nanos).into())
}

/// Source: Go 1.26 `src/time/time.go`, Duration.String; below a second Go uses smaller units.
fn go_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.unsigned_abs();
    let fraction = |whole: u64, part: u64, digits: usize| {
        let text = format!("{part:0digits$}");
        let text = text.trim_end_matches('0');
        if text.is_empty() {
            whole.to_string()
        } else {
            format!("{whole}.{text}")
        }
    };
    if total == 0 {
        return "0s".to_owned();
    }
    if total < 1_000 {
        return format!("{sign}{total}ns");
    }
    if total < 1_000_000 {
        return format!("{sign}{}µs", fraction(total / 1_000, total % 1_000, 3));
    }
    if total < 1_000_000_000 {
        return format!(
            "{sign}{}ms",
            fraction(total / 1_000_000, total % 1_000_000, 6)
        );
    }
    let seconds = total / 1_000_000_000;
    let shown = fraction(seconds % 60, total % 1_000_000_000, 9);
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{sign}{shown}s"),
        (0, minutes) => format!("{sign}{minutes}m{shown}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{shown}s"),
    }
}

/// JSON within a message.
fn raw(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let mut value = Value::Null;
    for part in Parts(bytes) {
        let part = part?;
        if part.number == 1 {
            value = Value::from_json(part.bytes()?).map_err(|_| ProtobufError::Malformed)?;
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend_from_slice(content);
        bytes
    }

    #[test]
    fn a_config_map_is_decoded_by_its_field_numbers() {
        let meta = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
        let object = [
            field(
                1,
                &[field(1, b"a"), field(3, b"default"), field(4, b"")].concat(),
            ),
            field(2, &[field(1, b"x"), field(2, b"1")].concat()),
        ]
        .concat();
        let body = [MAGIC, &field(1, &meta), &field(2, &object)].concat();
        let expected = value!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "default"}, "data": {"x": "1"},
        });
        assert_eq!(decode(&body, &Schemas::builtin()), Ok(expected));
        assert_eq!(
            decode(b"{}", &Schemas::builtin()),
            Err(ProtobufError::Magic)
        );
    }

    /// What `apiextensions/v1` writes for a schema whose every alternative is used.
    #[test]
    fn schemas_of_crds_choose() {
        let text = |number, text: &str| field(number, text.as_bytes());
        let props = [
            text(5, "object"),
            // items: one schema
            field_of(24, &field(1, &text(5, "string"))),
            // additionalProperties: true
            field_of(30, &[0x08, 1]),
            // dependencies: {a: [b]}
            field_of(32, &[text(1, "a"), field(2, &text(2, "b"))].concat()),
            // additionalItems: false
            field_of(33, &[0x08, 0]),
        ]
        .concat();
        let schemas = Schemas::builtin();
        let schema = schemas.definition(CRD_TYPES).unwrap();
        let expected = value!({
            "type": "object", "items": {"type": "string"}, "additionalProperties": true,
            "dependencies": {"a": ["b"]}, "additionalItems": false,
        });
        assert_eq!(message(schema, &props, 0), Ok(expected));
    }

    /// A field whose number needs two bytes.
    fn field_of(number: u32, content: &[u8]) -> Vec<u8> {
        let tag = number << 3 | 2;
        let byte = |number: u32| u8::try_from(number).unwrap();
        let mut bytes = vec![byte(tag & 0x7f) | 0x80, byte(tag >> 7)];
        bytes.push(u8::try_from(content.len()).unwrap());
        bytes.extend_from_slice(content);
        bytes
    }

    #[test]
    fn cut_off_messages_are_refused() {
        let body = [MAGIC, &[0x0a, 0x7f]].concat();
        assert_eq!(
            decode(&body, &Schemas::builtin()),
            Err(ProtobufError::Malformed)
        );
    }

    #[test]
    fn durations_print_as_in_go() {
        let cases = [
            (0, "0s"),
            (1_500_000_000, "1.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (90_000_000_000, "1m30s"),
            (5_000_000, "5ms"),
        ];
        for (nanos, text) in cases {
            assert_eq!(go_duration(nanos), text);
        }
    }
}

//! Objects as tables, which is what `kubectl get` shows.
//!
//! Source: Kubernetes 1.36.3 `pkg/printers/internalversion/printers.go`; apiserver 0.36.3
//! `pkg/registry/rest/table.go`; apiextensions-apiserver 0.36.3
//! `pkg/registry/customresource/tableconvertor/tableconvertor.go`.

mod administration;
mod age;
mod cells;
mod columns;
mod json_path;
mod networks;
mod pods;
mod volumes;
mod workloads;

use toft_api::IncludeObject;
use toft_object::{Gvk, Time};
use toft_value::{Value, value};

use crate::call::Call;
use crate::{convert, represent};

use columns::Column;

/// What the columns of a table follow from.
pub(crate) struct Columns<'a> {
    pub(crate) gvk: &'a Gvk,
    /// Of a custom resource, its version in its definition.
    pub(crate) custom: Option<&'a Value>,
    pub(crate) now: Time,
}

/// A table of objects for a request; with what each row carries, and the metadata of the list.
pub(crate) fn of(call: &Call<'_>, objects: &[Value], shape: (IncludeObject, Value)) -> Value {
    let columns = Columns {
        gvk: call.gvk(),
        custom: call.custom.as_ref(),
        now: call.now,
    };
    with_columns(&columns, objects, shape)
}

/// A table of objects.
pub(crate) fn with_columns(
    columns: &Columns<'_>,
    objects: &[Value],
    (include, metadata): (IncludeObject, Value),
) -> Value {
    let (definitions, rows) = match columns.custom {
        Some(version) => custom(version, objects, columns.now),
        None => built_in(columns, objects),
    };
    let rows: Vec<Value> = rows
        .into_iter()
        .zip(objects)
        .map(|(cells, object)| row(columns, (cells, object), include))
        .collect();
    value!({
        "apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn row(
    columns: &Columns<'_>,
    (cells, object): (Vec<Value>, &Value),
    include: IncludeObject,
) -> Value {
    let mut row = value!({"cells": cells});
    let carried = match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Metadata => represent::metadata(object),
        IncludeObject::Object => object.clone(),
    };
    row.set_at(&["object"], carried);
    if columns.gvk.kind == "Pod"
        && let Some(conditions) = pods::row_conditions(object)
    {
        row.set_at(&["conditions"], conditions);
    }
    row
}

fn built_in(columns: &Columns<'_>, objects: &[Value]) -> (Vec<Value>, Vec<Vec<Value>>) {
    let known = columns::of(columns.gvk);
    let named = known.iter().filter(|column| !column.name.is_empty());
    let definitions = named.map(definition).collect();
    let cells = |object: &Value| {
        let object = convert::printed(object, columns.gvk);
        known
            .iter()
            .map(|column| column.cell.of(&object, columns.now))
            .collect()
    };
    (definitions, objects.iter().map(cells).collect())
}

fn definition(column: &Column) -> Value {
    let format = if column.is_name { "name" } else { "" };
    value!({
        "name": column.name, "type": column.kind, "format": format,
        "description": "", "priority": i64::from(column.priority),
    })
}

/// The columns that a definition declares, after the name; the age where it declares none.
fn custom(version: &Value, objects: &[Value], now: Time) -> (Vec<Value>, Vec<Vec<Value>>) {
    let mut declared: Vec<Value> = version.items_at(&["additionalPrinterColumns"]).to_vec();
    if declared.is_empty() {
        declared.push(
            value!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}),
        );
    }
    let mut definitions = vec![
        value!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}),
    ];
    definitions.extend(declared.iter().map(|column| {
        let text = |key: &str| column.str_at(&[key]).unwrap_or_default();
        let priority = column.i64_at(&["priority"]).unwrap_or(0);
        value!({"name": text("name"), "type": text("type"), "format": text("format"), "description": text("description"), "priority": priority})
    }));
    let rows = objects.iter().map(|object| {
        let mut cells = vec![
            object
                .at(&["metadata", "name"])
                .cloned()
                .unwrap_or_default(),
        ];
        cells.extend(
            declared
                .iter()
                .map(|column| custom_cell(column, object, now)),
        );
        cells
    });
    (definitions, rows.collect())
}

fn custom_cell(column: &Value, object: &Value, now: Time) -> Value {
    let path = column.str_at(&["jsonPath"]).unwrap_or_default();
    let Some(found) = json_path::first(object, path) else {
        return Value::Null;
    };
    match column.str_at(&["type"]).unwrap_or_default() {
        "string" => json_path::text(&found).into(),
        "integer" => found.as_i64().map_or(Value::Null, Value::from),
        "date" => age::since(found.as_str(), now, "<invalid>").into(),
        _ => found,
    }
}

//! The shapes in which objects are answered.

use toft_api::{Representation, Response, ResponseBody};
use toft_object::Gvk;
use toft_value::{Value, value};

use crate::call::Call;
use crate::table;

/// One object in the shape of the request.
pub(crate) fn object(call: &Call<'_>, object: Value) -> Value {
    match call.request.representation {
        Representation::Object => object,
        Representation::Metadata => metadata(&object),
        Representation::Table(include) => {
            let revision = object
                .str_at(&["metadata", "resourceVersion"])
                .unwrap_or_default();
            let list = value!({"resourceVersion": revision});
            table::of(call, std::slice::from_ref(&object), (include, list))
        }
    }
}

/// An object of another kind than the resource's, such as a scale, in the shape of the request.
pub(crate) fn other(call: &Call<'_>, gvk: &Gvk, object: Value) -> Value {
    match call.request.representation {
        Representation::Object => object,
        Representation::Metadata => metadata(&object),
        Representation::Table(include) => {
            let revision = object.at(&["metadata", "resourceVersion"]).cloned();
            let list = value!({"resourceVersion": revision.unwrap_or_default()});
            let columns = table::Columns {
                gvk,
                custom: None,
                now: call.now,
            };
            table::with_columns(&columns, std::slice::from_ref(&object), (include, list))
        }
    }
}

/// An answer in the shape of the request: objects are changed, a `Status` is not.
pub(crate) fn answer(call: &Call<'_>, response: Response) -> Response {
    if call.request.representation == Representation::Object {
        return response;
    }
    match response.body {
        ResponseBody::Value(value) if value.at(&["metadata", "name"]).is_some() => Response {
            body: ResponseBody::Value(object(call, value)),
            ..response
        },
        _ => response,
    }
}

/// The metadata of an object alone.
pub(crate) fn metadata(object: &Value) -> Value {
    value!({
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadata",
        "metadata": object.get("metadata").cloned().unwrap_or_default(),
    })
}

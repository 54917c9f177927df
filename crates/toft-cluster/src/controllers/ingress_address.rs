//! Ingresses get the address of an ingress controller that is taken to run, where their class exists.

use toft_value::{Value, value};

use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{INGRESS_CLASSES, INGRESSES};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "ingress-address",
    identity: Identity::Addon,
    watches: &[
        Watch::new(&INGRESSES, Wakes::Itself),
        Watch::new(&INGRESS_CLASSES, Wakes::Related(|reader, _| all(reader))),
    ],
    reconcile,
};

fn all(reader: Reader<'_>) -> Vec<Key> {
    reader.list(&INGRESSES, None).map(Key::of).collect()
}

/// The class of an Ingress; the annotation came before the field and still counts.
fn class(ingress: &Value) -> Option<&str> {
    ingress
        .str_at(&["spec", "ingressClassName"])
        .or_else(|| meta::annotation(ingress, "kubernetes.io/ingress.class"))
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(ingress) = ctx.get(&INGRESSES, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let class = class(&ingress).and_then(|class| ctx.get(&INGRESS_CLASSES, "", class));
    if class.is_none() || meta::is_deleting(&ingress) {
        return Next::Nothing;
    }
    let mut told = ingress.clone();
    told.set_at(
        &["status", "loadBalancer", "ingress"],
        value!([{"ip": ctx.settings.ingress_address.as_str()}]),
    );
    if told == ingress {
        return Next::Nothing;
    }
    ctx.update_status(&INGRESSES, told)
        .map_or(Next::Retry, |_| Next::Nothing)
}

//! Autoscalers: bounds are kept; nothing here measures, so that more cannot be known, and they say so.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/podautoscaler/horizontal.go`.

use std::time::Duration;

use toft_api::{ApiError, Request, ResourcePath};
use toft_object::Gvk;
use toft_value::{Value, value};

use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::reader::Reader;
use crate::resources::HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS;

/// How often an autoscaler looks, the first time included.
const PERIOD: Duration = Duration::from_secs(15);

pub(crate) const CONTROLLER: Controller = Controller {
    name: "horizontal-pod-autoscaler",
    identity: Identity::ControllerManager,
    watches: &[Watch::new(&AUTOSCALERS, Wakes::Related(asked))],
    reconcile,
};

/// An autoscaler that is asked for something else; what it says itself concerns it no more.
fn asked(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let concerns = change.after.is_some() && change.differs(&["spec"]);
    concerns
        .then(|| Key::new(&change.key.namespace, &change.key.name))
        .into_iter()
        .collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(autoscaler) = ctx.get(&AUTOSCALERS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    // Looks come at fixed distances from its birth, whatever changes between them.
    let age = ctx.now.since(meta::created(&autoscaler));
    let looks = age.as_secs() / PERIOD.as_secs();
    let next =
        Next::At(meta::created(&autoscaler) + PERIOD * u32::try_from(looks + 1).unwrap_or(1));
    let is_time = looks > 0 && age.as_secs().is_multiple_of(PERIOD.as_secs());
    if !is_time || age.subsec_nanos() > 0 {
        return next;
    }
    look(ctx, autoscaler).map_or(Next::Retry, |()| next)
}

/// The path of the scale of what is scaled.
fn target(ctx: &Ctx<'_>, autoscaler: &Value) -> Option<ResourcePath> {
    let text = |key: &str| {
        let found = autoscaler.str_at(&["spec", "scaleTargetRef", key]);
        found.unwrap_or_default()
    };
    let gvk = Gvk::of(text("apiVersion"), text("kind"));
    let resource = ctx.reader().schemas().kind(&gvk)?;
    let path = ResourcePath::new(&resource.group, &resource.version, &resource.plural);
    let path = path
        .namespace(meta::namespace(autoscaler))
        .name(text("name"));
    Some(path.subresource("scale"))
}

fn look(ctx: &mut Ctx<'_>, autoscaler: Value) -> Result<(), ApiError> {
    let mut status = autoscaler
        .get("status")
        .cloned()
        .unwrap_or_else(|| value!({}));
    let scale = target(ctx, &autoscaler).map_or_else(
        || Err(unknown_kind(&autoscaler)),
        |path| {
            let agent = ctx.agent();
            ctx.send(Request::get(agent, path))
                .map_err(|error| error.to_string())
        },
    );
    match scale {
        Ok(scale) => {
            let text = "the HPA controller was able to get the target's current scale";
            able(ctx, &mut status, ("True", "SucceededGetScale", text));
            measure(ctx, (&autoscaler, &mut status), &scale)?;
        }
        Err(error) => {
            ctx.note(
                &autoscaler,
                &Note::warning("FailedGetScale", error.as_str()),
            );
            let text =
                format!("the HPA controller was unable to get the target's current scale: {error}");
            able(ctx, &mut status, ("False", "FailedGetScale", &text));
        }
    }
    if Some(&status) == autoscaler.get("status") {
        return Ok(());
    }
    let mut told = autoscaler;
    told.set_at(&["status"], status);
    ctx.update_status(&AUTOSCALERS, told).map(drop)
}

fn unknown_kind(autoscaler: &Value) -> String {
    let kind = autoscaler.str_at(&["spec", "scaleTargetRef", "kind"]);
    let version = autoscaler.str_at(&["spec", "scaleTargetRef", "apiVersion"]);
    format!(
        "unable to determine resource for scale target reference: no matches for kind {:?} in group {:?}",
        kind.unwrap_or_default(),
        version
            .and_then(|version| version.split_once('/'))
            .map_or("", |(group, _)| group)
    )
}

fn able(ctx: &Ctx<'_>, status: &mut Value, (value, reason, text): (&'static str, &str, &str)) {
    let condition = Condition::new("AbleToScale", value, reason, text);
    conditions::put_in_place(status, &condition, ctx.now);
}

/// Keeps the bounds; within them, says that nothing can be known.
fn measure(
    ctx: &mut Ctx<'_>,
    (autoscaler, status): (&Value, &mut Value),
    scale: &Value,
) -> Result<(), ApiError> {
    let current = scale.i64_at(&["spec", "replicas"]).unwrap_or(0);
    let least = autoscaler.i64_at(&["spec", "minReplicas"]).unwrap_or(1);
    let most = autoscaler.i64_at(&["spec", "maxReplicas"]).unwrap_or(1);
    status.set_at(&["currentReplicas"], current);
    if current == 0 && least != 0 {
        let text = "scaling is disabled since the replica count of the target is zero";
        let condition = Condition::new("ScalingActive", "False", "ScalingDisabled", text);
        conditions::put_in_place(status, &condition, ctx.now);
        status.set_at(&["desiredReplicas"], 0);
        status.set_at(&["currentMetrics"], Value::Null);
        return Ok(());
    }
    let (wanted, reason) = if current > most {
        (most, "Current number of replicas above Spec.MaxReplicas")
    } else if current < least {
        (least, "Current number of replicas below Spec.MinReplicas")
    } else {
        tell_ignorance(ctx, autoscaler, status);
        return Ok(());
    };
    let mut resized = scale.clone();
    resized.set_at(&["spec", "replicas"], wanted);
    if let Some(path) = target(ctx, autoscaler) {
        let agent = ctx.agent();
        ctx.send(Request::update(agent, path, resized))?;
    }
    let text = format!("the HPA controller was able to update the target scale to {wanted}");
    able(ctx, status, ("True", "SucceededRescale", &text));
    let text = format!("New size: {wanted}; reason: {reason}");
    ctx.note(autoscaler, &Note::normal("SuccessfulRescale", text));
    status.set_at(&["desiredReplicas"], wanted);
    status.set_at(&["currentMetrics"], Value::Null);
    status.set_at(&["lastScaleTime"], ctx.now.to_string());
    Ok(())
}

/// Why a metric cannot be had: the reason of condition and event, what the event says, and what comes before
/// it in the sum of all troubles.
struct Trouble {
    reason: &'static str,
    text: String,
    lead: String,
}

fn trouble(metric: &Value) -> Trouble {
    const MISSING: &str = "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
    const CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    const EXTERNAL: &str = "unable to fetch metrics from external metrics API: the server could not find the requested resource (get";
    let text = |path: &[&str]| metric.str_at(path).unwrap_or_default();
    match text(&["type"]) {
        kind @ ("Resource" | "ContainerResource") => {
            let (field, reason, lead) = if kind == "Resource" {
                ("resource", "FailedGetResourceMetric", "resource")
            } else {
                (
                    "containerResource",
                    "FailedGetContainerResourceMetric",
                    "container",
                )
            };
            let name = text(&[field, "name"]);
            let missing = format!("unable to get metrics for resource {name}: {MISSING}");
            let is_share = text(&[field, "target", "type"]) == "Utilization";
            let lead = format!("failed to get {name} {lead} metric value");
            let text = if is_share {
                format!("failed to get {name} utilization: {missing}")
            } else {
                missing
            };
            Trouble { reason, text, lead }
        }
        "Pods" => {
            let name = text(&["pods", "metric", "name"]);
            Trouble {
                reason: "FailedGetPodsMetric",
                text: format!("unable to get metric {name}: {CUSTOM}"),
                lead: "failed to get pods metric value".to_owned(),
            }
        }
        "Object" => {
            let name = text(&["object", "metric", "name"]);
            Trouble {
                reason: "FailedGetObjectMetric",
                text: format!("unable to get metric {name}: {CUSTOM}"),
                lead: "failed to get object metric value".to_owned(),
            }
        }
        _ => {
            let name = text(&["external", "metric", "name"]);
            Trouble {
                reason: "FailedGetExternalMetric",
                text: format!(
                    "unable to get external metric {name}: {EXTERNAL} {name}.external.metrics.k8s.io)"
                ),
                lead: "failed to get external metric value".to_owned(),
            }
        }
    }
}

fn tell_ignorance(ctx: &mut Ctx<'_>, autoscaler: &Value, status: &mut Value) {
    let metrics = autoscaler.items_at(&["spec", "metrics"]);
    let troubles: Vec<Trouble> = metrics.iter().map(trouble).collect();
    for trouble in &troubles {
        ctx.note(
            autoscaler,
            &Note::warning(trouble.reason, trouble.text.as_str()),
        );
    }
    let Some(first) = troubles.first() else {
        return;
    };
    let text = format!(
        "the HPA was unable to compute the replica count: {}",
        first.text
    );
    let condition = Condition::new("ScalingActive", "False", first.reason, text);
    conditions::put_in_place(status, &condition, ctx.now);
    let count = troubles.len();
    let text = format!(
        "invalid metrics ({count} invalid out of {count}), first error is: {}: {}",
        first.lead, first.text
    );
    ctx.note(
        autoscaler,
        &Note::warning("FailedComputeMetricsReplicas", text),
    );
    let unknown: Vec<Value> = metrics.iter().map(|_| value!({"type": ""})).collect();
    status.set_at(&["currentMetrics"], unknown);
}

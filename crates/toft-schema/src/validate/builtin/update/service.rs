//! What may not change about Services.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `ValidateServiceUpdate`.

use super::super::super::at::{At, Errors};
use super::super::super::name;
use super::Pair;
use crate::field_error::FieldError;

const CHANGED: &str = "may not change once set";

pub(super) fn service((old, new): Pair<'_>, errors: &mut Errors) {
    let (before, after) = (old.child("spec"), new.child("spec"));
    let is_external = |spec: &At<'_>| spec.child("type").text() == "ExternalName";
    if !is_external(&before) && !is_external(&after) {
        addresses((&before, &after), errors);
        families((&before, &after), errors);
    }
    let class = "loadBalancerClass";
    let balances = |spec: &At<'_>| spec.child("type").text() == "LoadBalancer";
    let differs = before.child(class).value() != after.child(class).value();
    if balances(&before) && balances(&after) && differs {
        errors.invalid(&after.child(class), CHANGED);
    }
}

fn is_headless(spec: &At<'_>) -> bool {
    spec.child("clusterIP").text() == "None"
}

/// Upstream shows all of a list where one item is wrong.
fn wrong((list, index): (&At<'_>, usize), detail: &str, errors: &mut Errors) {
    let path = list.path().index(index);
    errors.push(FieldError::invalid(&path, list.value().clone(), detail));
}

fn addresses((before, after): Pair<'_>, errors: &mut Errors) {
    if is_headless(before) && is_headless(after) {
        return;
    }
    let list = after.child("clusterIPs");
    let (old, new) = (before.child("clusterIPs").items(), list.items());
    // What is no address is told before anything is compared.
    let is_known = |ip: &At<'_>| ip.text() == "None" || name::ip(ip.text()).is_empty();
    if !new.iter().all(is_known) {
        return;
    }
    if old.len() == new.len() {
        let pairs = old.iter().zip(&new).enumerate();
        for (index, _) in pairs.filter(|(_, (old, new))| old.text() != new.text()) {
            wrong((&list, index), CHANGED, errors);
        }
        return;
    }
    if new.is_empty() {
        wrong((&list, 0), "primary clusterIP can not be unset", errors);
    }
    let first = |items: &[At<'_>]| items.first().map(|item| item.text().to_owned());
    if !old.is_empty() && !new.is_empty() && first(&old) != first(&new) {
        wrong((&list, 0), CHANGED, errors);
    }
    let policy = after.child("ipFamilyPolicy");
    if old.len() > 1 && new.len() == 1 && policy.text() != "SingleStack" {
        let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        errors.invalid(&policy, detail);
    }
}

fn families((before, after): Pair<'_>, errors: &mut Errors) {
    if is_headless(before) || is_headless(after) {
        return;
    }
    let list = after.child("ipFamilies");
    let (old, new) = (before.child("ipFamilies").items(), list.items());
    if !new.iter().all(|one| matches!(one.text(), "IPv4" | "IPv6")) {
        return;
    }
    if old.len() == new.len() {
        let pairs = old.iter().zip(&new);
        for _ in pairs.filter(|(old, new)| old.text() != new.text()) {
            wrong((&list, 0), CHANGED, errors);
        }
        return;
    }
    let first = |items: &[At<'_>]| items.first().map(|item| item.text().to_owned());
    if !old.is_empty() && !new.is_empty() && first(&old) != first(&new) {
        // Upstream shows the addresses here.
        let shown = after.child("clusterIPs").value().clone();
        let path = list.path().index(0);
        errors.push(FieldError::invalid(&path, shown, CHANGED));
    }
}

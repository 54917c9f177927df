//! What pods ask of a node, and what a node has.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_object::Quantity;
use toft_value::Value;

/// Amounts of resources by name: thousandths of a processor, whole units of anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts(BTreeMap<SmolStr, i64>);

impl Amounts {
    /// Reads a resource list; what is no quantity counts as nothing.
    pub(crate) fn of(list: Option<&Value>) -> Self {
        let entries = list.and_then(Value::as_map).into_iter().flatten();
        let read = |name: &SmolStr, value: &Value| {
            let quantity = Quantity::from_value(value).ok()?;
            Some(if name == "cpu" {
                quantity.as_milli()
            } else {
                quantity.units()
            })
        };
        Self(
            entries
                .filter_map(|(name, value)| Some((name.clone(), read(name, value)?)))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, name: &str, amount: i64) {
        self.0.insert(name.into(), amount);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let sum = self.get(name).saturating_add(*amount);
            self.0.insert(name.clone(), sum);
        }
    }

    /// Takes the larger amount of each resource.
    fn raise(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let larger = self.get(name).max(*amount);
            self.0.insert(name.clone(), larger);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }
}

/// Whether an init container keeps running beside the others.
pub(crate) fn is_sidecar(container: &Value) -> bool {
    container.str_at(&["restartPolicy"]) == Some("Always")
}

/// What a pod asks for: the sum of its containers, or its largest init container where that is more.
///
/// Source: component-helpers 0.36.3 `resource/helpers.go`, `PodRequests`.
pub(crate) fn of_pod(spec: &Value) -> Amounts {
    of_list(spec, "requests")
}

/// The same for `requests` or for `limits`.
pub(crate) fn of_list(spec: &Value, list: &str) -> Amounts {
    total(spec, &|container| {
        Amounts::of(container.at(&["resources", list]))
    })
}

/// What a pod is taken to use when nodes are scored: containers that ask for nothing count a little.
///
/// Source: Kubernetes 1.36.3 `pkg/scheduler/util/pod_resources.go`.
pub(crate) fn scored(spec: &Value) -> Amounts {
    const CPU_DEFAULT_MILLI: i64 = 100;
    const MEMORY_DEFAULT_BYTES: i64 = 200 * 1024 * 1024;
    total(spec, &|container| {
        let mut amounts = Amounts::of(container.at(&["resources", "requests"]));
        for (name, least) in [("cpu", CPU_DEFAULT_MILLI), ("memory", MEMORY_DEFAULT_BYTES)] {
            if amounts.get(name) == 0 {
                amounts.set(name, least);
            }
        }
        amounts
    })
}

fn total(spec: &Value, of_container: &dyn Fn(&Value) -> Amounts) -> Amounts {
    let mut sum = Amounts::default();
    for container in spec.items_at(&["containers"]) {
        sum.add(&of_container(container));
    }
    let (mut sidecars, mut highest) = (Amounts::default(), Amounts::default());
    for container in spec.items_at(&["initContainers"]) {
        let mut amounts = of_container(container);
        if is_sidecar(container) {
            sum.add(&amounts);
            sidecars.add(&amounts);
            amounts = sidecars.clone();
        } else {
            amounts.add(&sidecars);
        }
        highest.raise(&amounts);
    }
    sum.raise(&highest);
    // Requests of the pod as a whole stand for those of its containers.
    for (name, amount) in &Amounts::of(spec.at(&["resources", "requests"])).0 {
        sum.0.insert(name.clone(), *amount);
    }
    sum.add(&Amounts::of(spec.get("overhead")));
    sum
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn an_init_container_counts_where_it_asks_for_more_with_the_sidecars_before_it() {
        let container = |cpu: &str| value!({"resources": {"requests": {"cpu": cpu}}});
        let mut sidecar = container("100m");
        sidecar.set_at(&["restartPolicy"], "Always");
        let spec = value!({
            "containers": [container("200m"), container("300m")],
            "initContainers": [sidecar, container("1")],
        });
        assert_eq!(of_pod(&spec).get("cpu"), 1100);
        let spec = value!({"containers": [container("2")], "initContainers": [container("1")]});
        assert_eq!(of_pod(&spec).get("cpu"), 2000);
        assert_eq!(
            scored(&value!({"containers": [{}]})).get("memory"),
            209_715_200
        );
    }
}

//! The matrix and merge generators.
//!
//! Source: Argo CD 3.2.0 `generators/matrix.go`, `generators/merge.go`, `utils/map.go`.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_argo::Generator;
use toft_gotmpl::{Data, Dict};
use toft_value::{Map, Value};

use super::dialect::Dialect;
use super::{ExpandError, Expander, params};

impl Expander<'_> {
    /// Every pair of what two generators give; the second is a template over the first.
    pub(super) fn matrix(&self, generators: &[Generator]) -> Result<Vec<Dict>, ExpandError> {
        let [first, second] = generators else {
            let words = if generators.len() < 2 { "less" } else { "more" };
            return Err(ExpandError::Params(format!(
                "found {words} than two generators, Matrix support only two"
            )));
        };
        let firsts = self.child(first, None).map_err(|failure| {
            failure.within("error failed to get params for first generator in matrix generator")
        })?;
        let mut sets = Vec::new();
        for first in &firsts {
            let seconds = self.child(second, Some(first)).map_err(|failure| {
                failure.within("failed to get params for second generator in the matrix generator")
            })?;
            for second in &seconds {
                sets.push(self.pair(first, second)?);
            }
        }
        Ok(sets)
    }

    /// The first generator wins where both have a parameter.
    fn pair(&self, first: &Dict, second: &Dict) -> Result<Dict, ExpandError> {
        let both = params::empty();
        match &self.dialect {
            Dialect::Go { .. } => {
                for one in [second, first] {
                    both.merge_over(&copied(one)?)
                        .map_err(ExpandError::Params)?;
                }
            }
            Dialect::Fast => {
                for (key, value) in first.snapshot() {
                    both.set(key, Data::text(value.to_string()));
                }
                for (key, value) in second.snapshot() {
                    let text = value.to_string();
                    let known = both.get(&key).map(|known| known.to_string());
                    if let Some(known) = known.filter(|known| *known != text) {
                        return Err(ExpandError::Params(format!(
                            "failed to combine string maps with merging params for the matrix generator: found duplicate key {key} with different value, a: {known} ,b: {text}"
                        )));
                    }
                    both.set(key, Data::text(text));
                }
            }
        }
        Ok(both)
    }

    /// The first generator's sets, overridden by those of the others with the same keys.
    pub(super) fn merge(
        &self,
        generators: &[Generator],
        keys: &[SmolStr],
    ) -> Result<Vec<Dict>, ExpandError> {
        if generators.len() < 2 {
            let text = "found less than two generators, Merge requires two or more";
            return Err(ExpandError::Params(text.to_owned()));
        }
        let mut all = Vec::new();
        for (index, generator) in generators.iter().enumerate() {
            let sets = self.child(generator, None).map_err(|failure| {
                let (number, count) = (index + 1, generators.len());
                let failure = failure.within(&format!(
                    "error getting params from generator {number} of {count}"
                ));
                failure.within("error getting param sets from generators")
            })?;
            all.push(sets);
        }
        let mut all = all.into_iter();
        let base = by_key(keys, all.next().unwrap_or_default())?;
        for sets in all {
            for (key, set) in by_key(keys, sets)? {
                if let Some(base) = base.get(&key) {
                    self.override_with(base, &set)?;
                }
            }
        }
        Ok(base.into_values().collect())
    }

    fn override_with(&self, base: &Dict, set: &Dict) -> Result<(), ExpandError> {
        match &self.dialect {
            Dialect::Go { .. } => base.merge_over(set).map_err(ExpandError::Params),
            Dialect::Fast => {
                for (key, value) in set.snapshot() {
                    base.set(key, value);
                }
                Ok(())
            }
        }
    }

    fn child(&self, generator: &Generator, given: Option<&Dict>) -> Result<Vec<Dict>, ExpandError> {
        let generated = self.generate(generator, None, given).map_err(|failure| {
            failure.within("child generator returned an error on parameter generation")
        })?;
        let mut generated = generated.into_iter();
        match (generated.next(), generated.next()) {
            (Some(only), None) => Ok(only.params),
            (None, _) => Err(ExpandError::Params(
                "child generator generated no parameters".to_owned(),
            )),
            (Some(_), Some(_)) => {
                let text = "found more than one generator in matrix.Generators";
                Err(ExpandError::Params(text.to_owned()))
            }
        }
    }
}

/// A copy that shares no map with the original, since merging changes maps in place.
fn copied(params: &Dict) -> Result<Dict, ExpandError> {
    match Data::Dict(params.clone())
        .deep_copy()
        .map_err(ExpandError::Params)?
    {
        Data::Dict(dict) => Ok(dict),
        _ => Ok(params::empty()),
    }
}

fn by_key(keys: &[SmolStr], sets: Vec<Dict>) -> Result<BTreeMap<String, Dict>, ExpandError> {
    let refused = |message: String| {
        ExpandError::Params(format!("error getting param sets by merge key: {message}"))
    };
    if keys.is_empty() {
        return Err(refused(
            "no merge keys were specified, Merge requires at least one".to_owned(),
        ));
    }
    let mut by_key = BTreeMap::new();
    for set in sets {
        let mut key = Map::new();
        for name in keys {
            let value = set.get(name).unwrap_or(Data::Nil);
            key.insert(name.clone(), value.to_value().map_err(refused)?);
        }
        let key = Value::Map(key).to_json();
        if by_key.contains_key(&key) {
            return Err(refused(format!(
                "the parameters from a generator were not unique by the given mergeKeys, Merge requires all param sets to be unique. Duplicate key was {key}"
            )));
        }
        by_key.insert(key, set);
    }
    Ok(by_key)
}

//! The objects of a build in their order, no two with the same present id.
//!
//! Source: kustomize 5.8.2, `api/resmap/reswrangler.go`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use toft_object::{Gvk, Origin};

use crate::fault::Fault;
use crate::id::ResId;
use crate::provenance::{Provenance, Told};
use crate::resource::Resource;

/// Objects in the order they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resources {
    list: Vec<Resource>,
    /// How often each present id occurs; `None` once something may have changed an id.
    ids: Option<FxHashMap<IdKey, usize>>,
}

/// What makes two ids equal.
pub(crate) type IdKey = (Gvk, SmolStr, SmolStr);

/// The part of an id that must be unique.
pub(crate) fn key(id: &ResId) -> IdKey {
    let namespace = id.effective_namespace().into();
    (id.gvk.clone(), id.name.clone(), namespace)
}

impl Resources {
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.list.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.ids = None;
        self.list.iter_mut()
    }

    /// What is known about where the objects come from.
    pub(crate) fn provenances(&mut self) -> impl Iterator<Item = &mut Provenance> {
        self.list
            .iter_mut()
            .map(|resource| &mut resource.provenance)
    }

    /// Where the objects are written.
    pub(crate) fn origins(&mut self) -> impl Iterator<Item = &mut Origin> {
        self.list.iter_mut().map(|resource| &mut resource.origin)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Resource> {
        self.ids = None;
        self.list.get_mut(at)
    }

    /// Changes one object and keeps count of the ids.
    pub(crate) fn change(
        &mut self,
        at: usize,
        change: impl FnOnce(&mut Resource) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(resource) = self.list.get_mut(at) else {
            return Ok(());
        };
        let before = key(&resource.current_id());
        change(resource)?;
        let after = key(&resource.current_id());
        if let (Some(ids), true) = (&mut self.ids, before != after) {
            if let Some(count) = ids.get_mut(&before) {
                *count -= 1;
            }
            *ids.entry(after).or_default() += 1;
        }
        Ok(())
    }

    pub(crate) fn into_vec(self) -> Vec<Resource> {
        self.list
    }

    /// How often each present id occurs.
    pub(crate) fn count_ids(&self) -> FxHashMap<IdKey, usize> {
        let mut counts = FxHashMap::default();
        for resource in &self.list {
            *counts.entry(key(&resource.current_id())).or_default() += 1;
        }
        counts
    }

    /// Adds objects at the end.
    ///
    /// # Errors
    /// One has an id that is there.
    pub(crate) fn append_all(&mut self, more: Vec<Resource>) -> Result<(), Fault> {
        let mut counts = match self.ids.take() {
            Some(ids) => ids,
            None => self.count_ids(),
        };
        for resource in more {
            let id = resource.current_id();
            let count = counts.entry(key(&id)).or_default();
            if *count > 0 {
                return Err(self.registered(&id));
            }
            *count += 1;
            self.list.push(resource);
        }
        self.ids = Some(counts);
        Ok(())
    }

    /// What is to be said of an id that is there, and of whoever gave it.
    fn registered(&self, id: &ResId) -> Fault {
        let message = format!("may not add resource with an already registered id: {id}");
        let mut same = self
            .list
            .iter()
            .filter(|one| key(&one.current_id()) == key(id));
        let first = same.next().and_then(|one| one.provenance.origin.as_ref());
        Fault::new(match first {
            Some(Told::File(file)) => format!("{message}; `{file}` has it already"),
            Some(Told::Configured { file, .. }) => format!("{message}; `{file}` makes it already"),
            None => message,
        })
    }

    /// Checks again that no two objects have one id.
    ///
    /// # Errors
    /// Two have.
    pub(crate) fn check_ids(&mut self) -> Result<(), Fault> {
        let known = self.ids.as_ref();
        if known.is_some_and(|ids| ids.values().all(|count| *count <= 1)) {
            return Ok(());
        }
        let resources = std::mem::take(&mut self.list);
        self.ids = None;
        self.append_all(resources)
    }

    /// The objects with a present or former id that matches, by index; what was deleted does not count.
    pub(crate) fn matching(&self, matches: impl Fn(&ResId) -> bool) -> Vec<usize> {
        let resources = self.list.iter().enumerate();
        let found = resources
            .filter(|(_, resource)| !resource.node.is_empty() && resource.any_id(&matches));
        found.map(|(at, _)| at).collect()
    }

    /// The objects that have or had an id, by index.
    pub(crate) fn named(&self, id: &ResId) -> Vec<usize> {
        let resources = self.list.iter().enumerate();
        let found = resources.filter(|(_, resource)| {
            resource.had_name(&id.name)
                && !resource.node.is_empty()
                && resource.any_id(|one| id.equals(one))
        });
        found.map(|(at, _)| at).collect()
    }

    /// The one object that has or had an id.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub(crate) fn unique(&self, id: &ResId) -> Result<usize, Fault> {
        let found = self.named(id);
        match found.as_slice() {
            [at] => Ok(*at),
            [] => Err(Fault::new(format!("no matches for Id {id}"))),
            _ => Err(Fault::new(format!("multiple matches for Id {id}"))),
        }
    }

    /// Takes out what was deleted.
    pub(crate) fn drop_empty(&mut self) {
        if self.list.iter().any(|resource| resource.node.is_empty()) {
            self.retain(|resource| !resource.node.is_empty());
        }
    }

    /// Keeps the objects for which `keep` is true.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Resource) -> bool) {
        self.ids = None;
        self.list.retain(keep);
    }

    /// Sorts by ids.
    pub(crate) fn sort_by(
        &mut self,
        mut compare: impl FnMut(&ResId, &ResId) -> std::cmp::Ordering,
    ) {
        let resources = std::mem::take(&mut self.list).into_iter();
        let mut keyed: Vec<_> = resources
            .map(|resource| (resource.current_id(), resource))
            .collect();
        keyed.sort_by(|left, right| compare(&left.0, &right.0));
        self.list = keyed.into_iter().map(|(_, resource)| resource).collect();
    }
}

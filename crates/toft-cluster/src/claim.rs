//! Which objects a controller's object owns: adopting orphans that match, releasing what no longer does.

use toft_api::ApiError;
use toft_object::LabelSelector;
use toft_value::{Value, value};

use crate::ctx::Ctx;
use crate::meta;
use crate::resources::Resource;

/// Who claims what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    /// The resource of the owner.
    pub(crate) owner_resource: &'static Resource,
    /// The owner.
    pub(crate) owner: &'a Value,
    /// Which labels its objects have.
    pub(crate) selector: &'a LabelSelector,
    /// The resource of its objects.
    pub(crate) resource: &'static Resource,
}

impl Ctx<'_> {
    /// The objects that the owner controls, after adopting and releasing; in order of their names.
    ///
    /// Source: Kubernetes 1.36.3 `pkg/controller/controller_ref_manager.go`, `ClaimObject`.
    pub(crate) fn claim(&mut self, claim: Claim<'_>) -> Result<Vec<Value>, ApiError> {
        let mut claimed = Vec::new();
        for object in self.list(claim.resource, meta::namespace(claim.owner)) {
            let matches = claim.selector.matches(meta::labels(&object));
            match meta::controller(&object) {
                Some(owner) if owner.uid != meta::uid(claim.owner) => {}
                Some(_) if matches => claimed.push(object),
                Some(_) if meta::is_deleting(claim.owner) => {}
                Some(_) => self.release(claim, &object)?,
                None if !matches => {}
                None if meta::is_deleting(claim.owner) || meta::is_deleting(&object) => {}
                None => claimed.push(self.adopt(claim, &object)?),
            }
        }
        Ok(claimed)
    }

    fn adopt(&mut self, claim: Claim<'_>, object: &Value) -> Result<Value, ApiError> {
        let mut owners = meta::owners(object).to_vec();
        owners.push(meta::controller_reference(
            claim.owner_resource,
            claim.owner,
        ));
        self.set_owners(claim, object, owners)
    }

    fn release(&mut self, claim: Claim<'_>, object: &Value) -> Result<(), ApiError> {
        let mut owners = meta::owners(object).to_vec();
        owners.retain(|owner| owner.str_at(&["uid"]) != Some(meta::uid(claim.owner)));
        self.set_owners(claim, object, owners).map(drop)
    }

    fn set_owners(
        &mut self,
        claim: Claim<'_>,
        object: &Value,
        owners: Vec<Value>,
    ) -> Result<Value, ApiError> {
        let path = claim
            .resource
            .path(meta::namespace(object), meta::name(object));
        let owners = if owners.is_empty() {
            Value::Null
        } else {
            owners.into()
        };
        let patch = value!({"metadata": {"ownerReferences": owners, "uid": meta::uid(object)}});
        self.patch(path, patch)
    }
}

//! Functions of sprig that make keys, certificates and password hashes: known, and refused when called.
//!
//! Argo CD renders every ApplicationSet again and again, so what they give would differ each time; no
//! public repository was found that uses them there.

use super::Param::{Any, Dict, Int, Text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("bcrypt", &[Text], None, refuse),
    Function::new("buildCustomCert", &[Text, Text], None, refuse),
    Function::new("decryptAES", &[Text, Text], None, refuse),
    Function::new(
        "derivePassword",
        &[Any, Text, Text, Text, Text],
        None,
        refuse,
    ),
    Function::new("encryptAES", &[Text, Text], None, refuse),
    Function::new("genCA", &[Text, Int], None, refuse),
    Function::new("genCAWithKey", &[Text, Int, Text], None, refuse),
    Function::new("genPrivateKey", &[Text], None, refuse),
    Function::new("genSelfSignedCert", &[Text, Any, Any, Int], None, refuse),
    Function::new(
        "genSelfSignedCertWithKey",
        &[Text, Any, Any, Int, Text],
        None,
        refuse,
    ),
    Function::new("genSignedCert", &[Text, Any, Any, Int, Dict], None, refuse),
    Function::new(
        "genSignedCertWithKey",
        &[Text, Any, Any, Int, Dict, Text],
        None,
        refuse,
    ),
    Function::new("htpasswd", &[Text, Text], None, refuse),
];

fn refuse(_: &mut Call<'_>, _: &[Data]) -> Ran {
    Err("Toft does not make keys, certificates or password hashes in templates".to_owned())
}

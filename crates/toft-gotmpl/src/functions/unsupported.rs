//! Functions of sprig that make keys, certificates and password hashes: known, and refused when called.
//!
//! Argo CD renders every ApplicationSet again and again, so what they give would differ each time; no
//! public repository was found that uses them there.

use super::Param::{Any, Certificate, Int, List, Text};
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
    Function::new("genSelfSignedCert", &[Text, List, List, Int], None, refuse),
    Function::new(
        "genSelfSignedCertWithKey",
        &[Text, List, List, Int, Text],
        None,
        refuse,
    ),
    Function::new(
        "genSignedCert",
        &[Text, List, List, Int, Certificate],
        None,
        refuse,
    ),
    Function::new(
        "genSignedCertWithKey",
        &[Text, List, List, Int, Certificate, Text],
        None,
        refuse,
    ),
    Function::new("htpasswd", &[Text, Text], None, refuse),
];

fn refuse(_: &mut Call<'_>, _: &[Data]) -> Ran {
    Err("Toft does not make keys, certificates or password hashes in templates".to_owned())
}

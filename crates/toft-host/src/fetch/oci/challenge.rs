//! What a registry wants to know before it answers.
//!
//! Source: Docker's token authentication, as the OCI distribution specification takes it for granted.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use toft_value::Value;

use crate::fetch::address::Address;
use crate::fetch::client::{Answer, Ask, Client};
use crate::fetch::credentials::Login;
use crate::fetch::error::FetchError;
use crate::fetch::secret::Secret;

/// The largest answer of a server that gives tokens.
const TOKEN_BYTES_MAX: u64 = 1024 * 1024;

/// How to ask again after an answer that wants to know who asks; `None` where that cannot be met.
pub(super) async fn authorize(
    client: &Client,
    registry: &Address,
    answer: &Answer,
) -> Result<Option<Secret>, FetchError> {
    let login = client.credentials.registry(registry);
    let Some(challenge) = answer.header("www-authenticate") else {
        return Ok(None);
    };
    let (kind, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if !kind.eq_ignore_ascii_case("bearer") {
        return Ok(login.map(Login::header));
    }
    let Some(at) = token_address(rest, registry)? else {
        return Ok(None);
    };
    let ask = Ask::get(&at, TOKEN_BYTES_MAX).authorized(login.map(Login::header));
    let answer = client.ask(&ask).await?.good()?;
    let wrong = |cause: String| FetchError::Answer {
        url: at.to_string(),
        cause,
    };
    // What went wrong is not repeated: the answer holds a secret.
    let value = Value::from_json(&answer.body).map_err(|_| wrong("it is no JSON".to_owned()))?;
    let token = value
        .str_at(&["token"])
        .or_else(|| value.str_at(&["access_token"]));
    let token = token.ok_or_else(|| wrong("it holds no token".to_owned()))?;
    Ok(Some(Secret::new(format!("Bearer {token}"))))
}

/// Where a token is to be had. Who we are is told to whom the registry names, so that must be told in private.
fn token_address(words: &str, registry: &Address) -> Result<Option<Address>, FetchError> {
    let Some(realm) = word(words, "realm") else {
        return Ok(None);
    };
    let wrong = |cause: String| FetchError::Answer {
        url: registry.to_string(),
        cause: format!("where it gives tokens cannot be asked: {cause}"),
    };
    let realm = Address::parse(realm).map_err(wrong)?;
    if !realm.is_private() {
        return Err(wrong(format!("{realm} is not https")));
    }
    if realm.is_loopback() && !registry.is_loopback() {
        return Err(wrong(format!("{realm} is this machine")));
    }
    let mut query = Vec::new();
    for key in ["service", "scope"] {
        if let Some(value) = word(words, key) {
            query.push(format!(
                "{key}={}",
                utf8_percent_encode(value, NON_ALPHANUMERIC)
            ));
        }
    }
    let separator = if realm.path.contains('?') { '&' } else { '?' };
    let path = format!("{}{separator}{}", realm.path, query.join("&"));
    Ok(Some(Address { path, ..realm }))
}

/// The value of `key="value"` in a challenge.
fn word<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = words;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if name.trim_matches([' ', ',']).eq_ignore_ascii_case(key) {
            return Some(value);
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_asked_for_where_the_registry_says() {
        let registry = Address::parse("https://registry.example.org/v2/org/web").unwrap();
        let words = r#"realm="https://auth.example.org/token",service="registry",scope="repository:org/web:pull,push""#;
        let at = token_address(words, &registry).unwrap().unwrap();
        assert_eq!(
            at.path,
            "/token?service=registry&scope=repository%3Aorg%2Fweb%3Apull%2Cpush"
        );
        for realm in [
            "http://auth.example.org/",
            "http://localhost/",
            "https://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(
                token_address(&format!("realm=\"{realm}\""), &registry).is_err(),
                "{realm}"
            );
        }
        assert_eq!(token_address("service=x", &registry).unwrap(), None);
    }
}

//! Addresses on the web, read strictly: what is fetched is decided by these fields and nothing else.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The longest address that is followed; servers refuse longer ones at 8 KiB.
const LENGTH_MAX: usize = 8 * 1024;

/// What may not stand in the path of a request as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\');

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// In lower case; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// With its query, from the slash on.
    pub(crate) path: String,
}

impl Address {
    /// Reads an address; what is wrong with it is said without repeating it, since it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("it is longer than {LENGTH_MAX} bytes"));
        }
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(format!("`{other}` is not spoken, only https")),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (user, authority) = authority
            .rsplit_once('@')
            .map_or(("", authority), |(user, rest)| (user, rest));
        if user.contains(':') {
            return Err("it holds a password, which belongs in the file of credentials".to_owned());
        }
        let (host, port) = host_and_port(authority)?;
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.port()),
            path: written_path(path),
        })
    }

    /// What a reference found at this address means.
    pub(crate) fn join(&self, reference: &str) -> Result<Self, String> {
        if reference.contains("://") && !reference.starts_with(['/', '.', '?']) {
            return Self::parse(reference);
        }
        if reference.starts_with("//") {
            return Self::parse(&format!("{}:{reference}", self.scheme.as_str()));
        }
        let (own, _) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let path = if reference.starts_with('/') {
            reference.to_owned()
        } else {
            let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{reference}")
        };
        Ok(Self {
            path: without_dots(&written_path(&path)),
            ..self.clone()
        })
    }

    /// The address with more at the end of its path, whatever the path ends with.
    pub(crate) fn below(&self, more: &str) -> Self {
        let (own, _) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let path = format!("{}/{more}", own.trim_end_matches('/'));
        Self {
            path: written_path(&path),
            ..self.clone()
        }
    }

    /// Whether both are one server.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }

    /// Whether the address says by itself that it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// Whether nobody on the way can read or change what is said.
    pub(crate) fn is_private(&self) -> bool {
        self.scheme == Scheme::Https || self.is_loopback()
    }

    /// The host, where it is written as a number.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The host as a request names it.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl fmt::Display for Address {
    /// Without the query, which may hold a signature.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, _) = self.path.split_once('?').unwrap_or((&self.path, ""));
        write!(out, "{}://{}{path}", self.scheme.as_str(), self.authority())
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("its host has no end")?;
        host.parse::<Ipv6Addr>()
            .map_err(|_| "its host is no IPv6 address")?;
        (host, port.strip_prefix(':').unwrap_or(port))
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let plain = |one: char| one.is_ascii_alphanumeric() || "-._".contains(one);
        if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
            return Err("it names no host".to_owned());
        }
        (host, port)
    };
    let port = match port {
        "" => None,
        port => Some(port.parse().map_err(|_| "its port is no number")?),
    };
    Ok((host.to_ascii_lowercase(), port))
}

/// A path as a request has it: from a slash on, without a fragment, nothing in it that ends a line.
fn written_path(path: &str) -> String {
    let (path, _) = path.split_once('#').unwrap_or((path, ""));
    let escaped = utf8_percent_encode(path, ESCAPED).to_string();
    if escaped.starts_with('/') {
        escaped
    } else {
        format!("/{escaped}")
    }
}

fn without_dots(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let mut segments: Vec<&str> = Vec::new();
    let last = path.rsplit('/').next();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    if matches!(last, Some("." | "..")) {
        segments.push("");
    }
    let mut written = format!("/{}", segments.join("/"));
    if let Some(query) = query {
        written.push('?');
        written.push_str(query);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_seen_from_where_it_stands() {
        let at = Address::parse("https://Example.org/charts/index.yaml?x=1").unwrap();
        let seen = |reference: &str| at.join(reference).unwrap().to_string();
        assert_eq!(
            seen("web-1.0.0.tgz"),
            "https://example.org/charts/web-1.0.0.tgz"
        );
        assert_eq!(seen("../a/./b.tgz"), "https://example.org/a/b.tgz");
        assert_eq!(seen("/b.tgz"), "https://example.org/b.tgz");
        assert_eq!(seen("//cdn.example.org/b"), "https://cdn.example.org/b");
        assert_eq!(
            seen("http://other.example.org:80/b"),
            "http://other.example.org/b"
        );
        assert_eq!(seen("../../../../b"), "https://example.org/b");
    }

    #[test]
    fn what_is_no_address_of_the_web_is_refused_without_repeating_it() {
        for (text, why) in [
            ("ssh://-oProxyCommand=x/", "`ssh` is not spoken, only https"),
            ("git::ext::sh -c x", "it has no scheme"),
            (
                "https://me:secret@example.org/",
                "it holds a password, which belongs in the file of credentials",
            ),
            ("https:///path", "it names no host"),
            ("https://exa mple.org/", "it names no host"),
            ("https://-x/", "it names no host"),
            ("https://example.org:99999/", "its port is no number"),
            ("https://[::1/", "its host has no end"),
        ] {
            assert_eq!(Address::parse(text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn nothing_in_a_path_ends_the_line_of_a_request() {
        let address = Address::parse("https://example.org/a b\r\nHost: c/é#part").unwrap();
        assert_eq!(address.path, "/a%20b%0D%0AHost:%20c/%C3%A9");
    }

    #[test]
    fn a_query_is_not_shown() {
        let address = Address::parse("https://example.org:8443/a?signature=secret").unwrap();
        assert_eq!(address.to_string(), "https://example.org:8443/a");
    }
}

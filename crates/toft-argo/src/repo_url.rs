//! Addresses of repositories.

use std::fmt;

use smol_str::SmolStr;

/// The address of a repository, kept as written.
///
/// Two questions are asked of an address. Argo CD compares addresses after [`RepoUrl::normalized`],
/// which keeps the scheme and the user: `https://…` and `git@…:…` differ. Toft's
/// [`RepoUrl::same_repository`] sees through both, since one tree stands for all forms.
///
/// # Example
/// ```
/// use toft_argo::RepoUrl;
/// let https = RepoUrl::new("https://git.example.org/me/lab.git");
/// assert!(https.same_repository(&RepoUrl::new("git@git.example.org:me/lab")));
/// assert!(https.same_repository(&RepoUrl::new("ssh://git@GIT.example.org:22/me/lab.git/")));
/// assert!(!https.same_repository(&RepoUrl::new("https://git.example.org/you/lab.git")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoUrl(SmolStr);

/// What of an address tells repositories apart.
#[derive(PartialEq, Eq)]
struct Location {
    host: String,
    port: Option<String>,
    path: String,
}

impl RepoUrl {
    /// An address as written.
    pub fn new(text: impl Into<SmolStr>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as Argo CD compares it: lower case, scp form as a path, no `.git`.
    ///
    /// Source: Argo CD 3.2.0 `util/git/git.go`, `NormalizeGitURL`. Its URL parser would also escape
    /// characters that no address has.
    pub fn normalized(&self) -> String {
        let text = self.0.trim().to_lowercase();
        let text = if is_scp(&text) {
            text.replacen(':', "/", 1)
        } else {
            text
        };
        let text = text.strip_suffix(".git").unwrap_or(&text);
        text.strip_prefix("ssh://").unwrap_or(text).to_owned()
    }

    /// Whether both are addresses of one repository: scheme, user, `.git`, a trailing slash, the
    /// scheme's own port and the case of the host do not matter.
    ///
    /// The path is compared without regard to case, as Argo CD does.
    pub fn same_repository(&self, other: &Self) -> bool {
        let (left, right) = (self.location(), other.location());
        !left.path.is_empty() && left == right
    }

    fn location(&self) -> Location {
        let text = self.0.trim().to_lowercase();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme, rest.to_owned()),
            None if is_scp(&text) => ("ssh", text.replacen(':', "/", 1)),
            None => ("", text.clone()),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        };
        let own_port = |port: &&str| {
            let pairs = [
                ("https", "443"),
                ("http", "80"),
                ("ssh", "22"),
                ("git", "9418"),
            ];
            !pairs.contains(&(scheme, *port))
        };
        let path = path.trim_matches('/');
        Location {
            host: host.to_owned(),
            port: port.filter(own_port).map(str::to_owned),
            path: path.strip_suffix(".git").unwrap_or(path).to_owned(),
        }
    }
}

/// `user@host:path`, as git takes it over ssh.
fn is_scp(text: &str) -> bool {
    if text.contains("://") {
        return false;
    }
    let Some((user, rest)) = text.split_once('@') else {
        return false;
    };
    !user.contains(['/', ':']) && !rest.contains('@') && rest.contains(':')
}

impl fmt::Display for RepoUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_as_argo_cd_does() {
        let cases = [
            ("https://GitHub.com/Me/Lab.git", "https://github.com/me/lab"),
            ("git@github.com:me/lab.git", "git@github.com/me/lab"),
            ("ssh://git@github.com/me/lab", "git@github.com/me/lab"),
            (
                "ssh://git@github.com:22/me/lab.git",
                "git@github.com:22/me/lab",
            ),
            (" https://a/b ", "https://a/b"),
            ("*", "*"),
        ];
        for (text, expected) in cases {
            assert_eq!(RepoUrl::new(text).normalized(), expected, "{text}");
        }
    }

    #[test]
    fn every_form_of_an_address_is_one_repository() {
        let forms = [
            "https://git.example.org/me/lab.git",
            "https://user:token@git.example.org:443/me/lab/",
            "http://git.example.org/me/lab",
            "ssh://git@git.example.org/me/lab.git",
            "git@git.example.org:me/lab.git",
            "GIT@git.example.org:/me/lab",
            "git://git.example.org:9418/me/lab.git",
        ];
        for left in forms {
            for right in forms {
                let same = RepoUrl::new(left).same_repository(&RepoUrl::new(right));
                assert!(same, "{left} {right}");
            }
        }
        let other = [
            "https://git.example.org:8443/me/lab",
            "https://git.example.org",
            "",
        ];
        for right in other {
            let same = RepoUrl::new(forms[0]).same_repository(&RepoUrl::new(right));
            assert!(!same, "{right}");
        }
    }
}

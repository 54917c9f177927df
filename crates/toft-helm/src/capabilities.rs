//! What templates are told about the cluster.
//!
//! Source: Helm 3.22.0 `pkg/chartutil/capabilities.go`; Helm 4.3.1 `pkg/chart/common/capabilities.go`.

mod known;

use smol_str::SmolStr;

use crate::chart::HelmVersion;
use crate::problem::{OPTIONS, Problem};

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// `v1.36.0`; in Helm 4 with what stands behind it, such as `+k3s1`.
    pub version: SmolStr,
    /// The same without what stands behind it.
    pub plain: SmolStr,
    /// `1`
    pub major: SmolStr,
    /// `36`
    pub minor: SmolStr,
}

/// What templates are told about the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Its version.
    pub kube_version: KubeVersion,
    /// The API versions that it has, such as `apps/v1`, in order.
    pub api_versions: Vec<SmolStr>,
}

impl Capabilities {
    /// What Helm takes for granted when it asks no cluster.
    pub fn assumed() -> Self {
        let text = SmolStr::from(format!("v1.{}.0", known::MINOR));
        Self {
            kube_version: KubeVersion {
                version: text.clone(),
                plain: text,
                major: "1".into(),
                minor: known::MINOR.into(),
            },
            api_versions: known::API_VERSIONS
                .iter()
                .map(|text| SmolStr::from(*text))
                .collect(),
        }
    }
}

impl KubeVersion {
    /// Reads a version such as `1.29`, `v1.29.1` or `v1.29.1+k3s1`.
    ///
    /// # Errors
    /// The text is no version; the words are Helm's.
    ///
    /// # Example
    /// ```
    /// use toft_helm::{HelmVersion, KubeVersion};
    /// let version = KubeVersion::parse("v1.29.1+k3s1", HelmVersion::V3).unwrap();
    /// assert_eq!(version.version, "v1.29.1");
    /// let version = KubeVersion::parse("v1.29.1+k3s1", HelmVersion::V4).unwrap();
    /// assert_eq!(version.version, "v1.29.1+k3s1");
    /// ```
    pub fn parse(text: &str, version: HelmVersion) -> Result<Self, Problem> {
        let refused = || {
            Problem::new(
                OPTIONS,
                format!("invalid kube version '{text}': could not parse {text:?} as version"),
            )
        };
        let numbers = numbers(text).ok_or_else(refused)?;
        let [major, minor, ..] = numbers.as_slice() else {
            return Err(refused());
        };
        let shown: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let plain = SmolStr::from(format!("v{}", shown.join(".")));
        let full = match version {
            HelmVersion::V3 => plain.clone(),
            HelmVersion::V4 if text.starts_with('v') => text.into(),
            HelmVersion::V4 => format!("v{text}").into(),
        };
        Ok(Self {
            version: full,
            plain,
            major: major.to_string().into(),
            minor: minor.to_string().into(),
        })
    }
}

/// The numbers at the start of a version, two or more.
///
/// Source: k8s.io/apimachinery v0.36.3 `pkg/util/version/version.go`, `parse`.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|one: char| !one.is_ascii_digit());
        let (digits, tail) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        if digits.is_empty() {
            break;
        }
        if numbers.is_empty() && digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        numbers.push(digits.parse().ok()?);
        match tail.strip_prefix('.') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (numbers.len() >= 2).then_some(numbers)
}

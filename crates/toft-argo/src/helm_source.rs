//! What an Application says about its chart.

use smol_str::SmolStr;
use toft_value::Value;

use crate::read;

/// Options for a chart.
///
/// Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `ApplicationSourceHelm`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field upstream")]
pub struct HelmSource {
    /// Files of values: relative to the chart, from the root of the repository (`/…`), of a sibling
    /// (`$ref/…`), or an address; later ones win.
    pub value_files: Vec<SmolStr>,
    /// What `--set` says; wins over everything else.
    pub parameters: Vec<HelmParameter>,
    /// What `--set-file` says.
    pub file_parameters: Vec<HelmFileParameter>,
    /// The name of the release; empty where it is that of the Application.
    pub release_name: SmolStr,
    /// Values as YAML; they win over files.
    pub values: SmolStr,
    /// Values as an object; `values` do not count beside it.
    pub values_object: Option<Value>,
    /// Files of values that do not exist are left out.
    pub ignore_missing_value_files: bool,
    /// The objects of `crds/` are left out.
    pub skip_crds: bool,
    /// Hooks that test a release are left out.
    pub skip_tests: bool,
    /// Values may differ from `values.schema.json`.
    pub skip_schema_validation: bool,
    /// Credentials go to every domain; what is fetched is the same.
    pub pass_credentials: bool,
    /// `v3` or empty.
    pub version: SmolStr,
    /// The namespace of the release; empty where it is that of the destination.
    pub namespace: SmolStr,
    /// The version of Kubernetes that templates are told; empty where it is the cluster's.
    pub kube_version: SmolStr,
    /// The API versions that templates are told; empty where they are the cluster's.
    pub api_versions: Vec<SmolStr>,
}

/// One `--set` or `--set-string`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmParameter {
    /// The path of the value.
    pub name: SmolStr,
    /// The value.
    pub value: SmolStr,
    /// Whether the value stays a text.
    pub force_string: bool,
}

/// One `--set-file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmFileParameter {
    /// The path of the value.
    pub name: SmolStr,
    /// The file.
    pub path: SmolStr,
}

impl HelmSource {
    /// Reads the options.
    pub(crate) fn parse(value: &Value) -> Self {
        Self {
            value_files: read::texts(value, "valueFiles"),
            parameters: read::list(value, "parameters", |one| HelmParameter {
                name: read::text(one, "name"),
                value: read::text(one, "value"),
                force_string: read::flag(one, "forceString"),
            }),
            file_parameters: read::list(value, "fileParameters", |one| HelmFileParameter {
                name: read::text(one, "name"),
                path: read::text(one, "path"),
            }),
            release_name: read::text(value, "releaseName"),
            values: read::text(value, "values"),
            values_object: value
                .get("valuesObject")
                .filter(|one| !one.is_null())
                .cloned(),
            ignore_missing_value_files: read::flag(value, "ignoreMissingValueFiles"),
            skip_crds: read::flag(value, "skipCrds"),
            skip_tests: read::flag(value, "skipTests"),
            skip_schema_validation: read::flag(value, "skipSchemaValidation"),
            pass_credentials: read::flag(value, "passCredentials"),
            version: read::text(value, "version"),
            namespace: read::text(value, "namespace"),
            kube_version: read::text(value, "kubeVersion"),
            api_versions: read::texts(value, "apiVersions"),
        }
    }
}

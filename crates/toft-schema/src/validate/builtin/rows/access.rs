//! Fields of kinds that are about who may do what, and who is asked.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/{admissionregistration,certificates,flowcontrol}/validation/validation.go`,
//! kube-aggregator 0.36.3 `pkg/apis/apiregistration/validation/validation.go`.

use super::super::super::name;
use super::{Check, Row};
use Check::{
    Named, NamedRequired, NamedSet, OneOf, OneOfRequired, Range, Required, RequiredTo, Within,
};

const FAILURE: &[&str] = &["Fail", "Ignore"];
const MATCH: &[&str] = &["Equivalent", "Exact"];
const OPERATIONS: &[&str] = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: &[&str] = &["*", "Cluster", "Namespaced"];

pub(super) const WEBHOOKS: &[Row] = &[
    ("webhooks[].failurePolicy", OneOf(FAILURE)),
    ("webhooks[].matchPolicy", OneOf(MATCH)),
    (
        "webhooks[].timeoutSeconds",
        Within(1, 30, "the timeout value must be between 1 and 30 seconds"),
    ),
    (
        "webhooks[].reinvocationPolicy",
        OneOf(&["IfNeeded", "Never"]),
    ),
    ("webhooks[].namespaceSelector", Check::Selector),
    ("webhooks[].objectSelector", Check::Selector),
    ("webhooks[].rules[].operations", Required),
    ("webhooks[].rules[].operations[]", OneOf(OPERATIONS)),
    ("webhooks[].rules[].apiGroups", Required),
    ("webhooks[].rules[].apiVersions", Required),
    ("webhooks[].rules[].apiVersions[]", Required),
    ("webhooks[].rules[].resources", Required),
    ("webhooks[].rules[].resources[]", Required),
    ("webhooks[].rules[].scope", OneOf(SCOPES)),
    ("webhooks[].clientConfig.service.name", Required),
    ("webhooks[].clientConfig.service.namespace", Required),
    ("webhooks[].matchConditions[].expression", Required),
    (
        "webhooks[].matchConditions[].name",
        NamedRequired(name::qualified_name),
    ),
];

pub(super) const MUTATING_WEBHOOKS: &[Row] = WEBHOOKS;

pub(super) const ADMISSION_POLICY: &[Row] = &[
    ("spec.failurePolicy", OneOf(FAILURE)),
    ("spec.paramKind.apiVersion", Required),
    ("spec.paramKind.kind", Required),
    ("spec.matchConstraints", Required),
    ("spec.matchConstraints.matchPolicy", OneOf(MATCH)),
    ("spec.matchConstraints.namespaceSelector", Check::Selector),
    ("spec.matchConstraints.objectSelector", Check::Selector),
    ("spec.matchConstraints.resourceRules", Required),
    ("spec.matchConstraints.resourceRules[].operations", Required),
    (
        "spec.matchConstraints.resourceRules[].operations[]",
        OneOf(OPERATIONS),
    ),
    ("spec.matchConstraints.resourceRules[].apiGroups", Required),
    (
        "spec.matchConstraints.resourceRules[].apiVersions",
        Required,
    ),
    (
        "spec.matchConstraints.resourceRules[].apiVersions[]",
        Required,
    ),
    ("spec.matchConstraints.resourceRules[].resources", Required),
    (
        "spec.matchConstraints.resourceRules[].resources[]",
        Required,
    ),
    ("spec.matchConstraints.resourceRules[].scope", OneOf(SCOPES)),
    (
        "spec.matchConstraints.resourceRules[].resourceNames[]",
        Named(name::path_segment),
    ),
    (
        "spec.matchConstraints.resourceRules[].resourceNames",
        Check::Unique,
    ),
    (
        "spec.matchConditions[].name",
        NamedRequired(name::qualified_name),
    ),
    ("spec.matchConditions[].expression", Required),
    (
        "spec.validations[].expression",
        RequiredTo("expression is not specified"),
    ),
    (
        "spec.validations[].reason",
        OneOf(&["Forbidden", "Invalid", "RequestEntityTooLarge"]),
    ),
    (
        "spec.auditAnnotations[].valueExpression",
        RequiredTo("valueExpression is not specified"),
    ),
    ("spec.variables[].name", RequiredTo("name is not specified")),
    (
        "spec.variables[].expression",
        RequiredTo("expression is not specified"),
    ),
];

pub(super) const ADMISSION_POLICY_BINDING: &[Row] = &[
    ("spec.policyName", NamedRequired(name::dns_subdomain)),
    (
        "spec.validationActions",
        RequiredTo("at least one validation action is required"),
    ),
    ("spec.validationActions", Check::Unique),
    ("spec.paramRef.name", Named(name::path_segment)),
    (
        "spec.validationActions[]",
        OneOf(&["Audit", "Deny", "Warn"]),
    ),
    (
        "spec.paramRef.parameterNotFoundAction",
        OneOfRequired(&["Deny", "Allow"]),
    ),
    ("spec.matchResources.matchPolicy", OneOf(MATCH)),
    ("spec.matchResources.namespaceSelector", Check::Selector),
    ("spec.matchResources.objectSelector", Check::Selector),
];

pub(super) const API_SERVICE: &[Row] = &[
    ("spec.group", Named(name::dns_subdomain)),
    ("spec.version", NamedSet(name::dns_1035_label)),
    (
        "spec.groupPriorityMinimum",
        Within(1, 20_000, "must be positive and less than 20000"),
    ),
    (
        "spec.versionPriority",
        Within(1, 1_000, "must be positive and less than 1000"),
    ),
    ("spec.service.namespace", Required),
    ("spec.service.name", Required),
    (
        "spec.service.port",
        Within(
            1,
            65_535,
            "port is not valid: must be between 1 and 65535, inclusive",
        ),
    ),
];

const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

pub(super) const SIGNING_REQUEST: &[Row] = &[
    ("spec.usages", Required),
    ("spec.usages[]", OneOf(USAGES)),
    ("spec.usages", Check::Unique),
    ("spec.signerName", Required),
    (
        "spec.expirationSeconds",
        Within(
            600,
            i32::MAX as i64,
            "may not specify a duration less than 600 seconds (10 minutes)",
        ),
    ),
];

const VERBS: &str = "verbs must contain at least one value";

pub(super) const FLOW_SCHEMA: &[Row] = &[
    (
        "spec.priorityLevelConfiguration.name",
        RequiredTo("must reference a priority level"),
    ),
    (
        "spec.priorityLevelConfiguration.name",
        Named(name::dns_subdomain),
    ),
    (
        "spec.matchingPrecedence",
        Within(i64::MIN, 10_000, "must not be greater than 10000"),
    ),
    (
        "spec.matchingPrecedence",
        Within(1, i64::MAX, "must be a positive value"),
    ),
    (
        "spec.rules[].subjects",
        RequiredTo("subjects must contain at least one value"),
    ),
    (
        "spec.rules[].subjects[].kind",
        OneOf(&["Group", "ServiceAccount", "User"]),
    ),
    ("spec.rules[].subjects[].user.name", Required),
    ("spec.rules[].subjects[].group.name", Required),
    (
        "spec.rules[].subjects[].serviceAccount.name",
        NamedRequired(name::dns_subdomain),
    ),
    (
        "spec.rules[].subjects[].serviceAccount.namespace",
        RequiredTo("must specify namespace for service account"),
    ),
    (
        "spec.rules[].subjects[].serviceAccount.namespace",
        Named(name::dns_label),
    ),
    ("spec.rules[].nonResourceRules[].verbs", RequiredTo(VERBS)),
    (
        "spec.rules[].nonResourceRules[].nonResourceURLs",
        RequiredTo("nonResourceURLs must contain at least one value"),
    ),
    ("spec.rules[].resourceRules[].verbs", RequiredTo(VERBS)),
    (
        "spec.rules[].resourceRules[].apiGroups",
        RequiredTo("resource rules must supply at least one api group"),
    ),
    (
        "spec.rules[].resourceRules[].resources",
        RequiredTo("resource rules must supply at least one resource"),
    ),
];

pub(super) const PRIORITY_LEVEL: &[Row] = &[
    ("spec.type", OneOfRequired(&["Exempt", "Limited"])),
    (
        "spec.limited.nominalConcurrencyShares",
        Within(0, i64::MAX, "must be a non-negative integer"),
    ),
    ("spec.limited.lendablePercent", Range(0, 100)),
    (
        "spec.limited.borrowingLimitPercent",
        Within(0, i64::MAX, "if specified, must be a non-negative integer"),
    ),
    (
        "spec.limited.limitResponse.type",
        OneOfRequired(&["Queue", "Reject"]),
    ),
    (
        "spec.limited.limitResponse.queuing.queues",
        Within(1, i64::MAX, "must be positive"),
    ),
    (
        "spec.limited.limitResponse.queuing.queues",
        Within(i64::MIN, 10_000_000, "must not be greater than 10000000"),
    ),
    (
        "spec.limited.limitResponse.queuing.handSize",
        Within(1, i64::MAX, "must be positive"),
    ),
    (
        "spec.limited.limitResponse.queuing.queueLengthLimit",
        Within(1, i64::MAX, "must be positive"),
    ),
];

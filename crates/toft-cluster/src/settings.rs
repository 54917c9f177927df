//! What a simulated cluster is made of.

use smol_str::SmolStr;

/// What a simulated cluster is made of. The same settings and the same requests give the same cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The seed of every draw.
    pub seed: u64,
    /// What of a cluster is simulated.
    pub parts: Parts,
    /// The nodes of a fresh cluster.
    pub nodes: Vec<NodeSettings>,
    /// The first three numbers of the addresses that `LoadBalancer` Services get.
    pub load_balancer_prefix: SmolStr,
    /// The address of Ingresses: that of the ingress controller which is assumed.
    pub ingress_address: SmolStr,
    /// The address of the API server in the cluster, the Service `kubernetes`.
    pub api_address: SmolStr,
    /// The port of the API server on the machine.
    pub api_port: u16,
    /// The certificate that signs the API server's, as PEM; every namespace has it in a ConfigMap.
    pub root_certificate: String,
    /// The namespace of Argo CD, where its Applications and projects are.
    pub argo_namespace: SmolStr,
}

/// What of a cluster is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Everything.
    All,
    /// The API server, its controllers and the scheduler: what happens on nodes, and outside, is told by
    /// somebody else.
    ControlPlane,
}

/// One node of a fresh cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSettings {
    /// Its name.
    pub name: SmolStr,
    /// Its address.
    pub address: SmolStr,
    /// Its processors, in thousandths.
    pub cpu_milli: i64,
    /// Its memory, in bytes.
    pub memory_bytes: i64,
    /// Its disk for pods, in bytes.
    pub disk_bytes: i64,
    /// How many pods it takes.
    pub pods: i64,
    /// `amd64` or `arm64`.
    pub arch: SmolStr,
    /// `linux`
    pub os: SmolStr,
}

const GIB: i64 = 1 << 30;

impl ClusterSettings {
    /// Two nodes of 8 processors and 32 GiB.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            parts: Parts::All,
            nodes: vec![
                NodeSettings::new("node-1", "10.0.0.11"),
                NodeSettings::new("node-2", "10.0.0.12"),
            ],
            load_balancer_prefix: "10.0.1".into(),
            ingress_address: "10.0.1.1".into(),
            api_address: "10.96.0.1".into(),
            api_port: 6443,
            root_certificate: String::new(),
            argo_namespace: "argocd".into(),
        }
    }
}

impl NodeSettings {
    /// A node of 8 processors, 32 GiB and 110 pods.
    pub fn new(name: &str, address: &str) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            cpu_milli: 8_000,
            memory_bytes: 32 * GIB,
            disk_bytes: 500 * GIB,
            pods: 110,
            arch: "amd64".into(),
            os: "linux".into(),
        }
    }
}

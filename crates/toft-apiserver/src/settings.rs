//! What an administrator chooses for an API server.

/// What an administrator chooses for an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The network of Services: an IPv4 address and the length of its prefix.
    pub service_network: ([u8; 4], u8),
    /// The first and the last port that Services may have on nodes.
    pub node_ports: (u16, u16),
}

/// What upstream chooses, and kubeadm: `10.96.0.0/12`, ports 30000 to 32767.
impl Default for Settings {
    fn default() -> Self {
        Self {
            service_network: ([10, 96, 0, 0], 12),
            node_ports: (30_000, 32_767),
        }
    }
}

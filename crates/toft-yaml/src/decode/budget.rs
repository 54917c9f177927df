//! How much aliases may multiply a document.

/// Below this many nodes nearly everything may come from aliases.
const RATIO_LOW: u32 = 400_000;

/// From this many nodes on a tenth may.
const RATIO_HIGH: u32 = 4_000_000;

/// How many bytes of text aliases may repeat. Upstream counts nodes only, and one anchor of 1 MB used
/// a thousand times is a gigabyte; objects that a cluster takes have at most 1.5 MiB.
const REPEATED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a part of a document costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    nodes: u32,
    bytes: u64,
}

impl Cost {
    /// One node.
    pub(super) const ONE: Self = Self { nodes: 1, bytes: 0 };

    /// Text alone.
    pub(super) fn text(text: &str) -> Self {
        Self {
            nodes: 0,
            bytes: text.len() as u64,
        }
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            nodes: self.nodes - before.nodes,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// Counts decoded nodes and how many of them aliases brought.
///
/// Source: go.yaml.in/yaml v3.0.5 and v2.4.4 `decode.go`, `decoder.unmarshal` and `allowedAliasRatio`.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: Cost,
    by_aliases: Cost,
    alias_depth: usize,
}

impl Budget {
    /// Spends; says whether the document is still in proportion.
    pub(super) fn spend(&mut self, cost: Cost) -> bool {
        add(&mut self.spent, cost);
        if self.alias_depth > 0 {
            add(&mut self.by_aliases, cost);
        }
        let (nodes, aliases) = (self.spent.nodes, self.by_aliases.nodes);
        let counts = aliases > 100 && nodes > 1000;
        let is_out_of_proportion =
            counts && f64::from(aliases) / f64::from(nodes) > allowed_ratio(nodes);
        !is_out_of_proportion && self.by_aliases.bytes <= REPEATED_BYTES_MAX
    }

    pub(super) fn cost(&self) -> Cost {
        self.spent
    }

    pub(super) fn enter_alias(&mut self) {
        self.alias_depth += 1;
    }

    pub(super) fn leave_alias(&mut self) {
        self.alias_depth -= 1;
    }
}

fn add(total: &mut Cost, cost: Cost) {
    total.nodes = total.nodes.saturating_add(cost.nodes);
    total.bytes = total.bytes.saturating_add(cost.bytes);
}

fn allowed_ratio(nodes: u32) -> f64 {
    match nodes {
        ..=RATIO_LOW => 0.99,
        RATIO_HIGH.. => 0.10,
        _ => 0.99 - 0.89 * f64::from(nodes - RATIO_LOW) / f64::from(RATIO_HIGH - RATIO_LOW),
    }
}

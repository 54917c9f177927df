//! How much a template may ask for.

/// How deep expressions, blocks and values may nest. Go's own limit for expressions is 10,000 and it
/// has none for blocks; the deepest template found in public repositories nests nine levels.
pub const NESTING_MAX: usize = 100;

/// How deep templates may call each other. Go's limit is 100,000, whose stack we do not have.
pub const TEMPLATE_DEPTH_MAX: usize = 100;

/// How many bytes one template may write, and how long one of its texts may get: no Kubernetes object
/// is larger than 3 MiB.
pub const OUTPUT_BYTES_MAX: usize = 8 << 20;

/// How many values one value may hold in all, those that it holds twice counted twice, where it is
/// printed, copied or compared: the largest ApplicationSet parameters found have some hundreds.
pub const VALUES_MAX: usize = 1_000_000;

/// How much work one rendering may do: a node costs 1, a text an eighth of its bytes, a list its
/// items. The largest template found in public repositories needs some thousands.
pub const WORK_MAX: u64 = 2_000_000;

/// How much the renderings of one session may do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of work, counted as for [`WORK_MAX`].
    pub work: u64,
    /// Bytes of one output or text.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            work: WORK_MAX,
            output_bytes: OUTPUT_BYTES_MAX,
        }
    }
}

/// What is left of the work that a rendering may do.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    left: u64,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            left: limits.work,
        }
    }

    /// Takes `cost` away; the error says that nothing is left.
    pub(crate) fn spend(&mut self, cost: usize) -> Result<(), String> {
        let cost = u64::try_from(cost).unwrap_or(u64::MAX);
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(format!(
                "the template does more than {} steps of work",
                self.limits.work
            )),
        }
    }

    /// Takes away what making a text of so many bytes costs; the text may not be too long.
    pub(crate) fn spend_text(&mut self, bytes: usize) -> Result<(), String> {
        let most = self.limits.output_bytes;
        if bytes > most {
            return Err(format!("a text is longer than {most} bytes"));
        }
        self.spend(bytes / 8 + 1)
    }

    /// How long an output may get.
    pub(crate) fn output_bytes_max(&self) -> usize {
        self.limits.output_bytes
    }
}

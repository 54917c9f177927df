//! Counts that may be written as a share: `1` or `25%`.

use toft_value::Value;

/// What happens to a share that is no whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// To the next whole number above.
    Up,
    /// To the next whole number below.
    Down,
}

/// The count that a value means for a total; `None` where it is neither a number nor a percentage.
///
/// Source: apimachinery 0.36.3 `pkg/util/intstr/intstr.go`, `GetScaledValueFromIntOrPercent`.
pub(crate) fn scaled(value: &Value, total: i64, round: Round) -> Option<i64> {
    if let Some(count) = value.as_i64() {
        return Some(count);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = percent.saturating_mul(total);
    Some(match round {
        Round::Up => product.saturating_add(99).div_euclid(100),
        Round::Down => product.div_euclid(100),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_as_asked() {
        assert_eq!(scaled(&"25%".into(), 3, Round::Up), Some(1));
        assert_eq!(scaled(&"25%".into(), 3, Round::Down), Some(0));
        assert_eq!(scaled(&2.into(), 10, Round::Up), Some(2));
        assert_eq!(scaled(&"x".into(), 10, Round::Up), None);
    }
}

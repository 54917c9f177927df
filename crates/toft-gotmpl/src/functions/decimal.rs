//! Decimal arithmetic, so that a tenth and two tenths are three tenths.
//!
//! Source: github.com/shopspring/decimal v1.4.0 `decimal.go`: a float becomes its shortest decimal;
//! sums and products are exact; quotients have sixteen digits after the point, rounded half away
//! from zero.

use toft_value::float_to_shortest;

/// A number as `digits × 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decimal {
    Exact {
        digits: i128,
        exponent: i32,
    },
    /// What does not fit is computed in floats.
    Float(f64),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// How many digits a quotient has after the point.
const DIVISION_DIGITS: i32 = 16;

impl Decimal {
    pub(super) fn of(number: f64) -> Self {
        Self::read(&float_to_shortest(number)).unwrap_or(Self::Float(number))
    }

    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let exponent: i32 = exponent.parse().ok()?;
        let exponent = exponent - i32::try_from(fraction.len()).ok()?;
        Some(Self::Exact { digits, exponent })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only where no exact number fits"
    )]
    pub(super) fn to_float(self) -> f64 {
        match self {
            Self::Float(number) => number,
            Self::Exact { digits, exponent } => {
                let text = format!("{digits}e{exponent}");
                text.parse().unwrap_or(digits as f64)
            }
        }
    }

    pub(super) fn apply(self, operation: Operation, other: Self) -> Result<Self, String> {
        if operation == Operation::Divide && other.to_float() == 0.0 {
            return Err("decimal division by 0".to_owned());
        }
        let exact = self.exact(operation, other);
        Ok(exact.unwrap_or_else(|| {
            let (left, right) = (self.to_float(), other.to_float());
            Self::Float(match operation {
                Operation::Add => left + right,
                Operation::Subtract => left - right,
                Operation::Multiply => left * right,
                Operation::Divide => left / right,
            })
        }))
    }

    fn exact(self, operation: Operation, other: Self) -> Option<Self> {
        let (
            Self::Exact {
                digits: left,
                exponent,
            },
            Self::Exact {
                digits: right,
                exponent: other,
            },
        ) = (self, other)
        else {
            return None;
        };
        if operation == Operation::Multiply {
            let digits = left.checked_mul(right)?;
            return Some(Self::Exact {
                digits,
                exponent: exponent + other,
            });
        }
        if operation == Operation::Divide {
            return divide((left, exponent), (right, other));
        }
        let lowest = exponent.min(other);
        let (left, right) = (
            scale(left, exponent - lowest)?,
            scale(right, other - lowest)?,
        );
        let digits = match operation {
            Operation::Subtract => left.checked_sub(right)?,
            _ => left.checked_add(right)?,
        };
        Some(Self::Exact {
            digits,
            exponent: lowest,
        })
    }
}

fn scale(digits: i128, power: i32) -> Option<i128> {
    let power = 10_i128.checked_pow(u32::try_from(power).ok()?)?;
    digits.checked_mul(power)
}

fn divide(
    (left, left_exponent): (i128, i32),
    (right, right_exponent): (i128, i32),
) -> Option<Decimal> {
    let shift = left_exponent - right_exponent + DIVISION_DIGITS;
    let (left, right) = if shift >= 0 {
        (scale(left, shift)?, right)
    } else {
        (left, scale(right, -shift)?)
    };
    let (quotient, remainder) = (left / right, left % right);
    let up = remainder.checked_abs()?.checked_mul(2)? >= right.checked_abs()?;
    let sign = if (left < 0) == (right < 0) { 1 } else { -1 };
    let digits = if up { quotient + sign } else { quotient };
    Some(Decimal::Exact {
        digits,
        exponent: -DIVISION_DIGITS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the very number is wanted")]
    fn tenths_add_up() {
        let apply = |left: f64, operation, right: f64| {
            let result = Decimal::of(left).apply(operation, Decimal::of(right));
            result.unwrap().to_float()
        };
        assert_eq!(apply(0.1, Operation::Add, 0.2), 0.3);
        assert_eq!(apply(0.3, Operation::Subtract, 0.1), 0.2);
        assert_eq!(apply(1.1, Operation::Multiply, 1.1), 1.21);
        assert_eq!(apply(2.0, Operation::Divide, 3.0), 0.666_666_666_666_666_7);
        assert!(
            Decimal::of(1.0)
                .apply(Operation::Divide, Decimal::of(0.0))
                .is_err()
        );
    }
}

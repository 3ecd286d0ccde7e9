//! Quantities, as Kubernetes writes them: `100m`, `1.5Gi`, `2e3`.

/// In thousandths, rounded up; none for what is no quantity.
pub fn parse(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (numerator, denominator) = scale(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let power = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value = digits.checked_mul(numerator)?;
    let divisor = power.checked_mul(denominator)?;
    Some(value.div_euclid(divisor) + i128::from(value.rem_euclid(divisor) != 0))
}

/// What a suffix makes of a number, in thousandths.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    let decimal = |power: u32| Some((10_i128.pow(power), 1));
    let binary = |power: u32| Some((1000 * 1024_i128.pow(power), 1));
    match suffix {
        "n" => Some((1, 1_000_000)),
        "u" => Some((1, 1000)),
        "m" => Some((1, 1)),
        "" => decimal(3),
        "k" => decimal(6),
        "M" => decimal(9),
        "G" => decimal(12),
        "T" => decimal(15),
        "P" => decimal(18),
        "E" => decimal(21),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(suffix),
    }
}

fn exponent(suffix: &str) -> Option<(i128, i128)> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = power.checked_add(3)?;
    let size = 10_i128.checked_pow(power.unsigned_abs())?;
    Some(if power < 0 { (1, size) } else { (size, 1) })
}

/// As a person writes it.
pub fn shown(thousandths: i128) -> String {
    const UNITS: [(&str, u32); 4] = [("Ti", 4), ("Gi", 3), ("Mi", 2), ("Ki", 1)];
    if thousandths % 1000 != 0 {
        return format!("{thousandths}m");
    }
    let whole = thousandths / 1000;
    let unit = UNITS.into_iter().find(|(_, power)| {
        let size = 1024_i128.pow(*power);
        whole != 0 && whole % size == 0
    });
    match unit {
        Some((unit, power)) => format!("{}{unit}", whole / 1024_i128.pow(power)),
        None => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_what_kubernetes_takes_them_for() {
        for (text, thousandths) in [
            ("0", 0),
            ("2", 2_000),
            ("100m", 100),
            ("0.1", 100),
            ("1.5", 1_500),
            (".5", 500),
            ("1k", 1_000_000),
            ("1Ki", 1_024_000),
            ("1.5Gi", 1_610_612_736_000),
            ("2e3", 2_000_000),
            ("2E3", 2_000_000),
            ("12e-1", 1_200),
            ("1E", 10_i128.pow(21)),
            ("1n", 1),
            ("1500u", 2),
            ("-1", -1_000),
        ] {
            assert_eq!(parse(text), Some(thousandths), "{text}");
        }
        for text in ["", "m", "1x", "one", "1.2.3", "1e", "1e999999999", "1KiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn they_are_shown_as_a_person_writes_them() {
        for text in ["0", "3", "100m", "512Mi", "2Gi", "1025"] {
            assert_eq!(shown(parse(text).unwrap()), text);
        }
    }
}

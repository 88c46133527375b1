//! How numbers are written for people.

/// A number with so many decimals, and no minus sign before zeros.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.into(),
        _ => text,
    }
}

/// A count with a decimal prefix and three significant digits, such as `1.23 G`; exact below a thousand.
pub(crate) fn prefixed(count: u64) -> String {
    if count < 1000 {
        return format!("{count} ");
    }
    let mut value = count as f64;
    let mut prefix = ' ';
    for next in ['k', 'M', 'G', 'T', 'P', 'E'] {
        // 999.5 would be written as 1000.
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        prefix = next;
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {prefix}")
}

/// A count with its thousands apart, such as `1 234 567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_three_digits() {
        let written = [0, 999, 1000, 1234, 12_345, 999_499, 999_500, 1_230_000_000, u64::MAX].map(prefixed);
        assert_eq!(written, ["0 ", "999 ", "1.00 k", "1.23 k", "12.3 k", "999 k", "1.00 M", "1.23 G", "18.4 E"]);
        assert_eq!([7, 1000, 1_234_567].map(grouped), ["7", "1 000", "1 234 567"]);
    }
}

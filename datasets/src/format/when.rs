//! Time stamps in text: whole seconds since 1970, or a date, with or without a time of day, as RFC 3339 writes them.
//!
//! <https://www.rfc-editor.org/rfc/rfc3339>; what says no offset is taken for UTC, and fractions of a second are dropped.

use anyhow::{Context, Result, bail};
use toml::value::{Date, Datetime, Offset};

/// Seconds since the beginning of 1970, UTC.
///
/// # Errors
/// When the text is neither a whole number nor a date.
pub(crate) fn seconds(text: &str) -> Result<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let remedy = || format!("{text:?} is no time; write seconds since 1970, or a date such as 2024-02-29T12:00:00Z");
    let Datetime { date: Some(date), time, offset } = text.parse::<Datetime>().ok().with_context(remedy)? else {
        bail!(remedy())
    };
    let time = time.map_or(0, |time| {
        i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0))
    });
    let east = match offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes) * 60,
        Some(Offset::Z) | None => 0,
    };
    Ok(days(date) * 86_400 + time - east)
}

/// Days since the beginning of 1970 in the Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last one; then a month begins after (153 m + 2) / 5 days.
fn days(date: Date) -> i64 {
    let (year, month, day) = (i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 1 March of the year 0 and the beginning of 1970.
    365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        for (text, wanted) in [
            ("0", 0),
            (" -5 ", -5),
            ("1970-01-01", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2001-09-09 03:46:40.75+02:00", 1_000_000_000),
            ("2016-09-28 00:22:34", 1_475_022_154),
            ("1790-01-08", -5_679_590_400),
        ] {
            assert_eq!(seconds(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "12:00:00", "2023-02-30", "1e9", "99999999999999999999"] {
            let error = seconds(text).unwrap_err().to_string();
            assert!(error.contains("is no time") && error.contains("seconds since 1970"), "{error}");
        }
    }
}

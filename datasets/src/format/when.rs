//! Time stamps in text: whole seconds since 1970, or a date, with or without a time of day, as RFC 3339 writes them.
//!
//! <https://www.rfc-editor.org/rfc/rfc3339>; what says no offset is taken for UTC, and fractions of a second are
//! dropped.

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
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
    Ok(days(date).with_context(remedy)? * 86_400 + time - east)
}

/// Days since the beginning of 1970 in the Gregorian calendar; none where there is no such day.
fn days(date: Date) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())?;
    Some(date.signed_duration_since(NaiveDate::default()).num_days())
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

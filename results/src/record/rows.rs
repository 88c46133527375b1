//! Rows of a CSV file: written in full precision, read back bit for bit.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A flat struct that is one line of a CSV file.
pub trait Row: Serialize + DeserializeOwned {
    /// The header, in the order of the fields.
    const COLUMNS: &'static [&'static str];
    /// Headers of older formats that are still read.
    const OLDER: &'static [&'static [&'static str]] = &[];
}

/// Writes a header and `rows`.
pub fn write_rows<R: Row>(mut out: impl Write, rows: &[R]) -> io::Result<()> {
    writeln!(out, "{}", R::COLUMNS.join(","))?;
    append_rows(out, rows)
}

/// Writes `rows` without a header, to go on with a file that has one.
pub fn append_rows<R: Row>(out: impl Write, rows: &[R]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    for row in rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}

/// Reads a header and at most `limit` rows; more, or other columns, are an error.
pub fn read_rows<R: Row>(input: impl Read, limit: usize) -> Result<Vec<R>, String> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers().map_err(|e| e.to_string())?;
    let known = std::iter::once(&R::COLUMNS).chain(R::OLDER);
    if !known.into_iter().any(|columns| header.iter().eq(columns.iter().copied())) {
        return Err(format!("the header is not `{}`", R::COLUMNS.join(",")));
    }
    let mut rows = Vec::new();
    for row in reader.deserialize() {
        if rows.len() == limit {
            return Err(format!("more than {limit} rows"));
        }
        rows.push(row.map_err(|e| e.to_string())?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LedgerRow;

    const HEADER: &str = "experience,phase,charged,steps,examples,replayed,rehearsed,flops,state_bytes\n";

    fn read(text: &str, limit: usize) -> Result<Vec<LedgerRow>, String> {
        read_rows(text.as_bytes(), limit)
    }

    #[test]
    fn other_columns_are_refused() {
        assert!(read("", 9).unwrap_err().starts_with("the header is not `experience,phase,"));
        assert!(read(&HEADER.replace("phase", "stage"), 9).is_err());
    }

    #[test]
    fn more_rows_than_the_limit_are_refused() {
        let text = format!("{HEADER}1,train,true,1,1,0,0,1,0\n1,test,false,1,1,0,0,1,0\n");
        assert_eq!(read(&text, 2).unwrap().len(), 2);
        assert_eq!(read(&text, 1).unwrap_err(), "more than 1 rows");
    }

    #[test]
    fn a_short_or_senseless_row_is_refused() {
        assert!(read(&format!("{HEADER}1,train\n"), 9).is_err());
        assert!(read(&format!("{HEADER}1,train,true,-1,1,0,1,0\n"), 9).is_err());
    }
}

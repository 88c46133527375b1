//! The records of many runs as one CSV file: the rows and columns of the Parquet file, for programs without a reader
//! for that.
//!
//! Numbers are bit for bit those of `records.csv`. Names are cleaned, and an apostrophe before `=`, `+`, `-` and `@`
//! keeps a spreadsheet from running them.

use std::io::{self, Write};
use std::rc::Rc;

use super::parquet::{COLUMNS, Cells, Names, Row};
use crate::{record::RunDir, words::clean};

/// A CSV file that grows run by run.
pub struct CsvRows<W: Write>(csv::Writer<W>);

impl<W: Write> CsvRows<W> {
    /// Begins a file with its header.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS.iter().map(|(name, _)| name)).map_err(broken)?;
        Ok(Self(writer))
    }

    /// Adds the records of a run.
    pub fn append(&mut self, run: &RunDir) -> io::Result<()> {
        let names = Rc::new(Names::of(run));
        for record in &run.records {
            let row = Row { run: Rc::clone(&names), record: record.clone() };
            self.0.write_record(COLUMNS.iter().map(|(_, cells)| cell(cells, &row))).map_err(broken)?;
        }
        Ok(())
    }

    /// Writes what is left and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.error().to_string()))
    }
}

fn cell(cells: &Cells, row: &Row) -> String {
    let real = |value: f64| format!("{value:?}");
    match cells {
        Cells::Text(cell) => name(&String::from_utf8_lossy(cell(row).data())),
        Cells::Flag(cell) => cell(row).to_string(),
        Cells::Seed(cell) | Cells::Count(cell) => cell(row).to_string(),
        Cells::OptionalCount(cell) => cell(row).map(|count| count.to_string()).unwrap_or_default(),
        Cells::Real(cell) => real(cell(row)),
        Cells::OptionalReal(cell) => cell(row).map(real).unwrap_or_default(),
    }
}

fn name(name: &str) -> String {
    let name = clean(name);
    if name.starts_with(['=', '+', '-', '@']) { format!("'{name}") } else { name }
}

/// What the system said, where it was the cause.
fn broken(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn a_row_is_a_record_behind_its_run() {
        let mut run = example::run("er", u64::MAX, [0.1 + 0.2, 5e-324, 1.0]);
        run.manifest.stream.name = "=HYPERLINK(1)\n".into();
        run.manifest.stream.covers = Some((2, 3));
        let mut rows = CsvRows::new(Vec::new()).unwrap();
        rows.append(&run).unwrap();
        let text = String::from_utf8(rows.finish().unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 13);
        assert!(
            lines[0].starts_with("run,family,stream,hash,method,overrides,seed,joint,covers_first,covers_last,at,")
        );
        assert_eq!(
            lines[10],
            "er-18446744073709551615,family-er,'=HYPERLINK(1),5ca1ab1e0ddba11c,er,,18446744073709551615,false,2,3,end,\
             3,300,0,0-1,test,,,0.30000000000000004,0.5,0.25,0.30000000000000004,-0.19999999999999996,200"
        );
        assert!(lines[11].contains(",5e-324,"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_the_systems_error() {
        let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
        let finished = CsvRows::new(full()).and_then(CsvRows::finish);
        assert_eq!(finished.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}

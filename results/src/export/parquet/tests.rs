use std::fs::File;

use parquet::basic::Encoding;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::*;
use crate::record::example;

/// All rows of a file, each with its names.
fn rows(file: File) -> Vec<Vec<(String, Field)>> {
    let reader = SerializedFileReader::new(file).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect()
}

fn written(runs: &[RunDir], most: usize) -> File {
    let mut rows = ParquetRows::with_groups(tempfile::tempfile().unwrap(), most).unwrap();
    runs.iter().for_each(|run| rows.append(run).unwrap());
    rows.finish().unwrap()
}

fn run() -> RunDir {
    let mut run = example::run("er", u64::MAX, [0.1 + 0.2, 5e-324, 1.0]);
    run.manifest.overrides = vec!["a.b=1".into(), "c.d=[2]".into()];
    run.records[0].sample = Some(u32::MAX);
    run.records[0].margin = None;
    run.records[1].margin = Some(-0.0);
    run.records[1].preference = "0.5, \"both\"\n".into();
    run
}

#[test]
fn every_cell_of_a_row_is_what_the_record_says() {
    let rows = rows(written(&[run()], 100));
    let text = |text: &str| Field::Str(text.into());
    let expected = [
        ("run", text("er-18446744073709551615")),
        ("family", text("family-er")),
        ("stream", text("split-digits")),
        ("hash", text("5ca1ab1e0ddba11c")),
        ("method", text("er")),
        ("overrides", text("a.b=1 c.d=[2]")),
        ("seed", Field::ULong(u64::MAX)),
        ("joint", Field::Bool(false)),
        ("covers_first", Field::Null),
        ("covers_last", Field::Null),
        ("at", text("start")),
        ("experience", Field::Long(0)),
        ("step", Field::Long(0)),
        ("task", Field::Long(1)),
        ("task_name", text("2-3")),
        ("split", text("test")),
        ("preference", text("0.5, \"both\"\n")),
        ("sample", Field::Null),
        ("accuracy", Field::Double(0.5)),
        ("loss", Field::Double(0.5)),
        ("brier", Field::Double(0.25)),
        ("confidence", Field::Double(0.5)),
        ("margin", Field::Double(-0.0)),
        ("n", Field::Long(200)),
    ];
    assert_eq!(rows[1], expected.map(|(name, field)| (name.to_string(), field)));
    assert_eq!(rows[0][17].1, Field::Long(i64::from(u32::MAX)));
    assert_eq!(rows[0][22].1, Field::Null);
}

#[test]
fn groups_of_rows_join_up_to_the_same_bits_in_the_same_order() {
    let mut runs = vec![run(), example::joint(1, [0.7; 3]), example::run("si", 2, [0.3; 3])];
    runs[2].records[4].loss = f64::NAN;
    for most in [1, 7, 100] {
        let file = written(&runs, most);
        let groups = SerializedFileReader::new(file.try_clone().unwrap()).unwrap().num_row_groups();
        let records: Vec<&Record> = runs.iter().flat_map(|run| &run.records).collect();
        assert_eq!(groups, records.len().div_ceil(most));
        let rows = rows(file);
        assert_eq!(rows.len(), records.len());
        for (row, record) in rows.iter().zip(records) {
            for (column, value) in [(18, record.accuracy), (19, record.loss), (21, record.confidence)] {
                assert!(matches!(row[column].1, Field::Double(found) if found.to_bits() == value.to_bits()));
            }
            assert_eq!(row[13].1, Field::Long(record.task as i64));
        }
    }
}

#[test]
fn names_are_kept_in_dictionaries_and_everything_is_compressed() {
    let reader = SerializedFileReader::new(written(&[run()], 100)).unwrap();
    for column in reader.metadata().row_group(0).columns() {
        assert_eq!(column.compression(), Compression::SNAPPY);
        let name = column.column_path().string();
        let plain = ["joint", "loss", "brier", "confidence", "margin"].contains(&&*name);
        assert_eq!(column.encodings().any(|encoding| encoding == Encoding::RLE_DICTIONARY), !plain, "{name}");
    }
}

#[test]
fn no_runs_are_a_file_with_columns_and_no_rows() {
    let reader = SerializedFileReader::new(written(&[], 100)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    assert_eq!(reader.metadata().file_metadata().schema_descr().num_columns(), COLUMNS.len());
}

#[test]
fn a_count_beyond_the_type_is_an_error_that_names_it() {
    let mut run = run();
    run.records[3].n = u64::MAX;
    let mut rows = ParquetRows::with_groups(Vec::new(), 4).unwrap();
    let error = rows.append(&run).unwrap_err().to_string();
    assert_eq!(error, "`n` 18446744073709551615 is too large; remove the run that has it");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_from_other_failures() {
    let mut rows = ParquetRows::with_groups(File::options().write(true).open("/dev/full").unwrap(), 4).unwrap();
    let error = rows.append(&run()).and_then(|()| rows.finish().map(drop)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn the_same_runs_make_the_same_file() {
    let root = tempfile::tempdir().unwrap();
    let bytes = ["a", "b"].map(|name| {
        let path = root.path().join(name);
        write_parquet(&path, &[run(), run()]).unwrap();
        std::fs::read(path).unwrap()
    });
    assert!(bytes[0] == bytes[1] && bytes[0].starts_with(b"PAR1"));
}

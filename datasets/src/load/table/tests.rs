//! Tests of the table loader.

use std::{cell::RefCell, fs};

use clbench::{
    catalogue::settings,
    data::{Element, files::Files, floats},
};

use super::*;
use crate::{
    load::index::{self, Counts},
    text::tests::Toy,
};

fn load(files: &[(&str, &[u8])], more: &str) -> Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    let (_, table) = settings::<Table>(more.parse().unwrap())?;
    let data = folder.path().join("data");
    let origin = Origin { data: &data, files: &Files::beside(folder.path()), sources: &[], notes: &RefCell::default() };
    table.load_with("toy", &origin, &|_| Ok(Box::new(Toy::default())))
}

fn refused(text: &[u8], more: &str, reason: &str) {
    let error = format!("{:#}", load(&[("t.csv", text)], &format!("path = 't.csv'\n{more}")).unwrap_err());
    assert!(error.contains(reason), "{error}");
}

fn features(split: &Split, at: usize) -> Vec<f32> {
    floats(&split.pixels(at)).collect()
}

#[test]
fn columns_are_chosen_by_name_and_classes_are_sorted() {
    let text = b"b,kind,a,note\n1,pear,2,x\n3,apple,4,y\n5,pear,6,z\n7,apple,8,w\n";
    let more = "path = 't.csv'\nlabel = 'kind'\nfeatures = ['a', 'b']\ncaption = 'note'";
    let dataset = load(&[("t.csv", text)], more).unwrap();
    assert_eq!((&dataset.classes[..], dataset.shape), (&["apple".to_owned(), "pear".to_owned()][..], [1, 1, 2]));
    assert_eq!((dataset.train.element(), dataset.train.label(0), dataset.train.label(1)), (Element::Float, 1, 0));
    assert_eq!((features(&dataset.train, 0), features(&dataset.test, 1)), (vec![2.0, 1.0], vec![8.0, 7.0]));
    assert_eq!((&**dataset.train.caption(1).unwrap(), &**dataset.test.caption(0).unwrap()), ("y", "z"));
}

#[test]
fn the_rest_is_what_is_nothing_else() {
    let text = b"kind\ta\tday\tb\n10\t1\t1970-01-02\t2\n9\t3\t5\t4\n10\t5\t6\t6\n9\t7\t8\t8\n";
    let mut table: toml::Table = "path = 't.csv'\nlabel = 'kind'\nfeatures = 'rest'\ntime = 'day'".parse().unwrap();
    let (settings, _) = (TSV.make)(table.clone()).unwrap();
    assert_eq!(settings["separator"].as_str(), Some("\t"));
    table.insert("separator".into(), "\t".into());
    let dataset = load(&[("t.csv", text)], &table.to_string()).unwrap();
    // As numbers, 9 stands before 10.
    assert_eq!((&dataset.classes[..], dataset.shape), (&["9".to_owned(), "10".to_owned()][..], [1, 1, 2]));
    assert_eq!(
        (dataset.train.time(0), dataset.train.time(1), features(&dataset.train, 0)),
        (Some(86_400), Some(5), vec![1.0, 2.0])
    );
}

#[test]
fn two_files_share_their_classes() {
    let (train, test) = (&b"k,a\nx,1\ny,2\n"[..], &b"k,a\ny,3\nx,4\n"[..]);
    let more = "train = 'train.csv'\ntest = 'test.csv'\nlabel = 'k'\nfeatures = 'rest'";
    let dataset = load(&[("train.csv", train), ("test.csv", test)], more).unwrap();
    assert_eq!((dataset.test.label(0), features(&dataset.test, 0)), (1, vec![3.0]));
    let error = load(&[("train.csv", train), ("test.csv", b"k,a\nx,3\nx,4\n")], more).unwrap_err().to_string();
    assert!(error.contains("\"y\" is a label for training only, or for testing only"), "{error}");
}

#[test]
fn texts_become_features_and_their_beginning_the_caption() {
    let long = "word ".repeat(100);
    let text = format!("k,t\nx,one\nx,three\ny,\"{long}\"\ny,four\n");
    let dataset = load(&[("t.csv", text.as_bytes())], "path = 't.csv'\nlabel = 'k'\ntext = 't'").unwrap();
    assert_eq!((dataset.shape, features(&dataset.train, 0)), ([1, 1, 2], vec![3.0, 1.0]));
    let caption = dataset.train.caption(1).unwrap();
    assert!(caption.len() <= 200 && caption.ends_with("word") && caption.starts_with("word word"), "{caption}");
}

#[test]
fn what_is_wrong_with_a_cell_is_said_with_its_place() {
    let more = "label = 'k'\nfeatures = ['a']";
    for cell in ["", "NaN", "inf", "x"] {
        refused(format!("k,a\nx,1\nx,{cell}\n").as_bytes(), more, "t.csv, line 3, column `a`: ");
    }
    refused(b"k,a\nx,1\n,2\n", more, "line 3, column `k`: the label is empty");
    refused(b"k,a\nx,1\n\xff,2\n", more, "line 3, column `k`: not UTF-8");
    refused(b"k,a\nx,1\nx,2,3\n", more, "line 3: 3 cells instead of 2");
    refused(b"k,a,d\nx,1,0\nx,2,noon\n", "label = 'k'\nfeatures = ['a']\ntime = 'd'", "line 3, column `d`");
    refused(b"k,a\nx,1\nx, \n", "label = 'k'\ntext = 'a'", "line 3, column `a`: the text is empty");
}

#[test]
fn empty_files_and_wrong_settings_are_refused() {
    let more = "label = 'k'\nfeatures = ['a']";
    refused(b"", more, "the file is empty");
    refused(b"k,a\n", more, "has no rows");
    refused(b"k,a\nx,1\n", more, "class `x` has one example");
    refused(b"k,a\nx,1\n", "label = 'j'\nfeatures = ['a']", "unknown column `j`");
    refused(b"k,a\nx,1\n", "label = 'k'\nfeatures = 'all'", "neither a list nor \"rest\"");
    refused(b"k,a\nx,1\n", "label = 'k'\nfeatures = ['k']", "stands among the features too");
    refused(b"k\nx\n", "label = 'k'\nfeatures = 'rest'", "no column is left");
    refused(b"k,a\nx,1\n", "label = 'k'", "either `features` or `text`");
    refused(b"k,a\nx,1\n", &format!("{more}\ntest = 'u.csv'"), "either `path`, or `train` and `test`");
    refused(b"k,a\nx,1\n", &format!("{more}\nseparator = '::'"), "not one ASCII character");
}

#[test]
fn what_is_kept_stays_within_memory() {
    let mut text = b"k,a,b,c\n".to_vec();
    (0..60_000).for_each(|row| text.extend(format!("{},1,2,a long cell that is not asked for\n", row % 2).as_bytes()));
    // 24 bytes a row: 1.4 MB.
    let more = "path = 't.csv'\nlabel = 'k'\nfeatures = ['a', 'b']";
    refused(
        &text,
        "label = 'k'\nfeatures = ['a', 'b']\nmemory = 1",
        "more than the 1 MiB that `memory` allows; raise it",
    );
    assert_eq!(load(&[("t.csv", &text)], &format!("{more}\nmemory = 2")).unwrap().train.len(), 48_000);
}

#[test]
fn more_labels_than_classes_can_be_are_refused_early() {
    let mut text = b"k,a\n".to_vec();
    (0..70_000).for_each(|row| text.extend(format!("c{row},1\n").as_bytes()));
    refused(&text, "label = 'k'\nfeatures = ['a']", "line 65538, column `k`: more than 65536 labels");
}

#[test]
fn texts_of_a_table_are_read_as_counts_of_words() {
    let texts = ["red apple pie", "green apple tart", "red wine", "white wine glass", "green glass", "apple wine"];
    let rows: Vec<String> = texts.iter().enumerate().map(|(at, text)| format!("{},{text}\n", at % 2)).collect();
    let rows = rows.concat();
    let (train, more) =
        (format!("kind,what\n{rows}"), "train = 't.csv'\ntest = 'u.csv'\nlabel = 'kind'\ntext = 'what'");
    let files = [("t.csv", train.as_bytes()), ("u.csv", &b"kind,what\n0,red apple\n1,nothing known\n"[..])];
    let open = |tfidf: &str| {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
        let (_, table) = settings::<Table>(format!("{more}\n{tfidf}").parse().unwrap())?;
        let data = folder.path().join("data");
        table.load(
            "toy",
            &Origin { data: &data, files: &Files::beside(folder.path()), sources: &[], notes: &RefCell::default() },
        )
    };
    let dataset = open("tfidf = { components = 2, min_df = 1 }").unwrap();
    assert_eq!((dataset.shape, dataset.train.len(), dataset.test.len()), ([1, 1, 2], 6, 2));
    assert_eq!(&**dataset.test.caption(0).unwrap(), "red apple");
    // Components are centred on the training texts.
    let mean = (0..6).map(|at| features(&dataset.train, at)[0]).sum::<f32>();
    assert!(mean.abs() < 1e-5, "{mean}");
    for (tfidf, reason) in [
        ("tfidf = { components = 9, min_df = 1 }", "components = 9 is more than the 5 directions in which the 6 texts"),
        ("tfidf = { min_df = 7 }", "no word is left of 6 texts"),
        ("tfidf = { max_df = 0.0 }", "tfidf.max_df = 0.0 is not above 0 and at most 1"),
    ] {
        let error = format!("{:#}", open(tfidf).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }
    refused(
        b"k,a\n1,2\n",
        "label = 'k'\nfeatures = ['a']\ntfidf = { components = 1 }",
        "tfidf says how a text is read",
    );
}

/// What was noted beside the dataset.
fn noted(files: &[(&str, &[u8])], more: &str) -> Result<(Dataset, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    let (_, table) = settings::<Table>(more.parse().unwrap())?;
    let notes = RefCell::default();
    let origin = Origin { data: folder.path(), files: &Files::beside(folder.path()), sources: &[], notes: &notes };
    let dataset = table.load("toy", &origin)?;
    Ok((dataset, notes.take()))
}

/// Rows of two classes, class by class, with an index in front that is called `name`.
fn indexed(name: &str, rows: std::ops::Range<usize>, separator: char) -> String {
    let row = |at: usize| format!("{at}{separator}{}{separator}{}\n", at * at % 7, if at < 4 { "x" } else { "y" });
    format!("{name}{separator}a{separator}k\n{}", rows.map(row).collect::<String>())
}

const REST: &str = "label = 'k'\nfeatures = 'rest'\n";

#[test]
fn an_index_is_no_feature_unless_it_is_kept() {
    for name in ["", "Unnamed: 0", "id", "index", "Index"] {
        for (format, separator) in [("t.csv", ','), ("t.tsv", '\t')] {
            let text = indexed(name, 0..8, separator);
            let more = format!("path = '{format}'\nseparator = {:?}\n{REST}", separator.to_string());
            let (dataset, notes) = noted(&[(format, text.as_bytes())], &more).unwrap();
            assert_eq!((dataset.shape, features(&dataset.train, 1)), ([1, 1, 1], vec![1.0]), "{name}");
            assert!(notes.len() == 1 && notes[0].contains("keep_index = true keeps it"), "{notes:?}");
            assert!(notes[0].contains(if by_name_alone(name) { "column 1" } else { name }), "{name}: {notes:?}");
            let (dataset, notes) = noted(&[(format, text.as_bytes())], &format!("{more}keep_index = true")).unwrap();
            assert_eq!((dataset.shape, features(&dataset.train, 1)), ([1, 1, 2], vec![1.0, 1.0]), "{name}");
            assert_eq!(notes, Vec::<String>::new());
        }
    }
    // Named by the user it is what the user wants.
    let named = "path = 't.csv'\nlabel = 'k'\nfeatures = ['', 'a']";
    let (dataset, notes) = noted(&[("t.csv", indexed("", 0..8, ',').as_bytes())], named).unwrap();
    assert_eq!((dataset.shape[2], notes.len()), (2, 0));
}

fn by_name_alone(name: &str) -> bool {
    index::by_name(name) == Counts::Yes
}

#[test]
fn a_name_alone_makes_no_index_of_numbers_that_do_not_count() {
    let text = b"id,a,k\n5,1,x\n9,2,x\n5,3,y\n7,4,y\n";
    let (dataset, notes) = noted(&[("t.csv", text)], &format!("path = 't.csv'\n{REST}")).unwrap();
    assert_eq!((dataset.shape, notes), ([1, 1, 2], Vec::new()));
    // The name of a measurement is no index, whatever it counts.
    let text = b"hour,a,k\n0,1,x\n1,2,x\n2,3,y\n3,4,y\n";
    assert_eq!(noted(&[("t.csv", text)], &format!("path = 't.csv'\n{REST}")).unwrap().0.shape, [1, 1, 2]);
}

#[test]
fn an_index_of_texts_or_of_nothing_is_left_out_where_it_has_no_name() {
    for cells in [["r1", "r2", "r3", "r4"], ["", "", "", ""]] {
        let row = |(at, cell): (usize, &&str)| format!("{at},{},{cell}\n", if at < 2 { "x" } else { "y" });
        let text = format!("a,k,\n{}", cells.iter().enumerate().map(row).collect::<String>());
        let (dataset, notes) = noted(&[("t.csv", text.as_bytes())], &format!("path = 't.csv'\n{REST}")).unwrap();
        assert_eq!(dataset.shape, [1, 1, 1]);
        assert_eq!(notes, ["toy: left out as no feature: column 3, which has no name; keep_index = true keeps it"]);
    }
    refused(b"id,a,k\nr1,1,x\nr2,2,x\nr3,1,y\nr4,2,y\n", REST, "column `id`: \"r1\" is no finite number");
}

#[test]
fn an_index_that_is_split_over_two_files_is_one() {
    // Every other row is for testing, with the numbers that it had in the whole.
    let whole = indexed("id", 0..8, ',');
    let lines: Vec<&str> = whole.lines().collect();
    let half = |first: usize| {
        let rows = lines[1..].iter().skip(first).step_by(2);
        std::iter::once(&lines[0]).chain(rows).flat_map(|line| [*line, "\n"]).collect::<String>()
    };
    let (train, test) = (half(0), half(1));
    let more = format!("train = 'a.csv'\ntest = 'b.csv'\n{REST}");
    let (dataset, notes) = noted(&[("a.csv", train.as_bytes()), ("b.csv", test.as_bytes())], &more).unwrap();
    assert_eq!((dataset.shape, notes.len(), features(&dataset.test, 0)), ([1, 1, 1], 1, vec![1.0]));
}

#[test]
fn the_rest_of_two_files_is_the_same_columns_in_whatever_order() {
    let train = &b"a,b,k\n1,2,x\n3,4,y\n"[..];
    let more = format!("train = 'a.csv'\ntest = 'b.csv'\n{REST}");
    let (dataset, _) = noted(&[("a.csv", train), ("b.csv", b"k,b,a\nx,6,5\ny,8,7\n")], &more).unwrap();
    assert_eq!((features(&dataset.train, 0), features(&dataset.test, 0)), (vec![1.0, 2.0], vec![5.0, 6.0]));
    for (test, reason) in [
        (&b"a,b,c,k\n1,2,3,x\n3,4,5,y\n"[..], "b.csv: column `c` is not in the file for training"),
        (&b"a,k\n1,x\n3,y\n"[..], "unknown column `b`"),
    ] {
        let error = format!("{:#}", noted(&[("a.csv", train), ("b.csv", test)], &more).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_table_of_nothing_but_an_index_has_no_features() {
    refused(b"id,k\n0,x\n1,x\n2,y\n3,y\n", REST, "no column is left for features; column `id`, which counts rows");
    refused(b",k\n0,x\n1,x\n2,y\n3,y\n", REST, "no column is left for features");
    refused(b"a,k\n0,x\n", "label = 'k'\nfeatures = ['a']\nkeep_index = true", "features are not \"rest\"");
}

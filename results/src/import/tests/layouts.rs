//! One matrix in every layout has one set of scores.

use crate::{
    import::{Training, Wish, decode, import},
    metric::{all, find},
};

/// What has been evaluated of three tasks, and what is not known.
const LOWER: [&str; 20] = [
    // CSV with and without names, with a baseline that is no row, with blanks, remarks and an average.
    "0.95,,\n0.60,0.93,\n0.41,0.55,0.97\n",
    "after,a,b,c\n1,0.95,,\n2,0.60,0.93,\n3,0.41,0.55,0.97\n",
    ",task_0,task_1,task_2\n0,0.95,,\n1,0.60,0.93,\n2,0.41,0.55,0.97\n",
    "task_0,task_1,task_2\n0.95,nan,NaN\n0.60,0.93,NA\n0.41,0.55,0.97\n",
    "# seed 0\n\nafter, a, b, c, avg\n\n1, 0.95, , , 0.95  # first\n2, 0.60, 0.93, , 0.77\n3, 0.41, 0.55, 0.97, 0.64\n",
    // Percent.
    "95.0%,-,-\n60%,93 %,-\n41%,55%,97%\n",
    "95,None,None\n60,93,None\n41,55,97\n",
    // A ragged triangle, minus one, tabs, old Macintosh and Windows lines.
    "0.95\n0.60,0.93\n0.41,0.55,0.97\n",
    "0.95\t-1\t-1\n0.60\t0.93\t-1.0\n0.41\t0.55\t0.97\n",
    "a,b,c\r0.95,,\r0.60,0.93,\r0.41,0.55,0.97\r",
    "a;b;c\r\n0.95;;\r\n0.60;0.93;\r\n0.41;0.55;0.97\r\n",
    // Decimal commas.
    "a;b;c\n0,95;;\n0,60;0,93;\n0,41;0,55;0,97\n",
    "\"0,95\",\"\",\"\"\n\"0,60\",\"0,93\",\"\"\n\"0,41\",\"0,55\",\"0,97\"\n",
    // As numpy.savetxt, pandas' to_string and Markdown have it.
    "# a b c\n9.5e-01 nan nan\n6.0e-01 9.3e-01 nan\n4.1e-01 5.5e-01 9.7e-01\n",
    "   task_0  task_1  task_2\n0    0.95     NaN     NaN\n1    0.60    0.93     NaN\n2    0.41    0.55    0.97\n",
    "| after | a | b | c |\n|:--|--:|--:|--:|\n| 1 | **0.95** | — | — |\n| 2 | 0.60 | 0.93 | — |\n| 3 | 0.41 | 0.55 | \
     0.97 |\n",
    // Lists of JSON, of Python and of NumPy.
    "[[0.95, null, null], [0.60, 0.93, null], [0.41, 0.55, 0.97]]",
    "[0.95]\n[0.60, 0.93]\n[0.41, 0.55, 0.97]\n",
    "acc = np.array([[0.95,  nan,\n         nan],\n       [0.6 , 0.93,  nan],\n       [0.41, 0.55, 0.97]])",
    "[[0.95  nan  nan]\n [0.6  0.93  nan]\n [0.41 0.55 0.97]]\n",
];

/// The scores of a text that have a value, by key.
fn scores(text: &str, wish: Wish) -> Vec<(&'static str, f64)> {
    let found = import(text, wish).unwrap_or_else(|why| panic!("{why}\n{text}"));
    assert_eq!(found.baseline, None, "{text}");
    let (subject, _) = found.subject().unwrap();
    all().filter_map(|metric| Some((metric.key, (metric.of)(&subject)?))).collect()
}

fn same(left: &[(&str, f64)], right: &[(&str, f64)], text: &str) {
    let keys = |scores: &[(&str, f64)]| scores.iter().map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(left), keys(right), "{text}");
    for ((key, left), (_, right)) in left.iter().zip(right) {
        assert!((left - right).abs() < 1e-12, "{key}: {left}, {right}\n{text}");
    }
}

#[test]
fn one_matrix_has_one_set_of_scores_in_every_layout() {
    let wanted = scores(LOWER[0], Wish::default());
    let of = |name: &str| wanted.iter().find(|(key, _)| *key == find(name).unwrap().key).map(|(_, value)| *value);
    assert!((of("acc").unwrap() - 1.93 / 3.0).abs() < 1e-12 && (of("bwt").unwrap() + 0.46).abs() < 1e-12);
    for text in LOWER {
        same(&scores(text, Wish::default()), &wanted, text);
        same(&scores(&text.replace('\n', "\r\n"), Wish::default()), &wanted, text);
        let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        same(&scores(&decode(&utf16).unwrap(), Wish::default()), &wanted, text);
    }
}

#[test]
fn what_was_assumed_is_said() {
    let said = |text: &str, what: &str| {
        let notes = import(text, Wish::default()).unwrap().notes;
        assert!(notes.iter().any(|note| note.contains(what)), "{what}: {notes:?}");
    };
    said(LOWER[0], "no value is larger than 1, so all are read as shares");
    said(LOWER[6], "some values are larger than 1, so all are read as percentages");
    said(LOWER[5], "some numbers have a percent sign, so all are read as percentages");
    said(LOWER[2], "rows are counted from 0, so row 0 is read as the first experience");
    said(LOWER[8], "cells that hold -1 and are read as not evaluated: 3");
    said(LOWER[3], "cells that hold no number and are read as not evaluated: 3");
    said(LOWER[11], "decimal commas");
    said(LOWER[4], "the column `avg` is an average and left out");
    said("0.9,0\n0.6,0.8\n", "all cells above the diagonal are 0 and count as evaluated");
    said("0,.1,.2\n1,.9,.1\n2,.8,.7", "row 0 is read as the evaluation before training");
}

#[test]
fn row_0_is_a_baseline_only_where_rows_are_one_more_than_tasks() {
    let of = |text: &str| import(text, Wish::default());
    let found = of("after,a,b\n0,0.1,0.2\n1,0.9,0.1\n2,0.8,0.7\n").unwrap();
    assert_eq!((found.baseline, found.rows.len()), (Some(vec![Some(0.1), Some(0.2)]), 2));
    let found = of("after,a,b\n0,0.9,0.1\n1,0.8,0.7\n").unwrap();
    assert_eq!((found.baseline, found.rows.len()), (None, 2));
    // Two of three tasks: the triangle tells, or else it is asked.
    let found = of("after,a,b,c\n0,0.9,,\n1,0.8,0.7,\n").unwrap();
    assert_eq!((found.baseline, found.rows.len()), (None, 2));
    assert_eq!(of("after,t0,t1,t2\n0,0.9,0.1,0.1\n1,0.8,0.7,0.1\n").unwrap().rows.len(), 2);
    let refused = of("after,a,b,c\n0,0.9,0.1,0.1\n1,0.8,0.7,0.1\n").unwrap_err();
    assert!(refused.contains("call it start if it is, or count rows from 1"), "{refused}");
    for start in ["start", "init", "-1", "None", "Baseline"] {
        let found = of(&format!("after,a,b,c\n{start},0.1,0.2,0.3\n0,0.9,0.1,0.1\n1,0.8,0.7,0.1\n")).unwrap();
        assert_eq!((found.baseline, found.rows.len()), (Some(vec![Some(0.1), Some(0.2), Some(0.3)]), 2), "{start}");
    }
}

#[test]
fn rows_are_put_where_their_labels_say() {
    let of = |text: &str| import(text, Wish::default());
    let found = of("after,a,b,c\n1,0.9,,\n3,0.5,0.6,0.7\n").unwrap();
    assert_eq!((found.rows.len(), &found.rows[1]), (3, &vec![None; 3]));
    let found = of("after,1,2,3\n1,0.9,,\n3,0.5,0.6,0.7\n").unwrap();
    assert_eq!((found.rows.len(), &found.rows[1]), (3, &vec![None; 3]));
    let found = of("after,a,b,c\njoint,0.99,0.945,0.93\n").unwrap();
    assert_eq!((&found.training, found.rows.len()), (&Training::Joint, 1));
    let found = of("classes,a,b\n10,0.9,0.1\n20,0.8,0.7\n").unwrap();
    assert_eq!((found.rows[1][1], found.rows.len()), (Some(0.7), 2));
    let found = of("after,all\n1,0.4\n2,0.6\n3,0.7\n").unwrap();
    assert_eq!((&found.training, found.rows.len()), (&Training::OneTest, 3));
    for (text, why) in [
        ("after,a,b\n2,0.9,0.1\n1,0.8,0.7\n", "row 1 comes after row 2; sort the rows by number"),
        ("after,1,2\n2,0.9,0.1\n1,0.8,0.7\n", "row 1 comes after row 2; sort the rows by number"),
        ("after,a,b\n1,0.9,0.1\n1,0.8,0.7\n", "keep one run per file"),
        ("after,a,b\nx,0.9,0.1\nx,0.8,0.7\n", "`x` appears twice"),
        ("after,a,a\n1,0.9,0.1\n2,0.8,0.7\n", "names of columns: `a` appears twice"),
        ("after,t1,t10,t2\n1,0.9,0.1,0.1\n2,0.8,0.7,0.1\n", "`t10` before `t2`"),
        ("after,a,b,c\njoint,0.9,0.9,0.9\n1,0.8,0.7,0.1\n", "score it in a file of its own"),
        ("0.9,0.1,0.2\n", "begin the row with the word joint"),
        ("after,a,b\n1,0.9,0.1\n2,0.8,0.7\n7,0.8,0.7\n", "have gaps"),
    ] {
        let error = of(text).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_transposed_matrix_is_refused_and_read_when_told() {
    let text = "78.96,75.33,71.41,68.94\n0,68.67,66.46,65.66\n0,0,72.44,69.64\n0,0,0,69.0\n";
    let printed =
        "[[78.96 75.33 71.41 68.94]\n [ 0.   68.67 66.46 65.66]\n [ 0.    0.   72.44 69.64]\n [ 0. 0. 0. 69. ]]";
    let named = "task,after a,after b\na,0.9,0.6\nb,,0.8\n";
    let told = Wish { transpose: Some(true), matrix: None };
    for text in [text, printed] {
        assert!(import(text, Wish::default()).unwrap_err().starts_with("transposed? there is nothing below"), "{text}");
        let (subject, _) = import(text, told).unwrap().subject().unwrap();
        let mean = (68.94 + 65.66 + 69.64 + 69.0) / 400.0;
        assert!(((find("acc").unwrap().of)(&subject).unwrap() - mean).abs() < 1e-12);
        let kept = import(text, Wish { transpose: Some(false), matrix: None }).unwrap();
        assert_eq!(kept.rows[0][3], Some(0.6894));
    }
    assert!(import(named, Wish::default()).unwrap_err().starts_with("transposed? its columns are called"));
    let found = import(named, told).unwrap();
    assert_eq!(
        (found.rows, found.tasks),
        (vec![vec![Some(0.9), None], vec![Some(0.6), Some(0.8)]], vec!["a".into(), "b".into()])
    );
    // A triangle is read back from its transpose.
    let upper = "0.95,0.60,0.41\n,0.93,0.55\n,,0.97\n";
    same(&scores(upper, told), &scores(LOWER[0], Wish::default()), upper);
    assert!(import("a\n0.9\n0.8\n", told).unwrap().rows.len() == 1);
    assert!(import("{'accuracy_1_task1': 90.0}", told).unwrap_err().contains("--transpose is for tables"));
}

#[test]
fn what_is_no_matrix_is_refused_with_its_line_and_the_remedy() {
    for (text, why) in [
        ("0.9,0.1\n0.8\n", "line 2: 1 cell where 2 were expected; leave cells that were not evaluated empty"),
        ("0.9,0.1\n0.8,inf\n", "line 2: `inf` is neither"),
        ("0.9,0.1\n0.8,101\n", "line 2: `101` is neither"),
        ("0.9,0.1\n0.8,-0.2\n", "line 2: `-0.2` is neither"),
        ("0.9,0.x\n0.8,0.7\n", "line 1: `0.x` is neither"),
        ("0.x,0.9\n0.8,0.7\n", "line 1: `0.x` is neither"),
        ("90,x,10\n80,70,10\n60,50,40\n", "line 1: `x` is neither"),
        ("0.9±0.1,0.1±0.1\n0.8±0.1,0.7±0.1\n", "leave the mean alone"),
        ("[[0.9 0.1 ... 0.2]\n [0.9 0.1 ... 0.2]]", "print the whole array, or save it with numpy.savetxt"),
        ("a;b\n0,9;0.1\n0,8;0,7\n", "write all with a point"),
        ("0,95,0,10\n0,60,0,93\n", "put `;` between cells"),
        ("0,.9,.1\n1,.8,.7\n", "begin the file with a line of names"),
        ("a,b\n", "no row of accuracies"),
        (" \n\r\n", "the file is empty"),
        ("[[[0.9, 0.1], [0.8, 0.7]], [[0.9, 0.1], [0.8, 0.7]]]", "2 matrices; keep one per file"),
        ("a b\n0.9 0.1 0.2\n0.8 0.7 0.6\n0.8 0.7 0.6\n0.1 0.1 0.1\n", "2 names for 3 columns"),
    ] {
        let error = import(text, Wish::default()).and_then(|found| found.subject().map(|_| ())).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

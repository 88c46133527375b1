//! What is wrong with a study, with a block of its page, or with what is asked.

use std::fs;

use super::{STUDY, place};

#[test]
fn what_is_wrong_with_a_study_is_said_with_its_key() {
    let refused = |study: &str, words: &[&str]| place(study).run("study studies/small.toml --dry-run").fails(2, words);
    refused(&STUDY.replace("[[rows]]", "[[rows]]\naxis = []"), &["unknown key `axis`; did you mean `axes`?"]);
    refused(&STUDY.replace("above =", "over ="), &["unknown key `over`"]);
    refused(&STUDY.replace("\"tiny\"", "\"../tiny\""), &["`streams` has `../tiny`"]);
    refused(&STUDY.replace("train.batch=8", "runs=/tmp"), &["`settings` has `runs=/tmp`", "command line"]);
    refused(&STUDY.replace("within = 1.0", "within = -1.0"), &["`within` is -1", "they are alike"]);
    refused(&STUDY.replace("\"0..4\"", "\"0..\""), &["seeds=0..", "write a range"]);
    refused(&STUDY.replace("by = \"acc\"", "by = \"akk\""), &["there is no score `akk`"]);
    refused("streams = [", &["studies/small.toml"]);
    refused(&STUDY.replace("\"0..4\"", "\"3..0\""), &["studies/small.toml: ", "seeds=3..0 names no seed"]);
    refused(&STUDY.replace("[\"method=finetune\"", "[\"method=finetune method=ewc\""), &["has method twice"]);
    refused(&STUDY.replace("train.batch=8", "name=other"), &["`settings` has `name=other`"]);
    let claim = |row: &str| STUDY.replacen("row = \"rehearsal\"", &format!("row = \"{row}\""), 1);
    refused(&claim("finetune"), &["`finetune` is held against itself, in the claim \"rehearsal is better\""]);
    refused(&claim("ewc"), &["studies/small.toml: ", "no row of tiny is `ewc`"]);
    let axis = format!("[{}]", (0..300).map(|one| format!("\"a.x={one}\"")).collect::<Vec<_>>().join(", "));
    let many = format!("axes = [{axis}, {axis}, {axis}, {axis}, {axis}, {axis}, {axis}, {axis}]\n#");
    refused(&STUDY.replace("axes =", &many), &["more than 10000 rows for 4 seeds"]);
    refused(&format!("#{}\n{STUDY}", "x".repeat(2 << 20)), &["is larger than 1048576 bytes"]);
}

#[test]
fn what_is_asked_and_not_used_is_an_error() {
    let place = place(STUDY);
    place.run("study studies/small.toml method=ewc").fails(2, &["unknown key `method`", "said in the study"]);
    place.run("study studies/small.toml --page").fails(2, &["no bundle", "without --page the study makes it"]);
    place.run("study studies/small.toml --page jobs=2").fails(2, &["--page trains nothing"]);
    place.run("study studies/small.toml --page --dry-run").fails(2, &["cannot be used with"]);
    place.run("study studies/none.toml").fails(1, &["studies/none.toml is not a file"]);
    place.run("claims studies/small.toml runs").fails(1, &["neither a directory nor a bundle"]);
    place.run("spending --of weights").fails(2, &["there are state, steps, operations and examples"]);
}

const SPENDING: &str = "spending $runs --of steps";

#[test]
fn a_block_that_says_nothing_is_refused() {
    let place = place(STUDY);
    place.done("study studies/small.toml --quiet");
    for (block, why) in [
        ("table $runs/nosuch --format md", "no run is in small.runs.gz/nosuch"),
        ("table $runs $runs/nosuch --format md", "no run is in small.runs.gz/nosuch"),
        ("table $runs --only method=nosuch --format md", "no run fits `--only method=nosuch`"),
        ("phases $runs --only=method=nosuch", "too few sequential runs fit `--only=method=nosuch`"),
        ("phases $runs --only method=joint", "too few sequential runs fit `--only method=joint`"),
        ("statistics $runs --without stream=*", "no run fits `--without stream=*`"),
        ("spending $runs --only method=nosuch", "no run fits `--only method=nosuch`"),
        ("spending $runs/../../../runs", "is not in small.runs.gz"),
        ("spending --of steps", "runs is not in small.runs.gz"),
    ] {
        place.write("studies/small.toml", STUDY.replace(SPENDING, block));
        let named = block.replace("$runs", "small.runs.gz");
        for page in ["--page", "--verify --page"] {
            let said = place.run(&format!("study studies/small.toml {page}"));
            said.fails(2, &[&format!("error: small.toml: in the block `{named}`: "), why]);
        }
        // A page from elsewhere may hold such a block, too.
        let text = format!("<!-- clbench: {named} -->\n\n<!-- clbench: end -->\n");
        place.write("results/published/small.md", text);
        let said = place.run("verify results/published/small.md --from-records");
        said.fails(2, &[&format!("error: in the block `{named}`: "), why]);
    }
}

#[test]
fn a_mistake_in_a_block_is_said_once_and_before_anything_is_trained() {
    for (block, why) in [
        ("table $runs --metrics akk", "there is no score `akk`"),
        ("table $runs --format film", "film"),
        ("table $runs --colums rank", "unexpected argument '--colums' found"),
        ("phases $runs --threshold 2", "with a threshold between 0 and 1"),
        ("statistics $runs --by akk", "there is no score `akk`"),
        ("compare replay", "the following required arguments were not provided: <B>"),
        ("spending $runs --only 'method=joint", "a quotation mark has no end"),
        ("spending $runs --help", "leave it out"),
        ("spending elsewhere.runs.gz", "elsewhere.runs.gz is not in small.runs.gz"),
        ("claims other.toml $runs", "no study other.toml beside the page"),
        ("film $runs", "unrecognized subcommand 'film'"),
        ("", "a line `<!-- clbench: -->` without a command"),
    ] {
        let place = place(&STUDY.replace(SPENDING, block));
        let said = place.run("study studies/small.toml --quiet");
        said.fails(2, &["error: small.toml: ", why]);
        assert_eq!(said.err.matches("in the block").count(), usize::from(!block.is_empty()), "{said}");
        assert_eq!(said.err.matches("error:").count(), 1, "{said}");
        assert!(!said.err.contains("Usage:") && !said.err.contains("Options:"), "{said}");
        assert!(!place.path("runs").exists(), "{block}");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_found_before_anything_is_trained() {
    let place = place(STUDY);
    place.write("shut", "");
    place.run("study studies/small.toml --out shut").fails(1, &["shut", "the page could not be written"]);
    place.write("out/small", "");
    place.run("study studies/small.toml --out out").fails(1, &["out/small is not a folder, and the pictures go there"]);
    assert!(!place.path("runs").exists());
    let left = fs::read_dir(place.path("out")).unwrap().count();
    assert_eq!(left, 1);
}

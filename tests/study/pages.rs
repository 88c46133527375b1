//! A study's page and pictures, held against what it makes.

use std::fs;

use super::{STUDY, page, place};

#[test]
fn a_page_is_verified_by_its_study_and_without_it() {
    let place = place(STUDY);
    place.done("study studies/small.toml --quiet");
    let text = page(&place);
    let verdict = |claim: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("| {claim} "))).unwrap();
        line.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap().to_owned()
    };
    assert_eq!(verdict("rehearsal is better"), "holds here", "{text}");
    assert_eq!(verdict("it is worse"), "not so here", "{text}");
    assert_eq!(verdict("they are alike"), "not so here", "{text}");
    assert!(text.contains("over the 3 claims of the study"), "{text}");
    assert!(text.contains("```text\noptimizer steps, by experience"), "{text}");
    assert!(place.path("results/published/small/course.svg").is_file());

    let said = place.done("verify results/published/small.md --from-records");
    assert!(!said.contains("different"), "{said}");
    // A page in the current folder has its study in `studies` below it.
    place.done("study studies/small.toml --quiet --out .");
    let said = place.done("verify small.md --from-records");
    assert!(said.contains("pictures drawn again: 1\n"), "{said}");
    let said = place.done("study studies/small.toml --verify");
    assert!(said.starts_with("the page is what the study makes\n"), "{said}");
    assert!(said.contains("12 the same, bit for bit"), "{said}");

    place.write("results/published/small.md", text.replace("# A small study", "# A large study"));
    let said = place.run("study studies/small.toml --verify --page");
    assert_eq!(said.code, Some(1), "{said}");
    assert!(said.out.contains("line 1 is `# A large study`, and would be `# A small study`"), "{said}");
    place.write("results/published/small.md", text.replace("not so here", "holds here"));
    assert_eq!(place.run("verify results/published/small.md --from-records").code, Some(1));
    // A claim that the study does not make is found, too.
    place.write("results/published/small.md", &text);
    place.write("studies/small.toml", STUDY.replace("it is worse", "it is much worse"));
    assert_eq!(place.run("verify results/published/small.md --from-records").code, Some(1));
    // A row that is in the study and not among the runs.
    let more = "[[claims]]\ntext = \"EWC is better\"\nrow = \"ewc\"\nabove = \"finetune\"\nby = \"acc\"\n\n[page]";
    place.write(
        "more.toml",
        STUDY.replace("[page]", more).replace("[\"method=finetune\"", "[\"method=ewc\", \"method=finetune\""),
    );
    let said = place.done("claims more.toml runs/small");
    assert!(said.contains("not judged: there is no row ewc"), "{said}");
    // A page names no file but the study's own.
    for path in ["../secret.toml", "/etc/passwd", "small.txt"] {
        place.write("results/published/small.md", text.replace("claims small.toml", &format!("claims {path}")));
        let said = place.run("verify results/published/small.md --from-records");
        said.fails(2, &["is not the name of a study"]);
    }
}

#[test]
fn a_page_is_held_against_the_claims_of_its_own_study() {
    let place = place(&STUDY.replace("it is worse", "it is much worse"));
    place.write("other/small.toml", STUDY);
    place.done("study other/small.toml --quiet --out published");
    place.done("study other/small.toml --verify --page --out published");
    fs::remove_file(place.path("studies/small.toml")).unwrap();
    place.done("study other/small.toml --verify --page --out published");
    // What the page claims and its study does not is still found.
    place.write("other/small.toml", STUDY.replace("it is worse", "it is much worse"));
    let said = place.run("study other/small.toml --verify --page --out published");
    assert_eq!(said.code, Some(1), "{said}");
    assert!(said.out.contains("different"), "{said}");
}

#[test]
fn pictures_that_are_missing_different_or_left_over_are_found() {
    let place = place(STUDY);
    place.done("study studies/small.toml --quiet");
    let folder = place.path("results/published/small");
    let same = "pictures drawn again: 1\n       1 the same, byte by byte\n";
    assert!(place.done("study studies/small.toml --verify --page").ends_with(same));
    assert!(place.done("verify results/published/small.md --from-records").ends_with(same));
    let found = |finding: &str| {
        for words in ["study studies/small.toml --verify --page", "verify results/published/small.md --from-records"] {
            let said = place.run(words);
            assert_eq!(said.code, Some(1), "{said}");
            assert!(said.out.ends_with(&format!("  small/{finding}\n")), "{said}");
        }
    };
    fs::remove_dir_all(&folder).unwrap();
    found("course.svg is not there");
    place.write("results/published/small/course.svg", "<svg/>");
    found("course.svg is not as it is drawn now");
    place.done("study studies/small.toml --page");
    place.write("results/published/small/old.svg", "<svg/>");
    found("old.svg is not one of the study's pictures");
    let said = place.run("study studies/small.toml --page");
    assert!(said.err.contains("small/old.svg is not one of the study's pictures; remove it"), "{said}");
    // Who has the page and not its study is told.
    let blocks = STUDY.replace("<!-- clbench: claims $study $runs --format md -->", "");
    place.write("studies/small.toml", blocks);
    place.done("study studies/small.toml --page");
    fs::remove_file(place.path("studies/small.toml")).unwrap();
    let said = place.done("verify results/published/small.md --from-records");
    assert!(said.ends_with("pictures not looked at: 1, as there is no study small.toml\n"), "{said}");
}

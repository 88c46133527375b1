//! What a file from elsewhere says is told in few words, and moves no cursor.

use crate::program::{Place, SMALL, Said};

/// A colour, a line that is overwritten, and much of both.
fn hostile() -> String {
    "\u{1b}[31m\u{1b}[2Jx\r".repeat(60_000)
}

#[track_caller]
fn short(said: &Said, code: i32) {
    assert_eq!(said.code, Some(code), "{:.2000}", said.err);
    assert!(said.err.len() < 4_000 && said.out.len() < 4_000, "{} bytes: {:.2000}", said.err.len(), said.err);
    assert!(!said.err.contains(['\u{1b}', '\r']) && !said.out.contains(['\u{1b}', '\r']), "{:.2000}", said.err);
}

#[test]
fn what_parsers_say_of_hostile_files_is_short_and_without_escapes() {
    let place = Place::new();
    let (hostile, quoted) = (hostile(), "\\u001b[31mx".repeat(90_000));
    place.write("broken.toml", format!("[stream]\nkind = {hostile}\n"));
    place.write("key.toml", format!("{SMALL}\n[\"{quoted}\"]\n"));
    place.write("value.toml", SMALL.replace("widths = [32]", &format!("widths = \"{quoted}\"")));
    place.write("kind.toml", SMALL.replace("class-incremental", &quoted));
    place.write("body.toml", SMALL.replace("mlp", &quoted));
    place.write("number.toml", SMALL.replace("batch = 16", &format!("batch = \"{quoted}\"")));
    place.write("list.json", format!("[\"{quoted}\"]"));
    let words = ["broken", "key", "value", "kind", "body", "number"];
    for name in words {
        for command in ["check", "run", "stream hash"] {
            // A stream alone asks nothing of network and training.
            if command == "stream hash" && ["value", "body", "number"].contains(&name) {
                continue;
            }
            let said = place.run(&format!("{command} {name}.toml"));
            short(&said, 2);
            assert!(said.err.contains(&format!("{name}.toml")), "{}", said.err);
        }
        short(&place.run(&format!("data fetch {name}.toml")), i32::from(name == "broken"));
    }
    place.run("check broken.toml").fails(2, &["broken.toml is not TOML: line 2, column "]);
    short(&place.run("stream import list.json -o new.toml --dataset digits"), 2);
    let rows = format!("after,a,b\n1,90,\n2,{hostile},80\n");
    place.write("matrix.csv", rows);
    let said = place.run("score matrix.csv");
    assert!(!said.err.contains('\u{1b}') && said.err.len() < 4_000, "{:.2000}", said.err);
    place.write("table.csv", format!("\"a{hostile}\",label\n\"{hostile}\",x\n1,y\n"));
    let data = "[data.mine]\nformat = \"csv\"\npath = \"table.csv\"\nlabel = \"label\"\n";
    place.write("mine.toml", format!("{data}{}", SMALL.replace("digits", "mine")));
    short(&place.run("check mine.toml"), 2);
}

#[test]
fn runs_with_hostile_files_are_left_out_in_few_words() {
    let place = Place::small();
    place.done("run small.toml --quiet");
    let run = place.runs("runs").remove(0);
    let (records, hostile) = (std::fs::read_to_string(run.join("records.csv")).unwrap(), hostile());
    let quoted = "\\u001b[31mx".repeat(90_000);
    let manifest = std::fs::read_to_string(run.join("manifest.json")).unwrap();
    for (name, content) in [
        ("records.csv", records.replacen("\nstart,", &format!("\n\"{hostile}\","), 1)),
        ("records.csv", records.replacen("at,", &format!("\"{hostile}\","), 1)),
        ("manifest.json", manifest.replacen("\"format\": 3", &format!("\"format\": \"{quoted}\""), 1)),
        ("manifest.json", manifest.replacen("\"seed\": 0", &format!("\"{quoted}\": 0"), 1)),
    ] {
        let before = std::fs::read(run.join(name)).unwrap();
        assert_ne!(before, content.as_bytes(), "{name} was changed");
        std::fs::write(run.join(name), content).unwrap();
        for command in ["table", "report -o site", "verify"] {
            let said = place.run(command);
            assert!(!said.err.contains('\u{1b}') && said.err.len() < 4_000, "{command}: {:.2000}", said.err);
        }
        short(&place.run("run small.toml"), 1);
        std::fs::write(run.join(name), before).unwrap();
    }
}

#[test]
fn an_import_with_nothing_left_blames_the_list() {
    let place = Place::new();
    place.write("list.json", r#"["nowhere+++a", "nowhere+++b"]"#);
    let said = place.run("stream import list.json -o new.toml --dataset digits --absent skip");
    said.fails(2, &["cannot make a stream of list.json", "none of the 2 concepts of list.json", "`digits`"]);
    assert!(!said.err.contains("new.toml") && !place.path("new.toml").exists(), "{said}");
}

#[test]
fn without_a_home_there_is_no_data_folder_and_no_folder_here_takes_its_place() {
    let place = Place::small();
    // Where it is empty or not set the system knows one; a relative one is none.
    let with = |words: &str, variables: &[(&str, &str)]| {
        let mut command = place.clbench(words);
        command.env("HOME", "here").envs(variables.iter().copied());
        Said::of(command.output().unwrap())
    };
    for words in ["check small.toml", "data path", "data list", "run small.toml"] {
        with(words, &[]).fails(2, &["no home folder", "data=FOLDER", "CLBENCH_DATA"]);
    }
    for words in ["check small.toml data=here", "list", "data list --data here"] {
        with(words, &[]).fails(0, &[]);
    }
    with("check small.toml", &[("XDG_DATA_HOME", "/tmp")]).fails(0, &[]);
    // A relative one is passed over, as the standard asks.
    with("check small.toml", &[("XDG_DATA_HOME", "here")]).fails(2, &["no home folder"]);
    assert!(!place.path("data").exists() && !place.path("runs").exists());
}

#[test]
fn weights_that_hold_no_numbers_answer_no_preference() {
    let place = Place::new();
    let stream = SMALL
        .replace("class-incremental", "domain-incremental")
        .replace("widths = [32]\ndropout = 0.1", "widths = [8]");
    place.write("s.toml", stream);
    place.done("run s.toml method=ibcl train.steps=4 eval.every=0 keep.predictions=false --quiet");
    let run = place.runs("runs").remove(0);
    let weights = run.join("artifact/weights.safetensors");
    let words = format!("prefer {} w=1,1,1,1,1 -o model.safetensors", run.display());
    let whole = std::fs::read(&weights).unwrap();
    place.done(&words);
    std::fs::remove_file(place.path("model.safetensors")).unwrap();
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        let header = u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
        let mut bytes = whole[..8 + header].to_vec();
        bytes.extend(whole[8 + header..].chunks(4).flat_map(|_| value.to_le_bytes()));
        std::fs::write(&weights, bytes).unwrap();
        place.run(&words).fails(1, &["weights.safetensors"]);
        assert!(!place.path("model.safetensors").exists(), "{value}");
    }
}

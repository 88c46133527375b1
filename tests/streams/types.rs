//! A value of the wrong type is told with its key, in every section and of every part: serde forgets keys where it
//! tries one form after another.

use toml::{Table, Value};

use crate::parts::{Yard, file};

/// What a stream of the digits is trained by, all sections but `[stream]`.
const REST: &str = "[net]\nbody = \"mlp\"\nwidths = [8]\n[optim]\nrule = \"sgd\"\nrate = 0.1\nclip = 1.0\n[train]\n\
                    batch = 8\nsteps = 2\n[budget]\nsteps = 3\n[checkpoint]\nevery = 9\n[eval]\nevery = 1\n";

/// The paths of all values in `table`, but for what is another part when it is another value.
fn paths(table: &Table, above: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Table(inner) => {
                found.extend(paths(inner, &path));
                found.push(path);
            }
            _ => found.push(path),
        }
    }
    found
}

fn set(table: &mut Table, path: &str, value: Value) -> Option<Value> {
    let (above, last) = path.rsplit_once('.').map_or((None, path), |(above, last)| (Some(above), last));
    let inner =
        above.into_iter().flat_map(|above| above.split('.')).try_fold(table, |at, key| at.get_mut(key)?.as_table_mut());
    inner?.insert(last.to_owned(), value)
}

/// Puts a value of another type in the place of each of `table`'s in turn; those whose refusal does not name the key.
fn untold(yard: &Yard, table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in paths(table, "") {
        let mut other = table.clone();
        // Nothing but a switch is a boolean, and no switch is a number.
        let before = set(&mut other, &path, Value::Boolean(true)).unwrap();
        if before.is_bool() {
            set(&mut other, &path, Value::Integer(7));
        }
        let last = path.rsplit('.').next().unwrap();
        let told = match yard.setup(&toml::to_string(&other).unwrap(), "") {
            // Some words stand for a choice of which another is yes or no, such as `fisher`.
            Ok(_) if before.is_str() => continue,
            Ok(_) => "not refused".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        let named = [format!("`{last}`"), format!(" {last} = "), format!(": {last} changes nothing")]
            .into_iter()
            .chain(["`", " ", ".", ":"].map(|end| format!(".{last}{end}")));
        // A section says its name in brackets.
        if !named.clone().any(|name| told.contains(&name)) && !told.contains(&format!("[{path}]")) {
            wrong.push(format!("{path} = {}: {told}", if before.is_bool() { "7" } else { "true" }));
        }
    }
    wrong
}

/// The resolved configuration of a stream file, as a run leaves it.
fn resolved(yard: &Yard, text: &str) -> Table {
    let setup = yard.setup(text, "").unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    toml::to_string(&setup.config).unwrap().parse().unwrap()
}

#[test]
fn every_section_names_the_key_of_a_value_of_the_wrong_type() {
    let yard = Yard::new();
    let stream = "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 5\n";
    let mut files = vec![format!("{stream}{REST}")];
    for body in [
        "body = \"cnn\"\nchannels = [2]\nhidden = 4",
        "body = \"resnet18\"\nwidth = 2",
        "body = \"vit\"\npatch = 4\nwidth = 4\ndepth = 1\nheads = 2",
        "body = \"squeezenet\"\nupscale = 32",
        "body = \"efficientnet-lite0\"\nupscale = 32",
    ] {
        let shape = if body.contains("upscale") { "shape = [3, 8, 8]\n" } else { "" };
        files.push(format!("{stream}{shape}{}", REST.replace("body = \"mlp\"\nwidths = [8]", body)));
    }
    for rule in yard.shelf.rules.iter().filter(|rule| rule.name != "sgd") {
        files.push(format!("{stream}{}", REST.replace("\"sgd\"", &format!("\"{}\"", rule.name))));
    }
    files.push(format!("{stream}{REST}[text]\n[text.tokens]\ndepth = 1\n[head]\nkind = \"shared\"\ntrain = \"all\"\n"));
    let pool = "pool_share = 0.3\n[start]\nkind = \"pretrain\"\nsteps = 2\nrate = 0.1\nseed = 1\n";
    let mixed =
        "[mixture]\nupdate = 0.5\nbuffer = 0.25\npretraining = 0.25\n[buffer]\nkeep = \"reservoir\"\ncapacity = 20\n";
    files.push(format!("[stream]\nkind = \"concepts\"\ndataset = \"digits\"\ntasks = 2\n{pool}{REST}{mixed}"));
    let mut wrong: Vec<String> = files.iter().flat_map(|file| untold(&yard, &resolved(&yard, file))).collect();
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} say nothing of their key:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_method_names_the_key_of_a_value_of_the_wrong_type() {
    let yard = Yard::new();
    let stream = "[stream]\nkind = \"task-incremental\"\ndataset = \"digits\"\ntasks = 2\n[head]\nkind = \"multi\"\n\
                  train = \"task\"\ntest = \"task\"\n[net]\nbody = \"mlp\"\nwidths = [8]\n[optim]\nrule = \
                  \"sgd\"\nrate = 0.1\n\
                  [train]\nbatch = 8\nsteps = 2\n";
    let mut wrong = Vec::new();
    let mut tried = 0;
    for method in &yard.shelf.methods {
        let text = format!("method = \"{}\"\n{stream}", method.name);
        // Some need another network, or other heads; their settings are read before that is found out.
        let Ok(setup) = yard.setup(&text, "") else { continue };
        let table: Table = toml::to_string(&setup.config).unwrap().parse().unwrap();
        let own = table["methods"].as_table().unwrap().clone();
        let mut small: Table = text.parse().unwrap();
        small.insert("methods".into(), own.into());
        tried += 1;
        wrong.extend(untold(&yard, &small).into_iter().filter(|line| line.starts_with("methods.")));
    }
    assert!(tried > yard.shelf.methods.len() / 2, "only {tried} were tried");
    assert!(wrong.is_empty(), "{} say nothing of their key:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_part_of_a_stream_names_the_key_of_a_value_of_the_wrong_type() {
    let yard = Yard::new();
    let mut wrong = Vec::new();
    for part in yard.parts() {
        let stream = file(&[&part], "");
        // What shows each example once has no number of steps.
        let rest = match yard.setup(&format!("{stream}{REST}"), "") {
            Ok(_) => REST.to_owned(),
            Err(_) => REST.replace("batch = 8\nsteps = 2\n", "batch = 8\n"),
        };
        let table = resolved(&yard, &format!("{stream}{rest}"));
        let mut small: Table = rest.parse().unwrap();
        small.insert("stream".into(), table["stream"].clone());
        small.extend(table.get("data").map(|data| ("data".to_owned(), data.clone())));
        let of_stream = untold(&yard, &small).into_iter().filter(|line| line.starts_with("stream"));
        wrong.extend(of_stream.map(|line| format!("{}: {line}", part.key())));
    }
    assert!(wrong.is_empty(), "{} say nothing of their key:\n{}", wrong.len(), wrong.join("\n"));
}

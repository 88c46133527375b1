//! Experiences as JSON: what a stream brings when, told apart from how that was chosen.
//!
//! Numbers that follow each other are written as `[first, count]`, others alone. A file comes from anywhere: its size,
//! its counts and its numbers are checked before memory is taken.

use anyhow::{Context, Result, ensure};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Unexpected, Visitor},
};

use super::{Course, Experience, Part, Task};

/// What the file says it is.
const FORMAT: &str = "clbench experiences 1";
/// Largest file, in bytes.
pub const MOST_BYTES: u64 = 1 << 27;
/// Most lists within one file: steps, parts and runs.
const MOST_LISTS: usize = 1 << 22;
/// Most numbers of one file, written out: half a GiB of them.
const MOST_NUMBERS: u64 = 1 << 27;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    /// Training examples of each task.
    tasks: Vec<usize>,
    experiences: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    span: usize,
    parts: Vec<WrittenPart>,
    course: WrittenCourse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPart {
    task: usize,
    rehearsed: bool,
    places: Vec<Run>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum WrittenCourse {
    Drawn,
    Given(Vec<Run>),
    Recorded { back: Vec<WrittenBack>, steps: Vec<Vec<Run>> },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBack {
    task: usize,
    places: Vec<Run>,
}

/// Numbers that follow each other: the first, and how many.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run(u32, u32);

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self(one, 1) => to.serialize_u32(one),
            Self(first, count) => (first, count).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RunVisitor)
    }
}

/// Reads a run without anything in between, since there may be many millions.
struct RunVisitor;

impl<'de> Visitor<'de> for RunVisitor {
    type Value = Run;

    fn expecting(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "a number below 2^32, or [first, count] of two such numbers")
    }
    fn visit_u64<E: de::Error>(self, one: u64) -> Result<Run, E> {
        let one = u32::try_from(one).map_err(|_| E::invalid_value(Unexpected::Unsigned(one), &self))?;
        Ok(Run(one, 1))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Run, A::Error> {
        let mut next = |at| list.next_element::<u32>()?.ok_or_else(|| de::Error::invalid_length(at, &RunVisitor));
        let run = Run(next(0)?, next(1)?);
        match list.next_element::<de::IgnoredAny>()? {
            None => Ok(run),
            Some(_) => Err(de::Error::invalid_length(3, &self)),
        }
    }
}

/// The numbers as runs.
fn runs(numbers: &[u32]) -> Vec<Run> {
    let follows = |a: &u32, b: &u32| a.checked_add(1) == Some(*b);
    numbers.chunk_by(follows).map(|run| Run(run[0], run.len() as u32)).collect()
}

/// Writes runs out, each number below a bound.
struct Reader {
    /// How many numbers may still come.
    left: u64,
}

impl Reader {
    fn numbers(&mut self, runs: &[Run], below: usize) -> Result<Vec<u32>> {
        let mut count = 0_u64;
        for Run(first, many) in runs {
            ensure!(*many > 0, "[{first}, 0] is no run; leave it out");
            let end = u64::from(*first) + u64::from(*many);
            ensure!(end <= below as u64, "{many} from {first} on are not all below {below}");
            count += u64::from(*many);
        }
        ensure!(count <= self.left, "it names more than {MOST_NUMBERS} examples");
        self.left -= count;
        Ok(runs.iter().flat_map(|Run(first, many)| (0..*many).map(move |at| first + at)).collect())
    }
}

/// Refuses experiences that [`read()`] would refuse for their size.
///
/// # Errors
/// When they name too many examples.
pub fn check_size(experiences: &[Experience]) -> Result<()> {
    let course = |experience: &Experience| match &experience.course {
        Course::Drawn => 0,
        Course::Given(order) => order.len(),
        Course::Recorded { back, steps } => back.len() + steps.iter().map(Vec::len).sum::<usize>(),
    };
    let all: u64 = experiences.iter().map(|experience| (experience.len() + course(experience)) as u64).sum();
    ensure!(all <= MOST_NUMBERS, "the experiences name {all} examples, more than the {MOST_NUMBERS} of one file");
    Ok(())
}

/// Experiences of a stream with these tasks as JSON, which [`read()`] reads back to the same.
pub fn write(tasks: &[Task], experiences: &[Experience]) -> Vec<u8> {
    let file = File {
        format: FORMAT.into(),
        tasks: tasks.iter().map(|task| task.train.len()).collect(),
        experiences: experiences.iter().map(written).collect(),
    };
    let mut bytes = serde_json::to_vec(&file).expect("numbers and names are JSON");
    bytes.push(b'\n');
    bytes
}

fn written(experience: &Experience) -> Written {
    let part = |part: &Part| WrittenPart { task: part.task, rehearsed: part.rehearsed, places: runs(&part.indices) };
    let course = match &experience.course {
        Course::Drawn => WrittenCourse::Drawn,
        Course::Given(order) => WrittenCourse::Given(runs(order)),
        Course::Recorded { back, steps } => {
            let of_a_task = |pairs: &[(u32, u32)]| {
                let places: Vec<u32> = pairs.iter().map(|(_, place)| *place).collect();
                WrittenBack { task: pairs[0].0 as usize, places: runs(&places) }
            };
            WrittenCourse::Recorded {
                back: back.chunk_by(|a, b| a.0 == b.0).map(of_a_task).collect(),
                steps: steps.iter().map(|step| runs(step)).collect(),
            }
        }
    };
    Written { span: experience.span, parts: experience.parts.iter().map(part).collect(), course }
}

/// Reads what [`write()`] has written for a stream whose tasks have `sizes` training examples.
///
/// # Errors
/// When it is no such file, is of another stream, or names an example that is not there.
pub fn read(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Experience>> {
    #[derive(Deserialize)]
    struct Version {
        format: String,
    }
    ensure!(bytes.len() as u64 <= MOST_BYTES, "the file is larger than {MOST_BYTES} bytes");
    let lists = bytes.split(|byte| *byte == b'[').count() - 1;
    ensure!(lists <= MOST_LISTS, "it holds {lists} lists, more than {MOST_LISTS}");
    let Version { format } = serde_json::from_slice(bytes).context("they are no recorded experiences")?;
    ensure!(format == FORMAT, "their format is `{}`; this program reads `{FORMAT}`", format.escape_debug());
    let file: File = serde_json::from_slice(bytes).context("they are no recorded experiences")?;
    ensure!(file.tasks == sizes, "they are of another stream: there {}, here {}", counted(&file.tasks), counted(sizes));
    let mut reader = Reader { left: MOST_NUMBERS };
    let mut read = |(index, written): (usize, &Written)| {
        experience(written, sizes, &mut reader).with_context(|| format!("experience {}", index + 1))
    };
    file.experiences.iter().enumerate().map(&mut read).collect()
}

fn counted(sizes: &[usize]) -> String {
    let shown = sizes.iter().take(5).map(usize::to_string).collect::<Vec<_>>().join(", ");
    let more = if sizes.len() > 5 { ", …" } else { "" };
    format!("{} tasks have {shown}{more} training examples", sizes.len())
}

fn experience(written: &Written, sizes: &[usize], reader: &mut Reader) -> Result<Experience> {
    ensure!(written.span > 0 && written.span <= sizes.len().max(1 << 20), "its span is {}", written.span);
    let mut places = |task: usize, runs: &[Run]| {
        let size = sizes.get(task).with_context(|| format!("task {task} is not there; there are {}", sizes.len()))?;
        reader.numbers(runs, *size).with_context(|| format!("places in task {task}"))
    };
    let mut parts: Vec<Part> = Vec::new();
    for part in &written.parts {
        let new_after_old = !part.rehearsed && parts.last().is_some_and(|part| part.rehearsed);
        ensure!(!new_after_old, "what is new stands after what is rehearsed");
        let indices = places(part.task, &part.places)?.into();
        parts.push(Part { task: part.task, indices, rehearsed: part.rehearsed });
    }
    let mut experience = Experience { span: written.span, ..Experience::new(parts) };
    let own = experience.len();
    experience.course = match &written.course {
        WrittenCourse::Drawn => Course::Drawn,
        WrittenCourse::Given(order) => Course::Given(reader.numbers(order, own).context("its order")?.into()),
        WrittenCourse::Recorded { back, steps } => {
            let mut pairs = Vec::new();
            for back in back {
                pairs.extend(places(back.task, &back.places)?.into_iter().map(|place| (back.task as u32, place)));
            }
            let most = own + pairs.len();
            let step = |step: &Vec<Run>| reader.numbers(step, most).context("its steps");
            Course::Recorded { steps: steps.iter().map(step).collect::<Result<_>>()?, back: pairs.into() }
        }
    };
    Ok(experience)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(task: usize, rehearsed: bool, indices: &[u32]) -> Part {
        Part { task, indices: indices.into(), rehearsed }
    }

    fn all() -> Vec<Experience> {
        let mut given = Experience::new(vec![part(1, false, &[3, 2, 1]), part(0, true, &[0, 1])]);
        given.course = Course::Given([4, 0, 1, 3, 2].into());
        let mut recorded = Experience::new(vec![part(1, false, &[0])]);
        let steps = vec![vec![0, 1, 2], vec![2, 2]];
        recorded.course = Course::Recorded { back: [(0, 1), (0, 0)].into(), steps: steps.into() };
        vec![Experience { span: 2, ..Experience::new(vec![part(0, false, &[0, 1])]) }, given, recorded]
    }

    fn text(experiences: &[Experience]) -> String {
        let file =
            File { format: FORMAT.into(), tasks: vec![2, 4], experiences: experiences.iter().map(written).collect() };
        serde_json::to_string(&file).expect("JSON")
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(text(&all()).as_bytes(), &[2, 4]).expect("experiences"), all());
        assert_eq!(
            text(&all()[1..2]),
            "{\"format\":\"clbench experiences 1\",\"tasks\":[2,4],\"experiences\":[{\"span\":1,\"parts\":[\
             {\"task\":1,\"rehearsed\":false,\"places\":[3,2,1]},{\"task\":0,\"rehearsed\":true,\"places\":[[0,2]]}],\
             \"course\":{\"given\":[4,[0,2],3,2]}}]}"
        );
    }

    #[test]
    fn runs_are_what_follows() {
        assert_eq!(runs(&[5, 7, 8, 9, 0]), [Run(5, 1), Run(7, 3), Run(0, 1)]);
        assert_eq!(runs(&[u32::MAX, 0]), [Run(u32::MAX, 1), Run(0, 1)]);
    }

    #[test]
    fn hostile_files_are_refused() {
        let whole = text(&all());
        let refused = |from: &str, to: &str, why: &str| {
            assert!(whole.contains(from), "{from}");
            let error = read(whole.replacen(from, to, 1).as_bytes(), &[2, 4]).expect_err(to);
            assert!(format!("{error:#}").contains(why), "{to}: {error:#}");
        };
        refused("experiences 1", "experiences 2", "this program reads `clbench experiences 1`");
        refused("[2,4]", "[2,5]", "of another stream: there 2 tasks have 2, 5 training");
        refused("[[0,2]]", "[[0,3]]", "3 from 0 on are not all below 2");
        refused("[[0,2]]", "[[1152921504606846976,2]]", "integer `1152921504606846976`, expected u32");
        refused("[[0,2]]", "[[0,1152921504606846976]]", "integer `1152921504606846976`, expected u32");
        refused("[[0,2]]", "[1152921504606846976]", "integer `1152921504606846976`, expected a number below 2^32");
        refused("[[0,2]]", "[[4294967295,4294967295]]", "not all below 2");
        refused("[[0,2]]", "[[0]]", "invalid length 1");
        refused("[[0,2]]", "[[0,1,1]]", "invalid length 3");
        refused("[[0,2]]", "[[0,0]]", "[0, 0] is no run");
        refused("[[0,2]]", "[-1]", "no recorded experiences");
        refused("[[0,2]]", "\"all\"", "no recorded experiences");
        refused("\"task\":1", "\"task\":2", "task 2 is not there; there are 2");
        refused("\"span\":2", "\"span\":0", "its span is 0");
        refused("[[0,2]]}],\"course\":\"drawn", "[[0,2]]}],\"course\":\"given", "no recorded experiences");
        refused("{\"given\":[4", "{\"given\":[5", "its order: 1 from 5 on are not all below 5");
        refused("[2,2]", "[3,2]", "its steps");
        refused("\"drawn\"", "\"later\"", "no recorded experiences");
        refused("}]}", "", "no recorded experiences");
    }

    #[test]
    fn many_short_runs_do_not_become_much_memory() {
        let mut reader = Reader { left: 5 };
        assert!(reader.numbers(&[Run(0, 3)], 3).is_ok());
        let error = reader.numbers(&[Run(0, 3)], 3).expect_err("six are more than five");
        assert!(error.to_string().contains("more than"), "{error}");
    }
}

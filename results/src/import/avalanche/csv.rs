//! `eval_results.csv`, which names experiences and not streams.

use super::{Evaluation, matrix};
use crate::{
    import::{Imported, MAX_SIDE, Training},
    words::short,
};

/// Fields of a line.
const FIELDS: usize = 5;

/// One evaluation of one stream.
#[derive(Clone, PartialEq)]
struct Block {
    /// The experience that was trained before; none before training.
    trained: Option<usize>,
    accuracies: Vec<(usize, f64)>,
}

/// Reads the file; training experience `None` is the evaluation before training.
pub(in super::super) fn csv(text: &str) -> Result<Vec<Imported>, String> {
    let mut runs: Vec<Vec<Block>> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if line.trim_start().starts_with("eval_exp") {
            runs.push(Vec::new());
            continue;
        }
        let (trained, task, value) = fields(line).map_err(|why| format!("line {}: {why}", index + 1))?;
        let run = runs.last_mut().ok_or("the first line does not name the columns")?;
        // Experiences of a stream are evaluated in their order.
        match run
            .last_mut()
            .filter(|block| block.trained == trained && block.accuracies.last().is_some_and(|last| last.0 < task))
        {
            Some(block) => block.accuracies.push((task, value)),
            None => run.push(Block { trained, accuracies: vec![(task, value)] }),
        }
    }
    let several = runs.len() > 1;
    let mut found = Vec::new();
    for (index, blocks) in runs.iter().enumerate() {
        let mut matrices = run(blocks)?;
        if several {
            matrices.iter_mut().for_each(|one| one.name = format!("run {} {}", index + 1, one.name).trim().into());
        }
        found.append(&mut matrices);
    }
    Ok(found)
}

/// Training experience, evaluated experience and accuracy.
fn fields(line: &str) -> Result<(Option<usize>, usize, f64), String> {
    let fields: Vec<&str> = line.trim().split(',').map(str::trim).collect();
    if fields.len() != FIELDS {
        return Err(format!("{} fields where {FIELDS} are expected; the line may be cut off", fields.len()));
    }
    let wrong = |field: usize| format!("`{}` is not a number", short(fields[field]));
    let number = |field: usize| fields[field].parse::<u32>().map(|number| number as usize).map_err(|_| wrong(field));
    let trained = if fields[1] == "None" { None } else { Some(number(1)?) };
    let task = number(0)?;
    if task >= MAX_SIDE {
        return Err(format!("more than {MAX_SIDE} experiences"));
    }
    let value: f64 = fields[2].parse().map_err(|_| wrong(2))?;
    if !(0.0..=1.0).contains(&value) {
        return Err(format!("accuracy {} is out of range; it lies between 0 and 1", short(fields[2])));
    }
    Ok((trained, task, value))
}

/// The matrices of a run: one per stream that was evaluated.
fn run(blocks: &[Block]) -> Result<Vec<Imported>, String> {
    let start: Vec<&Block> = blocks.iter().filter(|block| block.trained.is_none()).collect();
    let mut groups: Vec<Vec<&Block>> = Vec::new();
    for block in blocks.iter().filter(|block| block.trained.is_some()) {
        match groups.last_mut().filter(|group| group[0].trained == block.trained) {
            Some(group) => group.push(block),
            None => groups.push(vec![block]),
        }
    }
    let tasks = blocks.iter().flat_map(|block| &block.accuracies).map(|&(task, _)| task + 1).max().unwrap_or(0);
    let streams = groups.first().map_or(1, Vec::len);
    // Each task in a stream of its own: the number of the last piece is the same behind each.
    let online = groups.len() == 1 && (tasks == 1 || streams == tasks && groups[0][0].trained > Some(0));
    if online {
        groups = groups.remove(0).into_iter().map(|block| vec![block]).collect();
    } else if streams > 1 && groups.iter().all(|group| group.len() == streams) {
        return several(&start, &groups, streams);
    }
    let baseline: Vec<(usize, f64)> = start.iter().flat_map(|block| block.accuracies.clone()).collect();
    let merged = |group: &Vec<&Block>| {
        let accuracies = group.iter().flat_map(|block| block.accuracies.clone()).collect();
        Block { trained: group[0].trained, accuracies }
    };
    Ok(vec![ordered(&baseline, &groups.iter().map(merged).collect::<Vec<_>>(), tasks)?])
}

/// The matrix of evaluations, one per training that is known of.
fn ordered(baseline: &[(usize, f64)], blocks: &[Block], tasks: usize) -> Result<Imported, String> {
    let trained: Vec<usize> = blocks.iter().filter_map(|block| block.trained).collect();
    let mut sorted = trained.clone();
    sorted.sort_unstable();
    let permuted = sorted.iter().copied().eq(0..tasks) && tasks > 1;
    // Numbers that ascend say how many trainings there were; others say nothing of it.
    let ascending = trained.windows(2).all(|pair| pair[0] < pair[1]);
    let phases = |index: usize| if ascending { trained[index] + 1 } else { index + 1 };
    let evaluation =
        |(index, block): (usize, &Block)| Evaluation { phases: phases(index), accuracies: block.accuracies.clone() };
    let evaluations: Vec<Evaluation> = blocks.iter().enumerate().map(evaluation).collect();
    if !ascending && !permuted && tasks > 1 && blocks.len() != tasks {
        return Err(format!(
            "{} evaluations behind trainings that are not numbered in order, and {tasks} tasks: it is not said which \
             evaluation ends a task; keep one evaluation per task",
            blocks.len()
        ));
    }
    let mut one = matrix(baseline, &evaluations)?;
    if permuted && !ascending {
        one.notes.push("the experiences were trained in another order than evaluated".into());
        one.training = Training::Given(trained.into_iter().map(|task| vec![task]).collect());
    } else if !ascending && tasks > 1 {
        one.notes.push(
            "the numbers of trainings repeat, as in online training; each evaluation is read as the end of a task"
                .into(),
        );
    }
    Ok(one)
}

/// The matrices of several streams that were evaluated in turn, that of the test stream last.
fn several(start: &[&Block], groups: &[Vec<&Block>], streams: usize) -> Result<Vec<Imported>, String> {
    let mut found = Vec::new();
    for stream in 0..streams {
        let blocks: Vec<Block> = groups.iter().map(|group| group[stream].clone()).collect();
        let tasks = blocks.iter().flat_map(|block| &block.accuracies).map(|&(task, _)| task + 1).max().unwrap_or(0);
        let baseline = if start.len() == streams { start[stream].accuracies.clone() } else { Vec::new() };
        let mut one = ordered(&baseline, &blocks, tasks)?;
        one.name = format!("evaluation {}", stream + 1);
        found.push(one);
    }
    // A model knows what it has just learned better on the examples that it was trained on.
    let learned = |stream: usize| {
        let cell = |group: &Vec<&Block>| {
            let block = group[stream];
            block.accuracies.iter().find(|(task, _)| Some(*task) == block.trained).map(|(_, value)| *value)
        };
        crate::statistics::estimate::mean(&groups.iter().filter_map(cell).collect::<Vec<_>>())
    };
    let last = learned(streams - 1);
    let same = (0..streams).all(|stream| groups.iter().all(|group| group[stream] == group[streams - 1]));
    let lowest = last.is_some() && (0..streams - 1).all(|stream| learned(stream) > last);
    let one = found.last_mut().ok_or("no evaluation after training")?;
    let why = "each experience was evaluated several times, and the file does not say on which stream";
    if !same && !lowest {
        one.doubt = Some(format!("{why}; give --matrix 1 for the first, and so on"));
    } else if !same {
        let taken = "the last is taken for the test stream, because less was known of it right after training";
        one.notes.push(format!("{why}: {taken}"));
    }
    Ok(found)
}

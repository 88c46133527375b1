//! FoMo-in-Flux's table of budgets, computed again from its own columns.
//!
//! Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, section 3.3 and its table of memory-adjusted operations: a
//! step of a CLIP of ViT-B/16 on 512 pairs costs so many operations at so much memory, all tasks together may spend
//! 1.8·10⁹ giga-operations, and steps per task are what is left of that, to the nearest whole number.
//!
//! Columns are whole numbers of ten-thousandths, so that nothing here is rounded but steps.

use std::fmt::Write;

/// What all tasks together may spend, in giga-operations.
pub const BUDGET: u64 = 1_800_000_000;
/// Numbers of tasks that the table has steps for.
pub const TASKS: [u64; 4] = [20, 50, 100, 200];
/// Batches of a Fisher over 50,000 examples: ⌈50000/512⌉.
pub const FISHER_BATCHES: u64 = 98;

/// A line of the table; operations in 10⁻⁴ giga-operations, the multiplier in 10⁻⁴, memory in 10⁻⁴ gigabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is trained.
    pub name: &'static str,
    /// Operations of a step.
    pub operations: u64,
    /// Memory, as the device's driver reported it.
    pub memory: u64,
    /// The same over that of full fine-tuning.
    pub multiplier: u64,
    /// Memory-adjusted operations.
    pub adjusted: u64,
    /// Steps of each task, for each of [`TASKS`].
    pub steps: [u64; 4],
}

const fn row(name: &'static str, operations: u64, memory: u64, multiplier: u64, adjusted: u64, steps: [u64; 4]) -> Row {
    Row { name, operations, memory, multiplier, adjusted, steps }
}

/// The table; biases alone differ from norms alone in 0.0020 gigabytes and in nothing else.
pub const ROWS: [Row; 13] = [
    row("full-ft", 633_947_585, 465_917, 10_000, 633_947_585, [1420, 568, 284, 142]),
    row("locked-text", 572_546_183, 375_761, 8_064, 461_701_241, [1949, 780, 390, 195]),
    row("locked-image", 271_766_698, 118_847, 2_551, 69_327_684, [12_982, 5193, 2596, 1298]),
    row("LNFit/BitFit", 431_655_968, 305_566, 6_558, 283_079_983, [3179, 1272, 636, 318]),
    row("LoRA r4", 544_792_515, 405_449, 8_702, 474_078_446, [1898, 759, 380, 190]),
    row("LoRA r64", 545_050_151, 406_757, 8_730, 475_828_781, [1891, 757, 378, 189]),
    row("DoRA r4", 544_798_241, 406_582, 8_726, 475_390_945, [1893, 757, 379, 189]),
    row("DoRA r64", 545_141_754, 407_871, 8_754, 477_217_091, [1886, 754, 377, 189]),
    row("VeRA r4", 544_793_393, 405_449, 8_702, 474_079_210, [1898, 759, 380, 190]),
    row("VeRA r64", 545_078_336, 405_742, 8_708, 474_654_214, [1896, 758, 379, 190]),
    row("EWC", 62_760_810_940, 472_070, 10_132, 63_589_253_640, [14, 6, 3, 1]),
    row("SI", 633_947_585, 466_523, 10_013, 634_771_716, [1418, 567, 284, 142]),
    row("merging", 633_947_585, 465_917, 10_000, 633_947_585, [1420, 568, 284, 142]),
];

/// Steps of each of `tasks` tasks when a step costs `operations` and memory is `over`/`under` of full fine-tuning's, to
/// the nearest whole number, halves upwards.
fn steps(tasks: u64, operations: u64, over: u64, under: u64) -> u64 {
    let all = u128::from(BUDGET) * 10_000 * u128::from(under);
    let price = u128::from(tasks) * u128::from(operations) * u128::from(over);
    u64::try_from((2 * all + price) / (2 * price)).unwrap_or(u64::MAX)
}

impl Row {
    /// Steps from operations and multiplier, as the table has them.
    pub fn computed(&self) -> [u64; 4] {
        TASKS.map(|tasks| steps(tasks, self.operations, self.multiplier, 10_000))
    }
    /// Steps from operations and memory, whose quotient the multiplier is but for its fourth digit.
    pub fn by_memory(&self) -> [u64; 4] {
        TASKS.map(|tasks| steps(tasks, self.operations, self.memory, ROWS[0].memory))
    }
}

/// Steps of EWC when its Fisher is charged to each task once.
///
/// Its line has 99 times the operations of full fine-tuning, 1 + [`FISHER_BATCHES`]: the pass over 50,000 examples that
/// ends a task is charged to each of its steps. Here a task pays for its steps and for as many passes as there are
/// batches.
pub fn ewc_charged_once() -> [u64; 4] {
    let ewc = ROWS[10];
    TASKS.map(|tasks| steps(tasks, ROWS[0].operations, ewc.multiplier, 10_000).saturating_sub(FISHER_BATCHES))
}

/// The table with what was computed, 80 columns wide.
pub fn table() -> String {
    let mut text = format!("{:<13} {:>12} {:>7} {:>13}", "method", "GFLOPs/step", "memory", "adjusted");
    TASKS.iter().for_each(|tasks| text += &format!(" {:>6}", format!("T={tasks}")));
    text += "\n";
    let line = |name: &str, operations: u64, multiplier: u64, adjusted: u64, steps: [u64; 4]| {
        let part = |value: u64| format!("{}.{:04}", value / 10_000, value % 10_000);
        let (a, b, c) = (part(operations), part(multiplier), part(adjusted));
        let [d, e, f, g] = steps;
        format!("{name:<13} {a:>12} {b:>7} {c:>13} {d:>6} {e:>6} {f:>6} {g:>6}\n")
    };
    for row in ROWS {
        text += &line(row.name, row.operations, row.multiplier, row.adjusted, row.computed());
    }
    let ewc = ROWS[10];
    let adjusted = ROWS[0].operations * ewc.multiplier / 10_000;
    text += &line("EWC, once", ROWS[0].operations, ewc.multiplier, adjusted, ewc_charged_once());
    let pairs = || ROWS.iter().flat_map(|row| row.steps.into_iter().zip(row.computed()).zip(row.by_memory()));
    let (all, same) = (pairs().count(), pairs().filter(|((printed, computed), _)| printed == computed).count());
    let moved = pairs().filter(|((_, computed), by_memory)| computed != by_memory).count();
    let _ = writeln!(
        text,
        "\n{same} of {all} printed numbers of steps are what the columns come to. With memory's\n\
         own digits in place of the multiplier's four, {moved} would be others. \"EWC, once\"\n\
         charges the Fisher's {FISHER_BATCHES} batches to each task, and not to each step."
    );
    text
}

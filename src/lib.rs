//! Everything that ships with clbench on one shelf, and the program that knows it. A program with plug-ins of its own
//! is this one and a line for each of them:
//!
//! ```no_run
//! # let (my_methods, my_streams) = (Vec::new(), clbench::stream::StreamParts::default());
//! clbench::cli::main(&clbench_cli::shelf().methods(my_methods).streams(my_streams));
//! ```

use std::process::ExitCode;

use clbench::config::Shelf;

/// Most of a small step is allocation; this allocator makes it 1.4 to 2.9 times faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every dataset, model, format, part of a stream, method and optimizer that ships, and the source revision.
pub fn shelf() -> Shelf {
    Shelf::default()
        .datasets(clbench_datasets::CATALOGUE.iter().copied())
        .models(clbench_datasets::MODELS.iter().copied())
        .formats(clbench_datasets::FORMATS.iter().copied())
        .streams(clbench_streams::catalogue())
        .methods(clbench_methods::catalogue())
        .revision(env!("CLBENCH_REVISION"))
}

/// The program `clbench`.
pub fn main() -> ExitCode {
    clbench::cli::main(&shelf())
}

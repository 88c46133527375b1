//! clbench with one method more.

mod new_method;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let shelf = clbench::config::Shelf::default()
        .datasets(clbench_datasets::CATALOGUE.iter().copied())
        .streams(clbench_streams::catalogue())
        .methods(clbench_methods::catalogue())
        .methods([new_method::METHOD]);
    clbench::cli::main(&shelf)
}

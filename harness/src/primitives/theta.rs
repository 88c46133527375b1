//! Named tensors as one vector: parameters, gradients, running statistics and method state.
//!
//! A [`Theta`] is a value. Cloning it is cheap and shares nothing that can change, so a teacher, a
//! snapshot, an anchor and a checkpoint are all `clone()`.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Gradients, Tensor};
use serde::{Deserialize, Serialize};

use crate::primitives::array::Array;

/// Tensors by path, in the order of their paths. A missing path means "no such thing": a parameter
/// without a gradient is missing from the gradients, never zero.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Array>", into = "BTreeMap<String, Array>")]
pub struct Theta(Arc<BTreeMap<String, Array>>);

impl From<BTreeMap<String, Array>> for Theta {
    fn from(tensors: BTreeMap<String, Array>) -> Self {
        Self(Arc::new(tensors))
    }
}

impl From<Theta> for BTreeMap<String, Array> {
    fn from(theta: Theta) -> Self {
        Arc::unwrap_or_clone(theta.0)
    }
}

impl FromIterator<(String, Array)> for Theta {
    fn from_iter<I: IntoIterator<Item = (String, Array)>>(tensors: I) -> Self {
        Self(Arc::new(tensors.into_iter().collect()))
    }
}

/// As a map.
impl Theta {
    /// Puts a tensor at `path`, in place of what was there.
    pub fn insert(&mut self, path: impl Into<String>, array: impl Into<Array>) {
        Arc::make_mut(&mut self.0).insert(path.into(), array.into());
    }
    /// The tensor at `path`.
    pub fn get(&self, path: &str) -> Option<&Array> {
        self.0.get(path)
    }
    /// Whether there is a tensor at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
    /// Takes the tensor at `path` out.
    pub fn remove(&mut self, path: &str) -> Option<Array> {
        Arc::make_mut(&mut self.0).remove(path)
    }
    /// Paths and tensors, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Array)> {
        self.0.iter().map(|(path, array)| (path.as_str(), array))
    }
    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
    /// Puts all of `other` in; where both have a path, `other` wins.
    pub fn extend(&mut self, other: Theta) {
        Arc::make_mut(&mut self.0).extend(BTreeMap::from(other));
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.values().map(Array::len).sum()
    }
    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The tensors below `prefix`, with `prefix` cut off.
    pub fn below(&self, prefix: &str) -> Theta {
        let cut = |(path, array): (&str, &Array)| Some((path.strip_prefix(prefix)?.to_owned(), array.clone()));
        self.iter().filter_map(cut).collect()
    }
    /// The same tensors under `prefix`; the inverse of [`Theta::below`].
    pub fn under(self, prefix: &str) -> Theta {
        BTreeMap::from(self).into_iter().map(|(path, array)| (format!("{prefix}{path}"), array)).collect()
    }
    /// Keeps the paths for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&str, &Array) -> bool) {
        Arc::make_mut(&mut self.0).retain(|path, array| keep(path, array));
    }
    /// Whether the paths and shapes are those of `other`.
    ///
    /// # Errors
    /// Names the first that is missing, of another shape, or too many.
    pub fn fits(&self, other: &Theta) -> Result<()> {
        for (path, array) in other.iter() {
            let found = self.get(path).with_context(|| format!("there is no tensor `{path}`"))?;
            ensure!(found.shape == array.shape, "`{path}` has shape {:?} and not {:?}", found.shape, array.shape);
        }
        let more = self.paths().find(|path| !other.has(path));
        ensure!(more.is_none(), "there is a tensor `{}` too many", more.unwrap_or_default());
        Ok(())
    }
    /// The tensors whose path `other` has too.
    pub fn only(&self, other: &Theta) -> Theta {
        self.iter().filter(|(path, _)| other.has(path)).map(|(path, a)| (path.to_owned(), a.clone())).collect()
    }
}

/// As a vector.
impl Theta {
    /// Applies `f` to every tensor.
    pub fn map(&self, mut f: impl FnMut(Tensor<1>) -> Tensor<1>) -> Theta {
        self.map_at(|_, tensor| f(tensor))
    }
    /// Applies `f` to every path and tensor.
    pub fn map_at(&self, mut f: impl FnMut(&str, Tensor<1>) -> Tensor<1>) -> Theta {
        self.0.iter().map(|(path, array)| (path.clone(), array.with(f(path, array.flat.clone())))).collect()
    }
    /// Applies `f` where both sides have the path; other paths are absent from the result.
    pub fn zip(&self, other: &Theta, mut f: impl FnMut(Tensor<1>, Tensor<1>) -> Tensor<1>) -> Theta {
        let both = self.0.iter().filter_map(|(path, a)| Some((path, a, other.get(path)?)));
        both.map(|(path, a, b)| (path.clone(), a.with(f(a.flat.clone(), b.flat.clone())))).collect()
    }
    /// `zip` in place, for what need not survive: both sides give up their memory where nobody shares it.
    pub fn update(&mut self, other: Theta, mut f: impl FnMut(Tensor<1>, Tensor<1>) -> Tensor<1>) {
        self.update_at(other, |_, a, b| f(a, b));
    }
    /// [`Theta::update`] with the path.
    pub fn update_at(&mut self, other: Theta, mut f: impl FnMut(&str, Tensor<1>, Tensor<1>) -> Tensor<1>) {
        let mine = Arc::make_mut(&mut self.0);
        for (path, new) in BTreeMap::from(other) {
            // Taken out, so that `f` owns the only handle to the old tensor.
            if let Some((path, Array { shape, flat })) = mine.remove_entry(&path) {
                let flat = f(&path, flat, new.flat);
                mine.insert(path, Array { shape, flat });
            }
        }
    }
    /// `self + scale · other` where `other` has the path, `self` elsewhere.
    pub fn add(&self, other: &Theta, scale: f32) -> Theta {
        let mut sum = self.clone();
        sum.extend(self.zip(other, |a, b| a + b * scale));
        sum
    }
    /// `self ← self + scale · more`, where a path that `self` lacks counts as zero: a sum of gradients.
    pub fn gather(&mut self, more: &Theta, scale: f32) {
        let sum = more.map_at(|path, more| match self.get(path) {
            Some(array) => array.flat.clone() + more * scale,
            None => more * scale,
        });
        self.extend(sum);
    }
    /// `self − other` over the common paths.
    pub fn sub(&self, other: &Theta) -> Theta {
        self.zip(other, |a, b| a - b)
    }
    /// `factor · self`.
    pub fn scale(&self, factor: f32) -> Theta {
        self.map(|a| a * factor)
    }
    /// Zeros in this layout.
    pub fn zeros(&self) -> Theta {
        self.map(|a| a.zeros_like())
    }
    /// Inner product over the common paths, summed on the host in double precision.
    pub fn dot(&self, other: &Theta) -> f64 {
        self.zip(other, |a, b| (a * b).sum()).iter().map(|(_, a)| f64::from(a.flat.clone().into_scalar::<f32>())).sum()
    }
    /// Euclidean norm.
    pub fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }
    /// Sum of all elements, graph kept. Shape `[1]`.
    pub fn sum(&self) -> Tensor<1> {
        self.flatten().sum()
    }
    /// All elements in path order, graph kept. Shape `[n]`.
    pub fn flatten(&self) -> Tensor<1> {
        Tensor::cat(self.0.values().map(|array| array.flat.clone()).collect(), 0)
    }
    /// Cuts `vector` into this layout, graph kept; the inverse of [`Theta::flatten`]. What is left over is dropped.
    pub fn cut(&self, vector: &Tensor<1>) -> Theta {
        let mut at = 0;
        self.map(|old| {
            let [length] = old.dims();
            at += length;
            vector.clone().narrow(0, at - length, length)
        })
    }
    /// Whether every element is a finite number.
    pub fn is_finite(&self) -> bool {
        self.0.values().all(|array| array.values().iter().all(|value| value.is_finite()))
    }
}

/// As part of a graph.
impl Theta {
    /// Fresh graph leaves with these values.
    pub fn leaves(&self) -> Theta {
        self.map(|a| a.inner().autodiff().require_grad())
    }
    /// Gradients of `self`'s leaves, plain tensors; a leaf that got none is absent.
    pub fn gradients(&self, grads: &Gradients) -> Theta {
        let grad = |(path, a): (&String, &Array)| Some((path.clone(), a.with(a.flat.grad(grads)?)));
        self.0.iter().filter_map(grad).collect()
    }
    /// The elements' exact bits by path, for tests and hashes.
    pub fn bits(&self) -> BTreeMap<String, Vec<u32>> {
        self.iter().map(|(path, a)| (path.to_owned(), a.bits())).collect()
    }
}

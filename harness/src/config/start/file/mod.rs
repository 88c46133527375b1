//! First weights out of a file: every tensor finds its place, or it is said which does not.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clbench_results::words::short;
use sha2::{Digest, Sha256};

use crate::{
    catalogue::Settings,
    config::Setup,
    data::files::Files,
    network::{
        net::Net,
        pass::Weights,
        weights::{self, Tensors},
    },
    primitives::{array::Array, hex::hex, sealed::read_at_most},
    stream::is_default,
};

/// Tensors of each sort that an error names.
const NAMED: usize = 4;

crate::catalogue::settings! {
    /// Weights out of a file; see [`weights::read_any`] for what can be read.
    ///
    /// Every tensor of the network's body has to be in the file, and every tensor of the file that the body or the
    /// run's own files know by name has to have a place. Heads may be missing, or of another width: then they are
    /// drawn.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct File {
        /// Path, relative to the stream file.
        pub path: String;
        /// SHA-256 of its content; filled in, and demanded where it is there.
        pub sha256: Option<String> = None;
        /// Whether a part of the body is enough; the rest is drawn, and results say how much was found.
        #[serde(skip_serializing_if = "is_default")]
        pub partial: bool = false;
    }
    hidden {
        /// Where it lies.
        pub(crate) place: PathBuf;
        /// What was found in it, once that was looked at.
        pub found: Option<Found>;
    }
}

impl Settings for File {}

/// What a file has for a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Tensors of the body that it has, and tensors that the body has.
    pub body: [usize; 2],
    /// Of which sort the heads are now: of the file, or drawn and why.
    pub heads: String,
    /// Names in the file of what nothing here has a use for.
    pub left: Vec<String>,
}

impl Found {
    /// One line of it.
    pub fn told(&self) -> String {
        let [found, all] = self.body;
        let left = if self.left.is_empty() { String::new() } else { format!("; not used: {}", listed(&self.left)) };
        format!("{found} of {all} tensors of the body, {}{left}", self.heads)
    }
}

impl File {
    /// Where the file lies, and the SHA-256 of its content, in hexadecimal digits.
    pub(super) fn read(&mut self, files: &Files) -> Result<()> {
        let place = files.find(&self.path, &[])?;
        let digest = digest(&place).with_context(|| format!("start.path: cannot read {}", place.display()))?;
        if let Some(wanted) = &self.sha256 {
            ensure!(*wanted == digest, "{} has SHA-256 {digest}, and start.sha256 demands {wanted}", place.display());
        }
        self.sha256 = Some(digest);
        self.place = place;
        Ok(())
    }

    /// Its tensors.
    ///
    /// # Errors
    /// When it cannot be read, or is no longer what it was when its checksum was taken.
    pub(crate) fn tensors(&self) -> Result<Tensors> {
        let path = &self.place;
        let bytes = read_at_most(path, weights::MOST_BYTES)
            .with_context(|| format!("start.path: cannot read {}", path.display()))?;
        let digest = hex(&Sha256::digest(&bytes));
        ensure!(
            self.sha256.as_ref().is_none_or(|wanted| *wanted == digest),
            "{} has changed meanwhile: its SHA-256 is {digest}, and it was {}",
            path.display(),
            self.sha256.as_deref().unwrap_or_default()
        );
        weights::parse(bytes, path)
    }

    /// Looks at what it has for the weights of a stack, drawn as `to`, and takes note of it.
    ///
    /// # Errors
    /// Those of [`put`].
    pub(crate) fn look(&mut self, mut to: Weights, method: &str, net: &Net) -> Result<()> {
        self.found = Some(self.put(self.tensors()?, &mut to, method, net)?);
        Ok(())
    }

    /// What tables say of it.
    pub(super) fn words(&self) -> String {
        let digest = self.sha256.as_deref().unwrap_or_default();
        let digest = &digest[..digest.len().min(12)];
        match &self.found {
            Some(Found { body: [found, all], .. }) if found < all => format!("file {digest}, {found} of {all} tensors"),
            _ => format!("file {digest}"),
        }
    }

    /// Puts the file's tensors in the place of drawn ones, under the paths that the body knows for their names.
    ///
    /// # Errors
    /// When the body is not whole in it, or it has what has no place, and a part was not asked for; all is named.
    pub(super) fn put(&self, tensors: Tensors, to: &mut Weights, method: &str, net: &Net) -> Result<Found> {
        let body = net.body_shapes();
        let foreign = body.keys().find(|path| shape(to, path).is_none());
        ensure!(foreign.is_none(), "`{method}` has no weights of a plain network, so it cannot start from some");
        let mut sorted = Sorted::new(tensors, to, net)?;
        let found = body.keys().filter(|path| sorted.fits.contains_key(*path)).count();
        let known = sorted.fits.keys().chain(sorted.other.iter().map(|(path, _)| path));
        let known: BTreeSet<String> = known.cloned().collect();
        // What stands beside the body, such as a text side, comes whole or not at all.
        let parts: BTreeSet<&str> = known.iter().map(|path| part(path)).filter(|part| *part != "body").collect();
        let beside = paths(to).into_iter().filter(|path| parts.contains(part(path)));
        let wanted: BTreeSet<String> = body.keys().cloned().chain(beside).collect();
        let missing: Vec<String> = wanted.difference(&known).cloned().collect();
        let whole = missing.is_empty() && sorted.homeless.is_empty() && sorted.other.is_empty();
        // A part is something; a network without a body has nothing to miss.
        if (found == 0 && !body.is_empty()) || !(whole || self.partial) {
            bail!("{}", self.refusal([found, body.len()], &missing, &sorted, net));
        }
        let heads = sorted.heads(to);
        let device = to.theta.iter().next().map(|(_, array)| array.flat.device()).context("a network has weights")?;
        for (path, (shape, values)) in sorted.fits {
            let array = Array::new(&shape, values, &device);
            let part = [&mut to.theta, &mut to.frozen, &mut to.buffers].into_iter().find(|part| part.has(&path));
            part.expect("a place was found for it").insert(path, array);
        }
        let left =
            sorted.unread.into_iter().chain(sorted.homeless).chain(sorted.other.into_iter().map(|(path, _)| path));
        Ok(Found { body: [found, body.len()], heads, left: left.collect() })
    }

    fn refusal(&self, [found, all]: [usize; 2], missing: &[String], sorted: &Sorted, net: &Net) -> String {
        let mut text = format!("start.path: {} has {found} of the {all} tensors of the network's body", self.path);
        let shapes = net.body_shapes();
        let unused: Vec<&String> = sorted.homeless.iter().chain(&sorted.unread).collect();
        if !missing.is_empty() {
            let named = missing.iter().map(|path| {
                let shape = shapes.get(path).map_or(String::new(), |shape| format!(" {shape:?}"));
                match nearest(path, &unused) {
                    Some(name) => format!("`{path}`{shape} (the nearest name there is `{}`)", short(name)),
                    None => format!("`{path}`{shape}"),
                }
            });
            text += &format!("; missing: {}", counted(named.collect()));
        }
        if !sorted.other.is_empty() {
            let named = sorted.other.iter().map(|(path, shapes)| format!("`{}` {shapes}", short(path)));
            text += &format!("; of another shape: {}", counted(named.collect()));
        }
        if !sorted.homeless.is_empty() {
            text += &format!("; without a place in the network: {}", listed(&sorted.homeless));
        }
        if found > 0 {
            text += "; set start.partial = true to take what fits and draw the rest";
        }
        text
    }
}

/// A file's tensors, sorted by what becomes of them.
#[derive(Default)]
struct Sorted {
    /// Those with a place, by its path.
    fits: Tensors,
    /// Heads by path, whatever their shape.
    heads: Tensors,
    /// Paths of which the network has another shape, with both.
    other: Vec<(String, String)>,
    /// Names that stand for a place which the network does not have.
    homeless: Vec<String>,
    /// Names that mean nothing here, such as those of a published head.
    unread: Vec<String>,
}

impl Sorted {
    fn new(tensors: Tensors, to: &Weights, net: &Net) -> Result<Self> {
        let mut sorted = Self::default();
        let mut taken = BTreeSet::new();
        for (name, tensor) in tensors {
            let Some(path) = net.body.path_of(&name) else {
                sorted.unread.push(name);
                continue;
            };
            ensure!(
                taken.insert(path.clone()),
                "two tensors stand for `{}`, one of them `{}`",
                short(&path),
                short(&name)
            );
            match shape(to, &path) {
                _ if part(&path) == "head" => drop(sorted.heads.insert(path, tensor)),
                None => sorted.homeless.push(name),
                Some(there) if *there != tensor.0 => {
                    let shapes = format!("{:?} there and {there:?} here", tensor.0);
                    sorted.other.push((path, shapes));
                }
                Some(_) => drop(sorted.fits.insert(path, tensor)),
            }
        }
        Ok(sorted)
    }

    /// Takes the heads that are whole and of the right shape, and says what becomes of all.
    fn heads(&mut self, to: &Weights) -> String {
        let head = |path: &String| path.rsplit_once('.').map_or_else(|| path.clone(), |(head, _)| head.to_owned());
        let there: BTreeSet<String> = self.heads.keys().map(head).collect();
        let here: BTreeSet<String> = paths(to).iter().filter(|path| is_of_head(path)).map(head).collect();
        let fit = |of: &String| {
            let mut own = self.heads.iter().filter(|(path, _)| head(path) == *of);
            own.all(|(path, (found, _))| shape(to, path).is_some_and(|shape| shape == found))
        };
        let fitting: BTreeSet<String> = there.iter().filter(|of| here.contains(*of) && fit(of)).cloned().collect();
        let taken = std::mem::take(&mut self.heads).into_iter().filter(|(path, _)| fitting.contains(&head(path)));
        self.fits.extend(taken);
        match (here.len(), there.len(), fitting.len()) {
            (0, ..) => "no head".into(),
            (_, 0, _) => "the head is drawn: the file has none".into(),
            (_, _, 0) => "the head is drawn: the file's has other classes or another width".into(),
            (1, ..) => "the head is the file's".into(),
            (all, _, fitting) if all == fitting => "the heads are the file's".into(),
            (all, _, fitting) => format!("{fitting} of {all} heads are the file's, the others are drawn"),
        }
    }
}

/// The first part of a path.
fn part(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

/// Whether a path is that of a plain head's matrix or bias, and not of what a method has beside it.
fn is_of_head(path: &str) -> bool {
    part(path) == "head" && (path.ends_with(".weight") || path.ends_with(".bias"))
}

fn paths(of: &Weights) -> Vec<String> {
    [&of.theta, &of.frozen, &of.buffers].iter().flat_map(|part| part.paths()).map(str::to_owned).collect()
}

fn shape<'a>(of: &'a Weights, path: &str) -> Option<&'a Vec<usize>> {
    [&of.theta, &of.frozen, &of.buffers].into_iter().find_map(|part| part.get(path)).map(|array| &array.shape)
}

/// The name that is most like the end of a path.
fn nearest<'a>(path: &str, names: &[&'a String]) -> Option<&'a String> {
    let like = |name: &str| strsim::normalized_damerau_levenshtein(path, name);
    // A hostile file may have 50,000 names, and names of any length.
    let some = names.iter().copied().filter(|name| name.len() <= 200).take(1_000);
    some.max_by(|a, b| like(a).total_cmp(&like(b)))
}

fn listed(names: &[String]) -> String {
    counted(names.iter().map(|name| format!("`{}`", short(name))).collect())
}

/// The first few, and how many more there are.
fn counted(named: Vec<String>) -> String {
    let more = named.len().saturating_sub(NAMED);
    let some = named.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { some } else { format!("{some} and {more} more") }
}

/// SHA-256 of a file in hexadecimal digits, read piece by piece.
fn digest(path: &Path) -> Result<String> {
    use std::io::Read;
    ensure!(std::fs::metadata(path)?.is_file(), "not a plain file");
    let (mut hash, mut file, mut room) = (Sha256::new(), std::fs::File::open(path)?, vec![0; 1 << 16]);
    loop {
        match file.read(&mut room)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&room[..count]),
        }
    }
}

/// Weights to begin with.
pub(crate) enum Given {
    /// Of the stream's own plain network.
    Own(Weights),
    /// By the names that a file has.
    Foreign(File, Tensors),
}

impl Given {
    /// Puts them in the place of drawn ones; what a carrier has beside them stays as it was drawn.
    ///
    /// # Errors
    /// When a tensor has no place, or a place no tensor.
    pub(crate) fn put(self, to: &mut Weights, setup: &Setup) -> Result<()> {
        let method = &setup.config.method;
        let from = match self {
            Self::Own(from) => from,
            Self::Foreign(file, tensors) => return file.put(tensors, to, method, &setup.net).map(drop),
        };
        for of in [&from.theta, &from.frozen, &from.buffers] {
            for (path, array) in of.iter() {
                let parts = [&mut to.theta, &mut to.frozen, &mut to.buffers];
                let part =
                    parts.into_iter().find(|part| part.get(path).is_some_and(|there| there.shape == array.shape));
                let part = part.with_context(|| {
                    format!("`{method}` has no `{path}` of a plain network, so it cannot start from a pretrained one")
                })?;
                part.insert(path.to_owned(), array.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Work on several threads, on as many as the system gives.

use std::{
    io,
    panic::resume_unwind,
    thread::{Builder, scope},
};

/// Runs `work` on up to `most` threads, the calling one among them, and waits for all: each takes what is to do next
/// until nothing is left. So a thread that the system does not start is no loss but of time; gives back why there were
/// fewer, and how many there were.
///
/// # Panics
/// When `work` does, and not before all have ended.
pub fn together(most: usize, work: impl Fn() + Sync) -> Result<(), (usize, io::Error)> {
    scope(|scope| {
        let (mut started, mut refused) = (Vec::new(), None);
        for _ in 1..most {
            match Builder::new().spawn_scoped(scope, &work) {
                Ok(thread) => started.push(thread),
                Err(error) => {
                    // Where one is too many, the next would be, too.
                    refused = Some((started.len() + 1, error));
                    break;
                }
            }
        }
        work();
        for thread in started {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
        refused.map_or(Ok(()), Err)
    })
}

/// What `make` gives for each number below `count`, in their order, made on up to `most` threads.
pub fn each<T: Send>(count: usize, most: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            let one = make(at);
            made.lock().expect("nobody panics with the lock").push((at, one));
        }
    };
    // Fewer threads are slower and nothing else.
    let _ = together(most.min(count), work);
    let mut made = made.into_inner().expect("nobody panics with the lock");
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_is_made_once_and_in_order() {
        for threads in [0, 1, 2, 7] {
            let made = AtomicUsize::new(0);
            let squares = each(100, threads, |at| {
                made.fetch_add(1, Ordering::Relaxed);
                at * at
            });
            assert_eq!(squares, (0..100).map(|at| at * at).collect::<Vec<_>>(), "{threads}");
            assert_eq!(made.into_inner(), 100);
        }
        assert_eq!(each(0, 3, |at| at), Vec::<usize>::new());
    }

    #[test]
    #[should_panic(expected = "the fifth")]
    fn a_panic_of_one_is_that_of_all() {
        each(10, 3, |at| assert!(at != 5, "the fifth"));
    }
}

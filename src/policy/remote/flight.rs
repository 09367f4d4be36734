//! Questions under way: who asks the same waits for the same answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::cache::Key;
use crate::policy::judge::Judgement;

type Cell = Arc<OnceCell<Judgement>>;

/// The answers that are being waited for, and by how many.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Key, (Cell, usize)>>);

/// One who waits. When none does any more, the question is forgotten.
#[derive(Debug)]
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    key: Key,
    pub(super) cell: Cell,
    /// Nobody else was waiting.
    pub(super) is_first: bool,
}

impl Flights {
    pub(super) fn join(&self, key: Key) -> Flight<'_> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (cell, waiting) = open.entry(key).or_default();
        *waiting += 1;
        Flight {
            flights: self,
            key,
            cell: Arc::clone(cell),
            is_first: *waiting == 1,
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let open = self.flights.0.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        if let Some((_, waiting)) = open.get_mut(&self.key) {
            *waiting -= 1;
            if *waiting == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_forgotten_with_the_last_who_waits() {
        let flights = Flights::default();
        let (one, two) = (flights.join([1; 16]), flights.join([1; 16]));
        assert!(one.is_first && !two.is_first);
        assert!(one.cell.set(Judgement::of(1.0)).is_ok());
        drop(one);
        assert!(two.cell.initialized());
        drop(two);
        let anew = flights.join([1; 16]);
        assert!(anew.is_first && !anew.cell.initialized());
        drop(anew);
        assert!(flights.0.lock().unwrap().is_empty());
    }
}

//! Judgements that are remembered.

use std::collections::{HashMap, VecDeque};

use crate::policy::judge::Judgement;

/// By the text's keyed hash.
pub(in crate::policy) type Key = [u8; 16];

/// The latest judgements, the oldest forgotten first.
#[derive(Debug)]
pub(in crate::policy) struct Cache {
    room: usize,
    known: HashMap<Key, Judgement>,
    order: VecDeque<Key>,
}

impl Cache {
    pub(in crate::policy) fn new(room: usize) -> Self {
        Self {
            room,
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(in crate::policy) fn get(&self, key: &Key) -> Option<&Judgement> {
        self.known.get(key)
    }

    pub(in crate::policy) fn put(&mut self, key: Key, judgement: Judgement) {
        if self.room == 0 || self.known.insert(key, judgement).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.room
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut cache = Cache::new(2);
        for n in [1, 2, 1, 3] {
            cache.put([n; 16], Judgement::of(f32::from(n)));
        }
        let known = |n| cache.get(&[n; 16]).is_some();
        assert_eq!((known(1), known(2), known(3)), (false, true, true));
        assert_eq!((cache.known.len(), cache.order.len()), (2, 2));
        let mut none = Cache::new(0);
        none.put([1; 16], Judgement::of(1.0));
        assert!(none.get(&[1; 16]).is_none());
    }
}

//! A map that forgets what was longest not asked for.

use std::collections::HashMap;
use std::hash::Hash;

/// Holds the last `ROOM` keys that were put or got, and at most as many again.
#[derive(Debug)]
pub(super) struct Recent<K, V, const ROOM: usize> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V, const ROOM: usize> Default for Recent<K, V, ROOM> {
    fn default() -> Self {
        Recent {
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }
}

impl<K: Copy + Eq + Hash, V, const ROOM: usize> Recent<K, V, ROOM> {
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= ROOM {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn get(&mut self, key: K) -> Option<&mut V> {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key)?;
            self.put(key, value);
        }
        self.young.get_mut(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let mut recent = Recent::<u32, u32, 10>::default();
        for key in 0..1000 {
            recent.put(key, key + 1);
            assert_eq!(recent.get(0), Some(&mut 1));
            assert!(recent.young.len() + recent.old.len() <= 20);
        }
        assert_eq!(recent.get(995).copied(), Some(996));
        assert_eq!(recent.get(900), None);
    }
}

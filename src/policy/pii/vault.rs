//! Values and the placeholders that stand for them, for the length of a call
//! or of a conversation. In memory only, and wiped when it is over.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::detect::Entity;
use super::label::Label;

/// Values that one vault keeps; further ones are redacted.
const MAX_VALUES: usize = 4096;
/// Conversations that are kept at a time.
const MAX_CONVERSATIONS: usize = 10_000;

/// What starts at a place.
pub(super) enum Held {
    No,
    Unfinished,
    /// A placeholder, and its number.
    Match {
        end: usize,
        number: usize,
    },
}

/// Values by their placeholders, shared between a request and its answer.
#[derive(Clone, Default)]
pub(super) struct Vault(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    counters: HashMap<Label, u32>,
}

struct Entry {
    label: Label,
    value: String,
    placeholder: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for entry in &mut self.entries {
            entry.value.zeroize();
        }
    }
}

impl Vault {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inner().entries.is_empty()
    }

    /// The placeholder of a value: the same for the same value. `taken` says
    /// whether a text holds it already. `None` when the vault is full.
    pub(super) fn placeholder(
        &self,
        label: &Label,
        value: &str,
        taken: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut inner = self.inner();
        let known = inner
            .entries
            .iter()
            .find(|entry| entry.value == value && entry.label == *label);
        if let Some(entry) = known {
            return Some(entry.placeholder.clone());
        }
        if inner.entries.len() == MAX_VALUES {
            return None;
        }
        let placeholder = loop {
            let counter = inner.counters.entry(label.clone()).or_default();
            *counter += 1;
            let candidate = natural(label, *counter);
            if !taken(&candidate) {
                break candidate;
            }
        };
        inner.entries.push(Entry {
            label: label.clone(),
            value: value.to_owned(),
            placeholder: placeholder.clone(),
        });
        Some(placeholder)
    }

    /// The value that a placeholder stands for.
    pub(super) fn value(&self, number: usize) -> String {
        let inner = self.inner();
        inner
            .entries
            .get(number)
            .map_or_else(String::new, |entry| entry.value.clone())
    }

    /// Whether a placeholder starts at `at`. Models change case, and escape
    /// punctuation for Markdown; both are seen through.
    pub(super) fn match_at(&self, text: &str, at: usize, last: bool) -> Held {
        let bytes = text.as_bytes();
        let inner = self.inner();
        let mut unfinished = false;
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let mut best: Option<(usize, usize)> = None;
        for (number, entry) in inner.entries.iter().enumerate() {
            let wanted = entry.placeholder.as_bytes();
            let joins = |byte: u8| byte.is_ascii_alphanumeric();
            let edged = wanted.first().is_some_and(|&byte| joins(byte));
            if edged && before.is_some_and(joins) {
                continue;
            }
            match run(bytes, at, wanted) {
                Run::No => {}
                Run::Short => unfinished |= !last,
                Run::End(end) => {
                    let open = wanted.last().is_some_and(|&byte| joins(byte));
                    match bytes.get(end) {
                        Some(&next) if open && joins(next) => {}
                        None if open && !last => unfinished = true,
                        _ => best = best.max(Some((end, number))),
                    }
                }
            }
        }
        match best {
            // A longer one may still come: `Person 1` before `Person 12`.
            _ if unfinished => Held::Unfinished,
            Some((end, number)) => Held::Match { end, number },
            None => Held::No,
        }
    }

    /// The first place at or after `at` where a placeholder may start.
    pub(super) fn next_start(&self, text: &str, at: usize) -> usize {
        let inner = self.inner();
        let mut first = [false; 256];
        for entry in &inner.entries {
            if let Some(&byte) = entry.placeholder.as_bytes().first() {
                first[usize::from(byte.to_ascii_lowercase())] = true;
                first[usize::from(byte.to_ascii_uppercase())] = true;
                first[usize::from(b'\\')] |= byte.is_ascii_punctuation();
            }
        }
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let found = rest.iter().position(|&byte| first[usize::from(byte)]);
        found.map_or(text.len(), |found| at + found)
    }
}

enum Run {
    No,
    /// The text ends before the placeholder does.
    Short,
    End(usize),
}

fn run(bytes: &[u8], at: usize, wanted: &[u8]) -> Run {
    let mut at = at;
    for &want in wanted {
        if bytes.get(at) == Some(&b'\\') && want.is_ascii_punctuation() && want != b'\\' {
            at += 1;
        }
        match bytes.get(at) {
            None => return Run::Short,
            Some(&byte) if byte.eq_ignore_ascii_case(&want) => at += 1,
            Some(_) => return Run::No,
        }
    }
    Run::End(at)
}

/// A placeholder that reads like the value it stands for, and is nobody's:
/// names for documentation (RFC 2606), addresses for it (RFC 5737), numbers
/// for fiction (555-0100 to 555-0199).
fn natural(label: &Label, number: u32) -> String {
    match label.entity() {
        Some(Entity::EmailAddress) => format!("person{number}@example.com"),
        Some(Entity::PhoneNumber) if number < 100 => format!("+1 202-555-01{number:02}"),
        Some(Entity::IpAddress) if number < 255 => format!("192.0.2.{number}"),
        _ => format!("[{}_{number}]", label.as_str()),
    }
}

/// Holds no value that it would show.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} values)", self.inner().entries.len())
    }
}

/// Vaults, and when they were last used.
type Kept = HashMap<[u8; 32], (Instant, Vault)>;

/// The vaults of conversations, by a hash of who speaks and of which one.
#[derive(Clone, Debug)]
pub(super) struct Conversations {
    idle: Duration,
    vaults: Arc<Mutex<Kept>>,
}

impl Conversations {
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            idle,
            vaults: Arc::default(),
        }
    }

    /// The vault of a conversation. `who` keeps clients apart that choose the
    /// same name for theirs.
    pub(super) fn vault(&self, who: &[u8], name: &[u8]) -> Vault {
        let mut hash = Sha256::new();
        hash.update((who.len() as u64).to_le_bytes());
        hash.update(who);
        hash.update(name);
        let key: [u8; 32] = hash.finalize().into();
        let now = Instant::now();
        let mut vaults = self.vaults.lock().unwrap_or_else(PoisonError::into_inner);
        if !vaults.contains_key(&key) && vaults.len() >= MAX_CONVERSATIONS {
            vaults.retain(|_, (used, _)| now.duration_since(*used) < self.idle);
            if vaults.len() >= MAX_CONVERSATIONS {
                let oldest = vaults.iter().min_by_key(|(_, (used, _))| *used);
                if let Some(oldest) = oldest.map(|(key, _)| *key) {
                    vaults.remove(&oldest);
                }
            }
        }
        let (used, vault) = vaults.entry(key).or_insert_with(|| (now, Vault::default()));
        if now.duration_since(*used) >= self.idle {
            *vault = Vault::default();
        }
        *used = now;
        vault.clone()
    }
}

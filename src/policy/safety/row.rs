//! Texts in a row, judged as the model reads them.

use std::borrow::Cow;
use std::ops::Range;

use super::filter::{Before, name};
use super::judge::Judge;
use super::sentence;
use super::settings::Settings;
use crate::policy::joined::{Joined, stretches};
use crate::text::Edits;

/// A place in one of the texts that is to go, and the hazard.
type Place = (usize, Range<usize>, &'static str);

/// Takes out of `texts` what is harmful where they meet; gives the texts that have changed, each
/// once, with the hazard.
pub(super) fn redact(
    judge: &mut Judge,
    settings: &Settings,
    texts: &mut [Cow<'_, str>],
) -> Vec<(usize, &'static str)> {
    let mut changed = Vec::new();
    // Sentences first; where that was not enough, or none is harmful alone, all that was joined.
    for whole in [false, true] {
        let now: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let mut places: Vec<Place> = Vec::new();
        stretches(&now, |joined| -> Option<()> {
            let found = judge.assess(settings, joined.as_str(), 0);
            if found.harmful {
                let all = 0..joined.as_str().len();
                let ranges = match whole {
                    true => vec![all],
                    false => harmful_sentences(judge, settings, joined),
                };
                for range in ranges {
                    let within = joined.places(range);
                    places.extend(within.map(|(text, at)| (text, at, name(found.category))));
                }
            }
            None
        });
        mark(texts, places, &mut changed);
    }
    changed
}

/// The sentences that are harmful with what stands before them.
fn harmful_sentences(judge: &mut Judge, settings: &Settings, joined: &Joined) -> Vec<Range<usize>> {
    let text = joined.as_str();
    let mut found = Vec::new();
    let (mut start, mut before) = (0, Before::default());
    while let Some(end) = sentence::end(text, start, before.least(), true) {
        let from = before.from(text, start);
        let harmful = judge
            .assess(settings, &text[from..end], start - from)
            .harmful;
        before.judged(end - start, start - from, harmful);
        if harmful {
            found.push(start..end);
        }
        start = end;
    }
    found
}

/// Puts a marker in each of these places.
fn mark(texts: &mut [Cow<'_, str>], places: Vec<Place>, changed: &mut Vec<(usize, &'static str)>) {
    let mut edits: Vec<(usize, Edits)> = Vec::new();
    for (text, range, category) in places {
        let old = &texts[text][range.clone()];
        let said = old.trim();
        let marker = format!("[{category}]");
        if said.is_empty() || said == marker {
            continue;
        }
        let start = range.start + old.len() - old.trim_start().len();
        let at = match edits.iter().position(|(known, _)| *known == text) {
            Some(at) => at,
            None => {
                edits.push((text, Edits::new()));
                edits.len() - 1
            }
        };
        edits[at].1.replace(start..start + said.len(), marker);
        if changed.iter().all(|(known, _)| *known != text) {
            changed.push((text, category));
        }
    }
    for (text, edits) in edits {
        texts[text] = Cow::Owned(edits.apply(&texts[text]));
    }
}

//! Texts in a row, judged as the model reads them.

use std::borrow::Cow;

use super::judge::{Judge, MARKER, MOST_REMOVED};
use super::settings::{Origin, Settings};
use crate::policy::joined::stretches;

/// Takes out of `texts` what orders the model about where they meet; gives how often there was
/// something. `None` if they stay suspicious whatever is taken out.
pub(super) fn sanitize(
    judge: &mut Judge,
    settings: &Settings,
    origin: Origin,
    texts: &mut [Cow<'_, str>],
) -> Option<u64> {
    let mut changed: Vec<usize> = Vec::new();
    for removed in 0..MOST_REMOVED {
        let now: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let places = stretches(&now, |joined| {
            let found = judge.assess(settings, origin, joined.as_str());
            let span = || judge.locate(settings, origin, joined.as_str(), &found);
            found
                .injection
                .then(span)
                .map(|span| joined.places(span).collect::<Vec<_>>())
        });
        let Some(places) = places else {
            // By itself a text may look worse than in its row.
            let clean = |&text: &usize| !judge.assess(settings, origin, &texts[text]).injection;
            return changed.iter().all(clean).then_some(removed as u64);
        };
        let mut any = false;
        for (text, range) in places {
            let old = &texts[text][range.clone()];
            let said = old.trim();
            if said.is_empty() || said == MARKER {
                continue;
            }
            let start = range.start + old.len() - old.trim_start().len();
            let end = start + said.len();
            texts[text].to_mut().replace_range(start..end, MARKER);
            changed.push(text);
            any = true;
        }
        if !any {
            return None;
        }
    }
    None
}

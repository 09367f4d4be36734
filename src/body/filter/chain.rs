//! Filters over texts that are there as a whole.

use super::{Ending, Flow, Lane, ResponseFilter, Window};
use crate::body::{ApiError, Document};
use crate::text::Edits;

/// Runs one filter over a whole text.
pub(super) fn filter_text(
    filter: &mut dyn ResponseFilter,
    text: &str,
    lane: Lane,
    edits: &mut Edits,
) -> Result<(), ApiError> {
    edits.clear();
    match filter.filter(&Window::new(text, 0, true, lane), edits) {
        Flow::Release(_) => {
            edits.settle(text, 0..text.len());
            Ok(())
        }
        Flow::Stop(error) => Err(error),
    }
}

/// Runs one filter over every text of a message, and tells it of its choices.
pub(crate) fn filter_document(filter: &mut dyn ResponseFilter, document: &mut Document) -> Ending {
    match filter_segments(filter, document) {
        Ok(()) => end_choices(filter, document),
        Err(error) => Ending::Refuse(error),
    }
}

fn end_choices(filter: &mut dyn ResponseFilter, document: &Document) -> Ending {
    let mut ending = Ending::Accept;
    for (choice, reason) in document.choices() {
        if let Some(reason) = reason {
            filter.finish_reason(choice, reason);
        }
        match filter.choice_ended(choice) {
            Ending::Accept => {}
            Ending::AskAgain => ending = Ending::AskAgain,
            refused @ Ending::Refuse(_) => return refused,
        }
    }
    ending
}

fn filter_segments(
    filter: &mut dyn ResponseFilter,
    document: &mut Document,
) -> Result<(), ApiError> {
    let mut found: Vec<(usize, Edits)> = Vec::new();
    let mut edits = Edits::new();
    for segment in document.segments() {
        let lane = Lane::of(&segment);
        filter_text(filter, segment.text(), lane, &mut edits)?;
        if !edits.is_empty() {
            found.push((segment.number(), std::mem::take(&mut edits)));
        }
    }
    for (number, edits) in &found {
        document.edit(*number, edits);
    }
    Ok(())
}

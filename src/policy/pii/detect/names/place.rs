//! Names of countries, regions and cities that are on a list.

use super::super::cursor::Cursor;
use super::super::input::{Input, Step};
use super::gazetteer::{Folded, is_place};
use super::{Token, answer, glued, next, token};

pub(in super::super) const SCORE: f32 = 0.65;
/// How many words a place on the list has at most.
const WORDS: usize = 4;

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if glued(input) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let end = read(&mut cursor);
    answer(&cursor, end.map(|end| (end, SCORE)))
}

fn read(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    let first = token(cursor)?;
    // `St. Louis` has its full stop on the list.
    let saint = first.text == "St" && cursor.byte(b'.');
    if !first.capital || first.initial {
        return None;
    }
    let mut phrase = if saint {
        Folded::EMPTY.word("st.")?
    } else {
        first.folded
    };
    let mut end = (fits(&first) && is_place(&phrase)).then_some(first.end);
    for _ in 1..WORDS {
        let Some(word) = next(cursor) else { break };
        if !word.capital && word.text.len() > 3 {
            break;
        }
        let Some(longer) = phrase.word(word.text) else {
            break;
        };
        phrase = longer;
        if word.capital && is_place(&phrase) {
            end = Some(word.end);
        }
    }
    end
}

/// Short words all in capitals are codes, but for a few.
fn fits(word: &Token<'_>) -> bool {
    !word.shouted || word.text.len() > 4 || matches!(word.text, "USA" | "UK" | "UAE")
}

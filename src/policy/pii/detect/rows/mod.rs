//! The table of detectors. To add one: write it, and give it a row in [`common`] or in [`identifiers`].
//!
//! The order counts: of two readings that are alike in all else, the earlier row's goes first.

mod common;
mod identifiers;

use super::bytes::{CAPITAL, WIDE};
use super::cue::Cue;
use super::entity::Entity;
use super::input::{Input, Step};
use super::opening::Openings;
use super::{ids, names};

/// One detector. An entity may have several.
#[derive(Clone, Copy)]
pub(super) struct Detector {
    pub(super) entity: Entity,
    /// The classes of bytes that a finding may begin with.
    pub(super) first: u16,
    /// How its first word is known if it need not hold a trigger byte.
    pub(super) cue: Cue,
    /// Whether what it finds has passed a check, so that it goes before what only looks right.
    pub(super) validated: bool,
    /// The highest score it gives.
    pub(super) ceiling: f32,
    /// The most bytes from the start that it reads.
    pub(super) longest: usize,
    /// How what it finds opens.
    pub(super) openings: Openings,
    /// Words of which one must stand before a finding.
    pub(super) names: Option<&'static ids::Names>,
    /// Says what starts at the input's start, reading from there.
    pub(super) run: fn(&Input<'_>) -> Step,
}
/// All rows, in their order.
pub(super) const TABLE: &[Detector] = &{
    let parts = [common::ROWS, identifiers::ROWS, NAMES];
    let mut table = [NAMES[0]; common::ROWS.len() + identifiers::ROWS.len() + NAMES.len()];
    let (mut part, mut place) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            table[place] = parts[part][row];
            row += 1;
            place += 1;
        }
        part += 1;
    }
    table
};

/// Names of people, places and organizations.
const NAMES: &[Detector] = &[
    Detector {
        entity: Entity::Person,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::PERSON_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::person,
    },
    Detector {
        entity: Entity::Location,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::PLACE_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::place,
    },
    Detector {
        entity: Entity::Organization,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::ORGANIZATION_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::organization,
    },
];

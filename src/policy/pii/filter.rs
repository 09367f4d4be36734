use crate::body::{Flow, ResponseFilter, SegmentKind, Window};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

use super::detect::{self, Entity, EntitySet, Finding};

/// Redacts an answer, and holds back only what may still become a finding.
pub(super) struct PiiFilter {
    entities: EntitySet,
    recorder: Recorder,
}

impl PiiFilter {
    pub(super) fn new(entities: EntitySet, recorder: Recorder) -> Self {
        Self { entities, recorder }
    }
}

impl ResponseFilter for PiiFilter {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let recorder = &self.recorder;
        // What is said twice is found twice, and counted once.
        let counts = window.lane().kind != SegmentKind::Repeat;
        let decided = detect::scan(
            self.entities,
            window.text(),
            window.start(),
            window.is_last(),
            &mut |finding: Finding| {
                if counts {
                    recorder.found(Direction::Response, finding.entity.label(), 1);
                }
                edits.replace(finding.range, marker(finding.entity));
            },
        );
        Flow::Release(decided)
    }

    fn lookbehind(&self) -> usize {
        detect::LOOKBEHIND
    }
}

/// What stands in a finding's place.
pub(super) fn marker(entity: Entity) -> String {
    format!("[{}]", entity.label())
}

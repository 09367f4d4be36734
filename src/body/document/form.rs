//! What the events of a stream have in common.
//!
//! Most events of a stream differ from the one before in the text they carry, and in nothing else.
//! An event that was walked is kept as a form: its literal parts, with a hole for each text.
//! One that fits it, with plain strings in the holes, has the same index, moved; it need not be
//! walked. This is exact, as a text decides nothing but its own slot, which any string but an empty
//! one has.

use std::fmt;
use std::ops::Range;

use super::index::Index;
use super::lexer::plain_prefix;
use super::segment::SegmentKind;

/// A longer event is no form.
const LONGEST: usize = 4096;
/// Nor is one with more texts.
const MOST_HOLES: usize = 4;

/// The last event that was walked, if it can be one.
#[derive(Clone, Default)]
pub(crate) struct Form {
    text: String,
    index: Index,
    holes: Vec<Hole>,
}

/// The inside of a string literal that holds a text.
#[derive(Clone, Debug)]
struct Hole {
    /// Where it is in the form.
    raw: Range<u32>,
    /// Where it ends in the event that is read.
    end: u32,
}

impl fmt::Debug for Form {
    /// Shows no text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").finish_non_exhaustive()
    }
}

impl Form {
    /// Fills the index, which is clear, with what `text` holds, if it fits.
    pub(super) fn fill(&mut self, text: &str, index: &mut Index) -> bool {
        if !self.fits(text.as_bytes()) {
            return false;
        }
        index.slots.extend_from_slice(&self.index.slots);
        index.fields.extend_from_slice(&self.index.fields);
        index.echoes.extend_from_slice(&self.index.echoes);
        index.choices.extend_from_slice(&self.index.choices);
        index.usage = self.index.usage;
        index.error = self.index.error;
        index.object = self.index.object;
        index.ambiguous = self.index.ambiguous;
        for slot in &mut index.slots {
            self.shift(&mut slot.raw);
        }
        for field in &mut index.fields {
            self.shift(&mut field.key);
            self.shift(&mut field.value);
        }
        for echo in &mut index.echoes {
            self.shift(&mut echo.value);
        }
        for choice in &mut index.choices {
            if let Some(reason) = &mut choice.finish_reason {
                self.shift(reason);
            }
        }
        true
    }

    /// Keeps `text` and its index, which has been walked.
    pub(super) fn keep(&mut self, text: &str, index: &Index) {
        self.holes.clear();
        if text.len() > LONGEST || index.slots.iter().any(|slot| slot.unescaped.is_some()) {
            return;
        }
        let holes = index.slots.iter().filter(|slot| {
            !matches!(slot.kind, SegmentKind::Other | SegmentKind::PlainText) && !slot.control
        });
        self.holes.extend(holes.map(|slot| Hole {
            raw: slot.raw.clone(),
            end: slot.raw.end,
        }));
        if self.holes.len() > MOST_HOLES {
            self.holes.clear();
        }
        if self.holes.is_empty() {
            return;
        }
        self.text.clear();
        self.text.push_str(text);
        // Part by part: what has been allocated is used again.
        let known = &mut self.index;
        known.slots.clone_from(&index.slots);
        known.fields.clone_from(&index.fields);
        known.echoes.clone_from(&index.echoes);
        known.choices.clone_from(&index.choices);
        (known.usage, known.error) = (index.usage, index.error);
        (known.object, known.ambiguous) = (index.object, index.ambiguous);
    }

    /// Whether `event` is the form with other texts; notes where they end.
    #[inline]
    fn fits(&mut self, event: &[u8]) -> bool {
        if self.holes.is_empty() {
            return false;
        }
        let form = self.text.as_bytes();
        let (mut from, mut at) = (0, 0);
        for hole in &mut self.holes {
            let literal = &form[from..hole.raw.start as usize];
            let Some(rest) = event[at..].strip_prefix(literal) else {
                return false;
            };
            let len = plain_prefix(rest);
            if len == 0 || rest.get(len) != Some(&b'"') {
                return false;
            }
            at += literal.len() + len;
            // Exact: an event is shorter than `u32::MAX`, see `Index::read`.
            hole.end = u32::try_from(at).unwrap_or(u32::MAX);
            from = hole.raw.end as usize;
        }
        event[at..] == form[from..]
    }

    /// From a range of the form to that of the event.
    #[inline]
    fn shift(&self, range: &mut Range<u32>) {
        let at = |place: u32| {
            let behind = self.holes.iter().rfind(|hole| hole.raw.end <= place);
            behind.map_or(place, |hole| hole.end + (place - hole.raw.end))
        };
        *range = at(range.start)..at(range.end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MEMBERS: [&str; 23] = [
        r#""id":"o1-a""#,
        r#""i\u0064":"o1-a""#,
        r#""created":1700000000"#,
        r#" "user" : 4111111111111111 "#,
        r#""model":"TEXT""#,
        r#""type":"x.delta""#,
        r#""delta":"TEXT""#,
        r#""delta":{"text":"TEXT","type":"TEXT"}"#,
        r#""index":1"#,
        r#""index":"TEXT""#,
        r#""output_index":2"#,
        r#""error":"TEXT""#,
        r#""usage":{"prompt_tokens":3}"#,
        r#""choices":[{"index":0,"delta":{"content":"TEXT"},"logprobs":["TEXT"]}]"#,
        r#""choices":[{"text":"TEXT","delta":{"role":"TEXT","content":"TEXT"}}]"#,
        r#""choices":[{"text":"TEXT"},{"text":"b","finish_reason":"TEXT"}]"#,
        r#""choices":[{"message":{"tool_calls":[{"index":3,"function":{"arguments":"TEXT"}}]}}]"#,
        r#""choices":[{"delta":"TEXT","b64_json":"TEXT","finish_reason":"stop"}]"#,
        r#""choices":null"#,
        r#""messages":["TEXT",{"role":"user","content":"TEXT","audio":{"data":"TEXT"}}]"#,
        r#""prompt":{"TEXT":"TEXT"},"tools":[{"x":"TEXT"}]"#,
        r#""other":{"TEXT":"TEXT"}"#,
        r#""bad":01"#,
    ];
    const TEXTS: [&str; 8] = ["a", " the", "", "wörld 1", r"\n", "index", "a\"b", "\u{1}"];

    /// Some events of one shape, each with texts of its own, and perhaps cut.
    fn alike() -> impl Strategy<Value = Vec<String>> {
        let members = prop::collection::vec(prop::sample::select(&MEMBERS[..]), 0..5);
        let texts = prop::collection::vec(prop::sample::select(&TEXTS[..]), 1..6);
        let events = prop::collection::vec((texts, 0..9_u8, any::<prop::sample::Index>()), 1..6);
        (members, events).prop_map(|(members, events)| {
            let shape = format!("{{{}}}", members.join(","));
            let event = |(texts, how, cut): (Vec<&str>, u8, prop::sample::Index)| {
                let mut texts = texts.into_iter().cycle();
                let mut event = String::new();
                for (number, part) in shape.split("TEXT").enumerate() {
                    event.push_str(if number == 0 {
                        ""
                    } else {
                        texts.next().unwrap_or("")
                    });
                    event.push_str(part);
                }
                match how {
                    0 => event.truncate(event.floor_char_boundary(cut.index(event.len()))),
                    1 => event.insert(event.floor_char_boundary(cut.index(event.len())), ' '),
                    _ => {}
                }
                event
            };
            events.into_iter().map(event).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn an_event_reads_the_same_behind_any_others(
            shapes in prop::collection::vec(alike(), 1..4),
        ) {
            let (mut index, mut form) = (Index::default(), Form::default());
            for event in shapes.concat() {
                let mut alone = Index::default();
                let expected = (alone.read(&event), format!("{alone:?}"));
                let found = (index.read_on(&event, &mut form), format!("{index:?}"));
                prop_assert_eq!(found, expected, "{}", event);
            }
        }
    }

    #[test]
    fn an_event_that_differs_in_its_text_fits() {
        let event = |text: &str, id: &str| {
            format!(r#"{{"id":"{id}","choices":[{{"text":"{text}","finish_reason":null}}]}}"#)
        };
        let (mut index, mut form) = (Index::default(), Form::default());
        index.read_on(&event(" one", "a"), &mut form).unwrap();
        assert!(form.fits(event(" twenty", "a").as_bytes()));
        assert!(!form.fits(event(" twenty", "b").as_bytes()));
        assert!(!form.fits(event("", "a").as_bytes()));
        assert!(!form.fits(event(r"\n", "a").as_bytes()));
    }
}

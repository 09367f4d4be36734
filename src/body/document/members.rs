//! Members of the outermost object that go, and messages that come.

use bytestring::ByteString;

use super::escape::escape_into;
use super::index::to_usize;
use super::{Document, Patch};

impl Document {
    /// Removes a member of the outermost object, every occurrence of its key.
    pub(crate) fn remove(&mut self, name: &str) {
        let gone: Vec<usize> = {
            let found: Vec<_> = self.index.fields_named(&self.message, name).collect();
            let all = self.index.fields.iter().enumerate();
            all.filter(|(_, field)| found.iter().any(|f| std::ptr::eq(*f, *field)))
                .map(|(at, _)| at)
                .collect()
        };
        self.patches.retain(|patch| patch.name != name);
        let fields = &self.index.fields;
        // From the end of the member before, comma included; those in front of
        // the first that stays, up to the start of the next.
        let stays = (0..fields.len()).find(|at| !gone.contains(at));
        for at in gone {
            let value = to_usize(&fields[at].value);
            let range = match at.checked_sub(1) {
                Some(before) if stays.is_some_and(|first| first < at) => {
                    to_usize(&fields[before].value).end..value.end
                }
                _ => {
                    let end = match fields.get(at + 1) {
                        Some(next) => to_usize(&next.key).start - 1,
                        None => value.end,
                    };
                    to_usize(&fields[at].key).start - 1..end
                }
            };
            self.patches.push(Patch {
                range,
                text: String::new(),
                name: name.to_owned(),
            });
        }
        self.patches.sort_by_key(|patch| patch.range.start);
    }

    /// A chat request in which the model has begun its answer with `text`.
    /// `None` for a request that is no chat.
    pub(crate) fn with_answer_begun(&self, text: &str) -> Option<Self> {
        // With all edits, which the list of messages is not shown with.
        let message = ByteString::try_from(self.to_bytes()).ok()?;
        let end = {
            let now = Self::json(message.clone()).ok()?;
            let messages = now.index.fields_named(&now.message, "messages").last()?;
            to_usize(&messages.value).end
        };
        let (before, after) = message.split_at_checked(end.checked_sub(1)?)?;
        let messages = before.trim_end();
        if !after.starts_with(']') {
            return None;
        }
        let mut out = String::with_capacity(message.len() + text.len() + 64);
        out.push_str(before);
        if !messages.ends_with('[') {
            out.push(',');
        }
        out.push_str("{\"role\":\"assistant\",\"content\":\"");
        escape_into(text, &mut out);
        out.push_str("\"}");
        out.push_str(after);
        Self::json(out).ok()
    }
}

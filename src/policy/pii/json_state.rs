//! Whether a place in the arguments of a tool call stands within a string of
//! their JSON: there a replacement must be escaped, elsewhere (in place of a
//! number) it must be a string of its own.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JsonState {
    /// Whether it is JSON at all, by its first character.
    json: Option<bool>,
    in_string: bool,
    escaped: bool,
}

impl JsonState {
    pub(super) fn advance(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.json.is_none() && !byte.is_ascii_whitespace() {
                self.json = Some(matches!(byte, b'{' | b'['));
            }
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
    }

    /// `replacement` as it has to be written there.
    pub(super) fn write(self, replacement: &str) -> String {
        if self.json != Some(true) {
            return replacement.to_owned();
        }
        let mut out = String::with_capacity(replacement.len() + 2);
        if !self.in_string {
            out.push('"');
        }
        crate::body::escape_json(replacement, &mut out);
        if !self.in_string {
            out.push('"');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers() {
        for (before, expected) in [
            ("{\"a\":\"", "x\\\"y"),
            ("{\"a\":", "\"x\\\"y\""),
            ("{\"a\":\"b\\\"", "x\\\"y"),
            ("{\"a\":\"b\\\\\",\"c\":", "\"x\\\"y\""),
            ("no JSON ", "x\"y"),
            ("", "x\"y"),
        ] {
            let mut state = JsonState::default();
            state.advance(before);
            assert_eq!(state.write("x\"y"), expected, "{before}");
        }
    }
}

//! Code blocks and citation markers, read as the text comes.

/// Different numbers that are kept.
const MOST_CITED: usize = 64;
/// How much of a line decides whether it is a fence, in characters.
const LINE_HEAD: usize = 100;

/// Reads Markdown for what the score needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Markdown {
    /// The fence of the block that is open: its character and its length.
    fence: Option<(char, usize)>,
    line: Line,
    /// Within backticks on one line.
    inline_code: bool,
    marker: Marker,
    cited: Vec<u32>,
}

/// How the line that is being read begins.
#[derive(Clone, Debug, Default)]
struct Line {
    length: usize,
    indent: usize,
    fence: Option<(char, usize)>,
    /// Something other than a fence and spaces behind it.
    info: bool,
    /// A backtick behind a fence of backticks: inline code.
    backtick: bool,
    other: bool,
}

#[derive(Clone, Debug, Default)]
enum Marker {
    #[default]
    None,
    /// A bracket is open: the numbers in it so far, and the one being read.
    Open {
        numbers: Vec<u32>,
        digits: u32,
        any: bool,
    },
    /// A bracket has closed; what follows says whether it was a link.
    Closed { numbers: Vec<u32> },
}

impl Markdown {
    /// Reads on. Gives whether the character is prose, and no code.
    pub(super) fn push(&mut self, c: char) -> bool {
        if c == '\n' {
            self.end_line();
            return true;
        }
        self.line.push(c);
        if self.fence.is_some() {
            return false;
        }
        if c == '`' {
            self.inline_code = !self.inline_code;
        }
        let prose = !self.line.is_fence();
        if prose && !self.inline_code {
            self.cite(c);
        }
        prose
    }

    fn end_line(&mut self) {
        self.cite('\n');
        self.inline_code = false;
        let line = std::mem::take(&mut self.line);
        let Some((c, length)) = line.fence.filter(|_| line.is_fence()) else {
            return;
        };
        match self.fence {
            Some((open, least)) => {
                if open == c && length >= least && !line.info {
                    self.fence = None;
                }
            }
            None => {
                if !line.backtick {
                    self.fence = Some((c, length));
                }
            }
        }
    }

    fn cite(&mut self, c: char) {
        self.marker = match (std::mem::take(&mut self.marker), c) {
            (Marker::Closed { .. }, '(' | ':') => Marker::None,
            (closed, '[' | '【') => {
                self.note(closed);
                Marker::Open {
                    numbers: Vec::new(),
                    digits: 0,
                    any: false,
                }
            }
            (
                Marker::Open {
                    numbers, digits, ..
                },
                '0'..='9',
            ) if digits < 1000 => Marker::Open {
                numbers,
                digits: digits * 10 + (u32::from(c) - u32::from('0')),
                any: true,
            },
            (
                Marker::Open {
                    mut numbers,
                    digits,
                    any: true,
                },
                ',' | ';',
            ) if numbers.len() < 16 => {
                numbers.push(digits);
                Marker::Open {
                    numbers,
                    digits: 0,
                    any: false,
                }
            }
            (open @ Marker::Open { any: false, .. }, ' ' | '^') => open,
            (
                Marker::Open {
                    mut numbers,
                    digits,
                    any: true,
                },
                ']' | '】' | '†',
            ) => {
                numbers.push(digits);
                Marker::Closed { numbers }
            }
            (closed @ Marker::Closed { .. }, _) => {
                self.note(closed);
                Marker::None
            }
            _ => Marker::None,
        };
    }

    fn note(&mut self, marker: Marker) {
        if let Marker::Closed { numbers } = marker {
            for number in numbers {
                if number > 0 && self.cited.len() < MOST_CITED && !self.cited.contains(&number) {
                    self.cited.push(number);
                }
            }
        }
    }

    /// The text has ended: whether a block is open, and the numbers cited.
    pub(super) fn finish(&mut self) -> (bool, &[u32]) {
        self.end_line();
        (self.fence.is_some(), &self.cited)
    }
}

impl Line {
    fn is_fence(&self) -> bool {
        !self.other && self.fence.is_some_and(|(_, length)| length >= 3)
    }

    fn push(&mut self, c: char) {
        self.length += 1;
        if self.other || self.length > LINE_HEAD {
            self.backtick |= c == '`';
            return;
        }
        match (&mut self.fence, c) {
            (None, ' ') if self.length == self.indent + 1 && self.indent < 3 => self.indent += 1,
            (None, '`' | '~') if self.length == self.indent + 1 => self.fence = Some((c, 1)),
            (Some((of, length)), _) if *of == c && !self.info => *length += 1,
            (Some((_, length)), _) if *length < 3 => {
                self.fence = None;
                self.other = true;
            }
            (Some((of, _)), _) => {
                self.info |= !c.is_whitespace();
                self.backtick |= *of == '`' && c == '`';
            }
            (None, _) => self.other = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that stand in brackets in a text, outside of code.
    fn numbered(text: &str) -> Vec<u32> {
        let mut markdown = Markdown::default();
        for c in text.chars() {
            markdown.push(c);
        }
        markdown.finish().1.to_vec()
    }

    fn open(text: &str) -> bool {
        let mut markdown = Markdown::default();
        for c in text.chars() {
            markdown.push(c);
        }
        markdown.finish().0
    }

    #[test]
    fn fences_open_and_close_as_in_commonmark() {
        for closed in [
            "no code",
            "```\ncode\n```",
            "```rust\nlet a = \"```\";\n```\n",
            "~~~\n```\n~~~",
            "````\n```\n````",
            "   ```\nx\n  ```  ",
            "``` inline ``` words",
            "`a` and ``b``",
            "    ``` is indented code",
        ] {
            assert!(!open(closed), "{closed:?}");
        }
        for unclosed in [
            "```",
            "text\n```python\nprint(1)\n",
            "```\ncode\n~~~",
            "````\ncode\n```",
            "```\ncode\n``` x",
        ] {
            assert!(open(unclosed), "{unclosed:?}");
        }
    }

    #[test]
    fn markers_are_told_from_links_and_code() {
        assert_eq!(
            numbered("So it is [1][2], as [3, 14] say【5】."),
            [1, 2, 3, 14, 5]
        );
        assert_eq!(numbered("A note[^7] and 【8†source】."), [7, 8]);
        assert_eq!(numbered("end [2]"), [2]);
        for none in [
            "[1](https://a.test) is a link",
            "[1]: https://a.test",
            "`a[1]` and [x] and [ ] and [0] and [1a]",
            "```\na[3]\n```\n",
            "[2024 was a year]",
        ] {
            assert_eq!(numbered(none), [0; 0], "{none}");
        }
    }
}

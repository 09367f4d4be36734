//! The JSON pointer of a place, found by walking the message again: it is
//! asked for rarely, and so the index need not carry one for each segment.

use std::fmt::Write as _;

use super::escape::unescape_into;
use super::lexer::{JsonError, Lexer};

/// The pointer (RFC 6901) of the string or number that holds byte `target`.
pub(super) fn of(message: &str, target: usize) -> String {
    let mut finder = Finder {
        lexer: Lexer::new(message),
        message,
        target,
        path: String::new(),
    };
    match finder.value() {
        Ok(true) => finder.path,
        // The message was parsed before, so this is a target outside of it.
        _ => String::new(),
    }
}

struct Finder<'a> {
    lexer: Lexer<'a>,
    message: &'a str,
    target: usize,
    path: String,
}

impl Finder<'_> {
    /// Whether the target lies in the next value; `path` then leads to it.
    fn value(&mut self) -> Result<bool, JsonError> {
        let (close, object) = match self.lexer.peek() {
            Some(b'{') => (b'}', true),
            Some(b'[') => (b']', false),
            Some(b'"') => {
                let token = self.lexer.string()?;
                return Ok((token.range.start..=token.range.end).contains(&self.target));
            }
            _ => {
                let range = self.lexer.scalar()?;
                return Ok(range.contains(&self.target));
            }
        };
        self.lexer.take(if object { b'{' } else { b'[' });
        if self.lexer.take(close) {
            return Ok(false);
        }
        let len = self.path.len();
        let mut position = 0;
        loop {
            self.path.push('/');
            if object {
                self.lexer.peek();
                let key = self.lexer.string()?;
                let mut plain = String::new();
                unescape_into(&self.message[key.range], &mut plain);
                self.path
                    .push_str(&plain.replace('~', "~0").replace('/', "~1"));
                self.lexer.take(b':');
            } else {
                // Writing to a string cannot fail.
                let _ = write!(self.path, "{position}");
            }
            if self.value()? {
                return Ok(true);
            }
            self.path.truncate(len);
            position += 1;
            if !self.lexer.take(b',') {
                break;
            }
        }
        self.lexer.take(close);
        Ok(false)
    }
}

//! Secrets by the name they are assigned to: `password = "…"`, `"client_secret": "…"`,
//! `Authorization: Bearer …`, `my password is …`.
//!
//! What is assigned must look like a secret: random characters for a key or a token, and for a
//! password at least no word and no expression of code.

use super::super::cue;
use super::super::input::{Input, Peek, Step};
use super::placeholder::{entropy, is_placeholder};

/// The longest value.
const MOST: usize = 256;
pub(in super::super) const LONGEST: usize = MOST + 4;
pub(in super::super) const SCORE: f32 = 0.8;

/// What the name says of the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    /// A name that only secrets have.
    Strong,
    /// A name that other things have as well.
    Weak,
}

/// Endings of names, without `_` and `-`, lower-case.
#[rustfmt::skip]
const PASSWORDS: &[&str] = &[
    "password", "passwd", "passphrase", "passwort", "kennwort", "motdepasse", "contrasena",
    "contraseña", "senha", "wachtwoord", "пароль", "密码", "密碼", "passcode",
];
#[rustfmt::skip]
const STRONG: &[&str] = &[
    "apikey", "secretkey", "accesskey", "privatekey", "authkey", "encryptionkey", "signingkey",
    "masterkey", "sharedkey", "storagekey", "accountkey", "servicekey", "sharedaccesskey",
    "secretaccesskey", "licensekey", "subscriptionkey", "apisecret", "clientsecret", "appsecret",
    "consumersecret", "signingsecret", "webhooksecret", "jwtsecret", "sharedsecret", "accesstoken",
    "authtoken", "apitoken", "bearertoken", "refreshtoken", "sessiontoken", "securitytoken",
    "personalaccesstoken", "bottoken", "deploytoken", "secrettoken", "bearer", "secret",
    "credential", "credentials", "apipass", "xapikey", "encryptionsecret", "seedphrase",
];
/// Endings that must begin a part of the name.
#[rustfmt::skip]
const WEAK: &[&str] = &["key", "token", "auth", "authorization"];
const SHORT: &[&str] = &["pass", "pwd", "pw"];
/// What no secret is called.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "publickey", "pubkey", "csrftoken", "xsrftoken", "publictoken", "authenticitytoken",
    "primarykey", "foreignkey", "cachekey", "partitionkey", "sortkey", "objectkey", "s3key",
    "hotkey", "shortcutkey", "pagetoken", "nextpagetoken", "continuationtoken", "nexttoken",
    "cursortoken", "idempotencykey", "dedupekey", "rowkey", "hashkey", "rangekey", "routingkey",
    "translationkey", "messagekey", "publishablekey", "sitekey", "stoptoken", "eostoken",
    "metricskey", "anonkey", "bostoken", "padtoken", "unktoken", "verificationkey", "hostkey",
];
/// Words between a name and its value.
const LINKS: &[&str] = &[
    "is", "was", "ist", "est", "es", "è", "jest", "lautet", "are", "to", "of",
];
/// Types between a name and its value: `token: str = "…"`.
const TYPES: &[&str] = &[
    "str",
    "string",
    "String",
    "&str",
    "&'static str",
    "char",
    "var",
    "text",
];
/// Values that are words of a language or a form.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "password", "passwd", "string", "secret", "undefined", "required", "optional", "invalid",
    "incorrect", "expired", "hidden", "password1", "base64", "sha256", "bcrypt", "argon2", "oauth2",
    "utf-8", "utf8", "md5", "sha1", "sha512", "aes256", "aes-256", "p@ssw0rd-here", "x509",
];

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    // Cheap first: what is not set apart from its name is no value.
    let quoted = match input.before(1) {
        Some(b'"') => Some(b'"'),
        Some(b'\'') => Some(b'\''),
        Some(b'`') => Some(b'`'),
        Some(b' ' | b'=' | b':' | b'>' | b'\t') => None,
        _ => return Step::No,
    };
    let Some(gap) = Gap::read(input) else {
        return Step::No;
    };
    let run = input.bytes.get(input.start..).unwrap_or_default();
    let len = run
        .iter()
        .take(MOST + 1)
        .take_while(|&&b| in_value(b, quoted))
        .count();
    if len > MOST {
        return Step::No;
    }
    let end = input.start + len;
    let open = input.open(end);
    if !open && len < 6 {
        return Step::No;
    }
    let Some(kind) = kind(&gap) else {
        return Step::No;
    };
    if open {
        return Step::Unfinished;
    }
    // Something outside ASCII goes on with it, or a call.
    match input.peek(end) {
        Peek::Some(b'(' | b'[' | b'{' | 0x80..) => return Step::No,
        Peek::Some(b) if quoted.is_some_and(|q| q != b) && b != b'\\' && b != b'"' => {
            return Step::No;
        }
        _ => {}
    }
    let mut value = run.get(..len).unwrap_or_default();
    if quoted.is_none() {
        while let [head @ .., b'.' | b',' | b';' | b':' | b'!' | b'?' | b'*'] = value {
            value = head;
        }
    }
    if !is_secret(value, kind, quoted.is_some()) {
        return Step::No;
    }
    Step::Match {
        end: input.start + value.len(),
        score: SCORE,
    }
}

fn in_value(b: u8, quoted: Option<u8>) -> bool {
    match b {
        b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' => false,
        b'&' | b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' => quoted.is_some(),
        _ => b.is_ascii_graphic(),
    }
}

fn is_secret(value: &[u8], kind: Kind, quoted: bool) -> bool {
    let digit = value.iter().any(u8::is_ascii_digit);
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    let symbol = value
        .iter()
        .any(|b| b.is_ascii_punctuation() && !b"_-./:".contains(b));
    if !letter || !digit && !symbol || variable(value) || is_placeholder(value) {
        return false;
    }
    if WORDS
        .iter()
        .any(|w| w.as_bytes().eq_ignore_ascii_case(value))
    {
        return false;
    }
    match kind {
        Kind::Password => {
            value.len() >= 6
                && letter
                && (digit || symbol && quoted)
                && (quoted || !path(value))
                && !value.starts_with(b"/")
        }
        Kind::Strong | Kind::Weak => {
            let (least, bits) = match kind {
                Kind::Strong => (16, 3.0),
                _ => (20, 3.3),
            };
            let random = value
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"_-+/=.~:%!@#$^*".contains(b));
            let uuid = kind == Kind::Weak && is_uuid(value);
            value.len() >= least
                && digit
                && letter
                && random
                && !uuid
                && !path(value)
                && !words(value)
                && entropy(value) >= bits
        }
    }
}

/// `$VAR`, `%VAR%`, `{{name}}`, `process.env.X`, `--option`.
fn variable(value: &[u8]) -> bool {
    let lead = value
        .first()
        .is_none_or(|b| matches!(b, b'$' | b'%' | b'{' | b'-' | b'#' | b'['));
    lead || value
        .windows(2)
        .any(|w| w == b"${" || w == b"{{" || w == b"//" || w == b"::")
}

/// Names with full stops between, as in `config.password2`.
fn path(value: &[u8]) -> bool {
    let mut parts = value.split(|&b| b == b'.');
    value.contains(&b'.')
        && value.len() < 64
        && parts.all(|part| {
            part.first()
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
                && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        })
        && value.iter().filter(|b| b.is_ascii_digit()).count() <= 5
}

/// Words with marks between and hardly a digit, as in `my-service-token-v2`.
fn words(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let mut parts = value.split(|b| matches!(b, b'-' | b'_' | b'.' | b'/' | b':'));
    digits * 8 < value.len()
        && value
            .iter()
            .any(|b| matches!(b, b'-' | b'_' | b'.' | b'/' | b':'))
        && parts.all(|part| part.len() < 14)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// What stands between a value and its name.
struct Gap<'t> {
    /// The text before it.
    head: &'t str,
    text: &'t str,
    /// Whether it sets a value.
    set: bool,
}

impl<'t> Gap<'t> {
    /// The gap before the start, if there is one that a name may stand before.
    fn read(input: &Input<'t>) -> Option<Self> {
        let (behind, _) = input.behind();
        let (mut end, mut set) = (behind.len(), false);
        for b in behind.bytes().rev() {
            match b {
                b':' | b'=' | b'>' => set = true,
                b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\' | b'*' => {}
                _ => break,
            }
            end -= 1;
        }
        let (head, text) = behind.split_at_checked(end)?;
        let fits = !text.is_empty() && text.len() <= 12 && (set || may_link(head.as_bytes()));
        fits.then_some(Self { head, text, set })
    }
}

/// What the name before the start says of what starts there.
fn kind(gap: &Gap<'_>) -> Option<Kind> {
    let &Gap {
        head,
        text: gap,
        set,
    } = gap;
    let (name, rest) = last_word(head);
    if !set {
        // `the password is …`, `Bearer …`.
        if LINKS.contains(&name) {
            return named(rest.trim_end_matches([' ', '"', '`', '\'']));
        }
        let scheme = name.eq_ignore_ascii_case("bearer") || name.eq_ignore_ascii_case("token");
        let after = rest
            .trim_end_matches([' ', '"', '\''])
            .ends_with([':', '=']);
        return (scheme && after || name == "Bearer").then_some(Kind::Strong);
    }
    // A key in a minified script is for everybody to see, and so is one given to a client's SDK.
    let public = gap == ":\"" && rest.ends_with(',') || rest.ends_with("SDK.initialize(");
    if public {
        return None;
    }
    if gap.contains('=') && TYPES.contains(&name) && rest.ends_with([' ', ':', '&']) {
        return named(rest.trim_end_matches([' ', ':', '&']));
    }
    named(head)
}

/// A look at the last letters, which most words before a value fail: those of [`LINKS`] and of the
/// names of schemes are short and end otherwise.
fn may_link(text: &[u8]) -> bool {
    let word = text.iter().rev().take(8);
    let len = word.take_while(|b| b.is_ascii_alphabetic()).count();
    match text.last() {
        Some(b) if b.is_ascii() => len < 8 && b"steofrn".contains(&b.to_ascii_lowercase()),
        Some(_) => true,
        None => false,
    }
}

/// The last word of `text`, and what stands before it.
fn last_word(text: &str) -> (&str, &str) {
    let rest = text.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (text.get(rest.len()..).unwrap_or_default(), rest)
}

fn named(text: &str) -> Option<Kind> {
    let text = text
        .trim_end_matches(']')
        .trim_end_matches(['"', '\'', '\\']);
    // Most words before a value end otherwise.
    let last = text.chars().next_back()?;
    if last.is_ascii() && !b"ydehtsrnaw".contains(&(last as u8).to_ascii_lowercase()) {
        return None;
    }
    if let [.., a, b] = *text.as_bytes()
        && a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
        && !ends_so(a, b)
    {
        return None;
    }
    let ending = Ending::of(text);
    if ending.is(OTHERS, false) {
        None
    } else if ending.is(PASSWORDS, false) || ending.is(SHORT, true) {
        Some(Kind::Password)
    } else if ending.is(STRONG, false) {
        Some(Kind::Strong)
    } else if ending.is(WEAK, true) {
        Some(Kind::Weak)
    } else {
        None
    }
}

/// For each last letter, the letters before it in the names of secrets.
static LAST: [u32; 32] = {
    let lists = [PASSWORDS, STRONG, WEAK, SHORT];
    let (mut table, mut list) = ([0; 32], 0);
    while list < lists.len() {
        let mut i = 0;
        while i < lists[list].len() {
            let name = lists[list][i].as_bytes();
            let (a, b) = (name[name.len() - 2], name[name.len() - 1]);
            table[(b & 31) as usize] |= 1 << (a & 31);
            i += 1;
        }
        list += 1;
    }
    table
};

/// Whether the name of a secret may end in these letters.
fn ends_so(a: u8, b: u8) -> bool {
    LAST.get(usize::from(b & 31))
        .is_some_and(|before| before >> (a & 31) & 1 != 0)
}

/// The end of a name without its marks, lower-case.
struct Ending {
    bytes: [u8; ENDING],
    from: usize,
    /// Whether a part of the name begins at a place.
    begins: [bool; ENDING],
}

/// The longest ending that is looked at: more than the longest entry of the lists.
const ENDING: usize = 24;

impl Ending {
    fn of(text: &str) -> Self {
        let mut ending = Ending {
            bytes: [0; ENDING],
            from: ENDING,
            begins: [false; ENDING],
        };
        let mut rest = text.char_indices().rev().peekable();
        while let Some((_, c)) = rest.next() {
            if matches!(c, '_' | '-' | ' ') {
                continue;
            }
            let low = if c.is_ascii() {
                c.to_ascii_lowercase()
            } else {
                c.to_lowercase().next().unwrap_or(c)
            };
            let mut encoded = [0; 4];
            let encoded = low.encode_utf8(&mut encoded).as_bytes();
            let Some(from) = ending.from.checked_sub(encoded.len()) else {
                break;
            };
            if let Some(place) = ending.bytes.get_mut(from..ending.from) {
                place.copy_from_slice(encoded);
            }
            ending.from = from;
            let before = rest.peek().map(|&(_, c)| c);
            let begins = before.is_none_or(|b| !b.is_alphabetic())
                || c.is_uppercase() && before.is_some_and(char::is_lowercase);
            if let Some(place) = ending.begins.get_mut(from) {
                *place = begins;
            }
        }
        ending
    }

    /// Whether the name ends in one of `list`; if `whole`, in a part of the name that is that.
    fn is(&self, list: &[&str], whole: bool) -> bool {
        let name = self.bytes.get(self.from..).unwrap_or_default();
        list.iter().any(|entry| {
            name.ends_with(entry.as_bytes())
                && (!whole || self.begins.get(ENDING - entry.len()) == Some(&true))
        })
    }
}

/// Whether the start can stand behind a name at all.
pub(in super::super) const CUE: cue::Cue = cue::Cue::VALUE;

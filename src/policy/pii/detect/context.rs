//! Words before a start that say what a number is.

use super::bytes::is_word;
use super::input::{Input, Peek, Tri};

/// How many words back a naming word may stand.
const WORDS: usize = 7;

/// How clearly the words before a number say that it is a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telephone {
    /// Nothing says so.
    None,
    /// Somebody is to be reached: enough for digits that are grouped like a number.
    Likely,
    /// It is called a telephone number: enough for any run of digits.
    Named,
}

/// A list of words in small letters.
pub(super) struct WordList {
    words: &'static [&'static str],
    /// A bit for each [`feature`] of a word in ASCII: most words of a text are turned down by it.
    features: [u64; FEATURES / 64],
}

const FEATURES: usize = 1024;

impl WordList {
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        let (mut features, mut i) = ([0; FEATURES / 64], 0);
        while i < words.len() {
            let feature = feature(words[i].as_bytes());
            features[feature >> 6] |= 1 << (feature & 63);
            i += 1;
        }
        Self { words, features }
    }

    /// Whether `word` is in the list, capitals aside.
    pub(super) fn has(&self, word: &str) -> bool {
        (self.may_have(word.as_bytes()) || !word.is_ascii()) && among(word, self.words)
    }

    /// Whether a word in ASCII may be in the list.
    pub(super) fn may_have(&self, word: &[u8]) -> bool {
        let feature = feature(word);
        let bits = self.features.get(feature >> 6).copied().unwrap_or(0);
        bits >> (feature & 63) & 1 != 0
    }

    pub(super) const fn words(&self) -> &'static [&'static str] {
        self.words
    }
}

/// The first and the last letter of a word and its length, capitals aside, in ten bits.
const fn feature(word: &[u8]) -> usize {
    if word.is_empty() {
        return 0;
    }
    let first = (word[0] | 0x20) as usize;
    let last = (word[word.len() - 1] | 0x20) as usize;
    (first * 31 + last * 5 + word.len() * 97) & (FEATURES - 1)
}

/// Words that name a telephone number, lower-case.
#[rustfmt::skip]
static NAMES: WordList = WordList::new(&[
    "tel", "tels", "telno", "telnr", "phone", "phones", "phoneno", "phonenumber", "telephone",
    "telephones", "telephonenumber", "tele", "ph", "mobile", "mobiles", "mob", "mobilenumber",
    "cell", "cellphone", "cellular", "landline", "fax", "faxnumber", "call", "calling", "dial",
    "dialing", "dialling", "msisdn", "whatsapp", "hotline", "helpline", "handset", "pager",
    "voicemail", "callback", "switchboard", "helpdesk", "telefon", "telefonnummer", "handy", "handynummer", "rufnummer",
    "mobil", "mobilnummer", "mobiltelefon", "festnetz", "durchwahl", "anrufen", "tél", "téléphone",
    "téléphoner", "portable", "appeler", "appelez", "appelle", "teléfono", "telefono", "teléfonos",
    "móvil", "movil", "celular", "llamar", "llame", "llama", "telefone", "telemóvel", "telemovel",
    "ligue", "ligar", "cellulare", "chiamare", "chiama", "telefoon", "telefoonnummer", "mobiel",
    "gsm", "bellen", "puhelin", "puhelinnumero", "puhelinnumeroni", "telefonnummeret",
    "telefonnumret", "telefonu", "komórka", "zadzwoń", "telefonszám",
    "mobilnr", "tlf", "телефон", "тел", "телефона", "моб", "звоните", "позвоните", "τηλέφωνο",
    "τηλ", "telepon", "telpon", "hp", "cep",
]);

/// Names in scripts without spaces, where no boundary sets the word apart.
#[rustfmt::skip]
const UNSPACED_NAMES: &[&str] = &[
    "电话", "電話", "手机", "手機", "携帯", "전화", "휴대폰", "핸드폰", "致电", "โทร", "联系方式",
];

/// Words of reaching somebody, lower-case.
#[rustfmt::skip]
static LIKELY: WordList = WordList::new(&[
    "contact", "contacts", "reach", "reached", "text", "texting", "texts", "sms", "ring", "rang",
    "called", "message", "messages", "answer", "answering", "answers", "toll", "tollfree",
    "signal", "telegram", "viber", "erreichen", "erreichbar", "joindre",
    "contacter", "contacto", "contactar", "contato", "contatto", "numéro", "rappeler",
    "dialed", "dialled", "caller", "callers", "phoned", "nummer", "pick", "picks", "picked", "bel",
    "ringen", "ringe", "soita", "dzwoń", "desk", "office",
]);

/// Words that mean a number, and say which together with whose it is: `my number is`.
#[rustfmt::skip]
static NUMBERS: WordList = WordList::new(&[
    "number", "numbers", "nummer", "numero", "número", "numéro", "numer", "nr", "no", "num",
]);
#[rustfmt::skip]
static OWNERS: WordList = WordList::new(&[
    "my", "our", "his", "her", "their", "your", "whose", "mein", "meine", "deine", "ihre", "mon",
    "ton", "son", "votre", "mi", "su", "mio", "tuo", "suo", "meu", "minha", "mijn", "mój", "min",
    "mitt",
]);

/// Words right before a number by which somebody is reached there.
#[rustfmt::skip]
const PLACES: &[&str] = &[
    "at", "on", "under", "registered", "unter", "op", "på", "al", "au", "sur", "em", "no", "pod", "auf", "via",
];
/// What is written to a number.
const WRITTEN: &[&str] = &["message", "messages", "text", "texts", "texting", "sms"];

/// Words behind a number that say that it is a telephone number, lower-case.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "phone", "phones", "telephone", "tel", "mobile", "cell", "cellphone", "landline", "fax",
    "whatsapp", "voicemail", "hotline", "helpline", "pager", "callback", "telefon",
    "telefonnummer", "handynummer", "handy", "mobilnummer", "rufnummer", "festnetz", "durchwahl",
    "erreichen", "erreichbar", "anrufen", "téléphone", "portable", "joindre", "teléfono", "móvil",
    "celular", "telefono", "cellulare", "telefone", "telemóvel", "telefoonnummer", "telefoon",
    "puhelinnumeroni", "telefonu", "телефон",
];
/// Labels behind a number, which something else may be called as well.
const LABELS: &[&str] = &["office", "work", "home", "desk", "direct", "main", "other"];
/// Words between a number and what it is called.
#[rustfmt::skip]
const LINKS: &[&str] = &[
    "is", "was", "are", "still", "the", "a", "my", "our", "his", "her", "their", "your", "new",
    "old", "current", "main", "best", "direct", "work", "home", "office", "personal", "private",
    "ist", "zu", "meine", "mein", "ihre", "seine", "unsere", "est", "mon", "son", "votre", "notre",
    "är", "vårt", "min", "es", "mi", "su", "è", "il", "mio", "suo", "é", "o", "meu", "jest", "to", "mój", "mijn",
];
/// How many words behind a number are looked at, and bytes of each.
const BEHIND_WORDS: usize = 5;
const BEHIND_WORD: usize = 24;
/// The most bytes behind a number that are looked at.
pub(super) const BEHIND_LONGEST: usize = BEHIND_WORDS * (BEHIND_WORD + 8) + 8;

/// Words that name some other number, lower-case.
#[rustfmt::skip]
static OTHERS: WordList = WordList::new(&[
    "card", "cards", "account", "acct", "order", "orders", "invoice", "ref", "reference", "id",
    "ids", "code", "zip", "zipcode", "postcode", "postal", "ticket", "case", "tracking", "serial",
    "passport", "license", "licence", "iban", "ssn", "security", "isbn", "issn", "pin", "amount",
    "price", "total", "sum", "build", "version", "commit", "port", "year", "row", "line", "page",
    "step", "driver", "routing", "policy", "tax", "vat", "transaction", "error", "uuid", "hash",
    "timestamp", "time", "date", "born", "dob", "birth", "birthday", "imei", "imsi", "sku",
    "model", "part", "item", "batch", "token", "tokens", "key", "seed", "size", "bytes", "index",
    "offset", "pid", "ts", "epoch", "salary", "usd", "eur", "konto", "kontonummer", "bestellung",
    "rechnung", "commande", "facture", "compte", "pedido", "factura", "cuenta", "swift", "bic",
    "credit", "debit", "cvv", "bank", "member", "customer", "patient", "employee", "student",
    "stack", "stacks", "site", "graph", "frame", "option", "options", "function",
]);

/// A word may end in a full stop and still be followed by its number.
#[rustfmt::skip]
static ABBREVIATIONS: WordList = WordList::new(&[
    "tel", "tél", "ph", "mob", "fax", "tlf", "тел", "τηλ", "no", "nr", "nº", "num", "моб", "cell",
]);

#[rustfmt::skip]
static VERSIONS: WordList = WordList::new(&[
    "version", "versions", "ver", "v", "release", "build", "firmware", "section", "sections",
    "chapter", "clause", "rev", "revision", "driver", "oid",
]);

#[rustfmt::skip]
static ADDRESSES: WordList = WordList::new(&[
    "ip", "ipv6", "ips", "address", "addr", "host", "bind", "listen", "listening", "inet6",
]);

/// A word before the start with the mark that follows it.
pub(super) struct Words<'t> {
    rest: &'t str,
    /// Whether the text was cut, so that its first word may lack its beginning.
    cut: bool,
}

pub(super) struct Word<'t> {
    pub(super) word: &'t str,
    /// What stands between it and the word after it.
    pub(super) gap: &'t str,
}

impl<'t> Iterator for Words<'t> {
    type Item = Word<'t>;

    fn next(&mut self) -> Option<Word<'t>> {
        if let Some((from, to)) = last_word(self.rest.as_bytes()) {
            let word = self.rest.get(from..to)?;
            let gap = self.rest.get(to..)?;
            if from == 0 && self.cut {
                return None;
            }
            self.rest = self.rest.get(..from)?;
            return Some(Word { word, gap });
        }
        let in_word = |c: char| c != '_' && (is_word(c) || !c.is_ascii() && c.is_alphanumeric());
        let head = self.rest.trim_end_matches(|c| !in_word(c));
        let gap = self.rest.get(head.len()..)?;
        let before = head.trim_end_matches(in_word);
        let word = head.get(before.len()..)?;
        if word.is_empty() || before.is_empty() && self.cut {
            return None;
        }
        self.rest = before;
        Some(Word { word, gap })
    }
}

/// Where the last run of letters and digits begins and ends; none if there is no such run, or
/// something outside ASCII at or after it.
pub(super) fn last_word(text: &[u8]) -> Option<(usize, usize)> {
    let mut to = text.len();
    while let Some(b) = text.get(to.checked_sub(1)?)
        && !b.is_ascii_alphanumeric()
    {
        if !b.is_ascii() {
            return None;
        }
        to -= 1;
    }
    let mut from = to;
    while let Some(before) = from.checked_sub(1) {
        match text.get(before) {
            Some(b) if b.is_ascii_alphanumeric() => from = before,
            Some(0x80..) => return None,
            _ => break,
        }
    }
    Some((from, to))
}

pub(super) fn words<'t>(input: &Input<'t>) -> Words<'t> {
    let (rest, cut) = input.behind();
    Words { rest, cut }
}

/// Whether `word` is in `list`, capitals aside.
pub(super) fn among(word: &str, list: &[&str]) -> bool {
    if word.is_ascii() {
        return list.iter().any(|entry| entry.eq_ignore_ascii_case(word));
    }
    let mut small = word.chars().flat_map(char::to_lowercase);
    let Some(first) = small.next() else {
        return list.contains(&"");
    };
    list.iter().any(|entry| {
        let mut entry = entry.chars();
        entry.next() == Some(first) && small.clone().eq(entry)
    })
}

/// Whether a word calls what it stands with a telephone number.
pub(super) fn names_telephone(word: &str) -> bool {
    NAMES.has(word) || LIKELY.has(word)
}

/// What the words before the start say of telephone numbers. The nearest word that names any kind
/// of number decides.
pub(super) fn telephone(input: &Input<'_>) -> Telephone {
    if let Some(known) = input.telephone.get() {
        return known;
    }
    let said = read_telephone(input);
    input.telephone.set(Some(said));
    said
}

fn read_telephone(input: &Input<'_>) -> Telephone {
    if after_email(input) {
        return Telephone::Likely;
    }
    let mut key = false;
    let mut before = words(input).take(WORDS).enumerate().peekable();
    while let Some((place, Word { word, gap })) = before.next() {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        // `u32`, `v2`, and numbers: what stands before them speaks of them.
        let code = digits > 0 && (digits > 2 || digits < word.len());
        if code || !crosses(gap, place, &mut key, word) {
            return Telephone::None;
        }
        if digits > 0 {
            continue;
        }
        if NAMES.has(word)
            || !word.is_ascii() && UNSPACED_NAMES.iter().any(|name| word.contains(name))
        {
            return Telephone::Named;
        }
        if NUMBERS.has(word)
            && before
                .peek()
                .is_some_and(|(_, owner)| owner.gap == " " && OWNERS.has(owner.word))
        {
            return Telephone::Named;
        }
        if LIKELY.has(word) {
            return Telephone::Likely;
        }
        if OTHERS.has(word) {
            return Telephone::None;
        }
    }
    Telephone::None
}

/// Whether somebody is reached at what starts here, by the words right before: `ring me on`,
/// `messages to`, `Desk:`.
pub(super) fn reached(input: &Input<'_>) -> bool {
    let mut before = words(input).take(WORDS);
    let Some(Word { word: last, gap }) = before.next() else {
        return false;
    };
    if LIKELY.has(last) {
        return gap.contains(':');
    }
    if gap != " " {
        return false;
    }
    let to = last.eq_ignore_ascii_case("to");
    let called = |word: &str| {
        if to {
            among(word, WRITTEN)
        } else {
            LIKELY.has(word)
        }
    };
    (to || among(last, PLACES)) && before.any(|w| called(w.word))
}

/// Whether the words behind a number that ends at `end` call it a telephone number: `… is my
/// phone`, `… still your mobile?`, `…-Fax`.
pub(super) fn telephone_behind(input: &Input<'_>, end: usize) -> Tri {
    behind(input, end, BEHIND, LABELS)
}

/// Whether one of `names` stands behind a value that ends at `end`, with words that link the two
/// between; or one of them or of `labels` right behind it and nothing after that.
pub(super) fn behind(input: &Input<'_>, end: usize, names: &[&str], labels: &[&str]) -> Tri {
    let mut at = end;
    for place in 0..BEHIND_WORDS {
        // One space or hyphen, and perhaps a bracket.
        match input.peek(at) {
            Peek::Some(b' ') => at += 1,
            Peek::Some(b'-') if place == 0 => at += 1,
            // `driver's`
            Peek::Some(b'\'') if place > 0 => at += 1,
            Peek::Open => return Tri::Open,
            _ => return Tri::No,
        }
        match input.peek(at) {
            Peek::Some(b'(') if place == 0 => at += 1,
            Peek::Open => return Tri::Open,
            _ => {}
        }
        let from = at;
        loop {
            match input.peek_char(at) {
                Peek::Some(c) if c.is_alphabetic() && at - from < BEHIND_WORD => {
                    at += c.len_utf8();
                }
                Peek::Open => return Tri::Open,
                _ => break,
            }
        }
        let word = input.text.get(from..at).unwrap_or_default();
        if word.is_empty() {
            return Tri::No;
        }
        let named = among(word, names);
        if named && place > 0 {
            return Tri::Yes;
        }
        if named || place == 0 && among(word, labels) {
            match input.peek(at) {
                Peek::Open => return Tri::Open,
                Peek::End | Peek::Some(b'\n' | b'\r' | b',' | b';' | b')' | b'|' | b'\\') => {
                    return Tri::Yes;
                }
                _ => {}
            }
        }
        if !among(word, LINKS) {
            return Tri::No;
        }
    }
    Tri::No
}

/// Whether an e-mail address stands before the start with a slash or a bar between, as in a list
/// of ways to reach somebody.
fn after_email(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    let head = before.trim_end_matches([' ', '/', '|']);
    let gap = before.get(head.len()..).unwrap_or_default();
    let word = head.rsplit([' ', '\n']).next().unwrap_or_default();
    gap.contains(['/', '|']) && word.contains('@') && !word.ends_with('@')
}

/// Whether a word speaks for what follows the gap after it.
fn crosses(gap: &str, place: usize, key: &mut bool, word: &str) -> bool {
    for c in gap.chars().rev() {
        match c {
            ':' | '=' => *key = true,
            ';' | '|' | '{' | '}' | '\n' | ',' | '&' if place > 0 && (*key || c != ',') => {
                return false;
            }
            '?' | '!' if place > 0 => return false,
            '.' if !ABBREVIATIONS.has(word) => return false,
            _ => {}
        }
    }
    true
}

/// Whether the words before the start announce a social security number.
pub(super) fn social_security(input: &Input<'_>) -> bool {
    let mut security = false;
    let mut key = false;
    for (place, Word { word, gap }) in words(input).take(WORDS).enumerate() {
        if !crosses(gap, place, &mut key, word) {
            return false;
        }
        if among(
            word,
            &[
                "ssn",
                "ssns",
                "ssn4",
                "socialsecurity",
                "socialsecuritynumber",
                "soc",
            ],
        ) {
            return true;
        }
        if security {
            return among(word, &["social", "soc"]);
        }
        security = among(word, &["security", "sec"]);
    }
    false
}

/// Whether the word right before the start calls what follows a version or a section.
pub(super) fn version(input: &Input<'_>) -> bool {
    words(input).next().is_some_and(|w| {
        let close = w
            .gap
            .chars()
            .all(|c| matches!(c, ' ' | ':' | '=' | '"' | '\'' | '.' | '`'));
        close && VERSIONS.has(w.word)
    })
}

/// Whether one of the words before the start speaks of a network address.
pub(super) fn address(input: &Input<'_>) -> bool {
    words(input).take(4).any(|w| ADDRESSES.has(w.word))
}

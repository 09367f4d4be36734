//! What a user adds: detectors of one's own, and countries that are chosen.

use proptest::prelude::*;

use super::*;

/// `T-` and digits, the last of which is the sum of the others; not within a word.
struct Ticket;

impl Detector for Ticket {
    fn label(&self) -> &str {
        "TICKET"
    }

    fn longest(&self) -> usize {
        12
    }

    fn starts_with(&self, byte: u8) -> bool {
        byte == b'T'
    }

    fn settled(&self, text: &str) -> bool {
        match text.strip_prefix("T-") {
            Some(digits) => digits.contains(|c: char| !c.is_ascii_digit()),
            None => text != "T",
        }
    }

    fn find(&self, place: &Place<'_>) -> Option<Match> {
        let rest = place.text().strip_prefix("T-")?;
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let digits = rest.get(..end.unwrap_or(rest.len()))?.as_bytes();
        let (last, others) = digits.split_last()?;
        let sum: u32 = others.iter().map(|b| u32::from(b - b'0')).sum();
        let inside = place.before().ends_with(char::is_alphanumeric);
        let whole = (3..9).contains(&digits.len());
        (whole && !inside && sum % 10 == u32::from(last - b'0'))
            .then(|| Match::new(2 + digits.len()).score(0.9))
    }
}

/// Anything from `«` to `»`, told by nothing but its longest length.
struct Quote;

impl Detector for Quote {
    fn label(&self) -> &str {
        "QUOTE"
    }

    fn longest(&self) -> usize {
        24
    }

    fn starts_with(&self, byte: u8) -> bool {
        byte == 0xC2
    }

    fn find(&self, place: &Place<'_>) -> Option<Match> {
        let rest = place.text().strip_prefix('«')?;
        rest.find('»').map(|at| Match::new(at + 4))
    }
}

fn policy() -> PiiRedact {
    let layer = PiiRedactLayer::default().detector(Ticket).detector(Quote);
    layer.policy().clone()
}

#[test]
fn a_detector_of_ones_own_finds() {
    let policy = policy();
    for (text, expected) in [
        ("see T-1236.", "see [TICKET]."),
        ("see T-1237.", "see T-1237."),
        ("seeT-1236.", "seeT-1236."),
        ("T-1236 to ada@example.org", "[TICKET] to [EMAIL_ADDRESS]"),
        ("«ada@example.org»", "[QUOTE]"),
        (
            "«a quote that is longer than that» x",
            "«a quote that is longer than that» x",
        ),
        ("T-123456789012", "T-123456789012"),
        ("é T-000", "é [TICKET]"),
    ] {
        assert_eq!(policy.redact(text), expected, "{text}");
    }
}

#[test]
fn what_a_detector_has_settled_is_let_go() {
    let policy = policy();
    let mut stream = policy.stream();
    assert_eq!(stream.push("see T-12"), []);
    assert_eq!(stream.push("36").len(), 0);
    assert_eq!(stream.push(" ").len(), 1);
}

#[test]
fn what_a_detector_says_is_bounded() {
    /// Says more than there is.
    struct Liar(usize);
    impl Detector for Liar {
        fn label(&self) -> &str {
            "LIE"
        }
        fn longest(&self) -> usize {
            0
        }
        fn find(&self, place: &Place<'_>) -> Option<Match> {
            assert!(place.text().len() <= 1 && place.before().len() <= 64);
            Some(Match::new(self.0))
        }
    }
    for len in [0, 2, usize::MAX] {
        let layer = PiiRedactLayer::default().detector(Liar(len));
        assert_eq!(layer.policy().redact("aé b"), "aé b");
    }
    let layer = PiiRedactLayer::default().detector(Liar(1));
    assert_eq!(layer.policy().redact("a"), "[LIE]");
    let layer = layer.threshold_for(Label::custom("LIE"), 1.5);
    assert_eq!(layer.policy().redact("a"), "a");
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "T-1236",
            "T-",
            "T-12",
            "T-99",
            "«",
            "»",
            "«x»",
            "é",
            " ",
            "a",
            "T",
            "-",
            "ada@example.org",
            "555-0123",
            "call ",
            "212-555-0123",
            "EMP-12",
            ".",
        ])
        .prop_map(String::from),
        "[T0-9 -]{1,6}",
        "[a-z«» ]{1,8}",
    ];
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn cutting_changes_nothing_for_detectors_of_ones_own(
        text in pieces(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        countries in any::<bool>(),
    ) {
        let mut layer = PiiRedactLayer::default()
            .detector(Ticket)
            .detector(Quote)
            .pattern("EMPLOYEE", "EMP-[0-9]{2}")
            .unwrap();
        if countries {
            layer = layer.locales([Locale::De, Locale::Gb]);
        }
        let policy = layer.policy();
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.retain(|&at| text.is_char_boundary(at));
        places.sort_unstable();
        for places in [places, text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()] {
            let mut stream = policy.stream();
            let mut found = Vec::new();
            for ends in places.windows(2) {
                found.extend(stream.push(&text[ends[0]..ends[1]]));
            }
            found.extend(stream.finish());
            prop_assert_eq!(found, policy.scan(&text));
        }
    }
}

#[test]
fn values_of_other_countries_are_let_alone() {
    let redact = |locales: &[Locale], text: &str| {
        let layer = PiiRedactLayer::default().locales(locales.iter().copied());
        layer.policy().redact(text)
    };
    use Locale::{De, Es, Fr, Gb, It, Us};
    for (text, entity, own, other) in [
        ("SSN 536-22-1234", "[US_SSN]", Us, De),
        ("Steuer-ID: 36574261809", "[DE_TAX_ID]", De, Us),
        ("call 212-555-0123 now", "[PHONE_NUMBER]", Us, De),
        ("Tel. 030 90182034", "[PHONE_NUMBER]", De, Us),
        ("tel. 01 23 45 67 89", "[PHONE_NUMBER]", Fr, Us),
        ("USt-IdNr. DE136695976", "[VAT_NUMBER]", De, Gb),
        (
            "I live at 221B Baker Street, London NW1 6XE",
            "[ADDRESS]",
            Gb,
            De,
        ),
        (
            "Ich wohne Hauptstraße 12, 10115 Berlin",
            "[ADDRESS]",
            De,
            Us,
        ),
        ("12 rue de la Paix, 75002 Paris", "[ADDRESS]", Fr, De),
        ("DNI 54362315K", "[ES_NIF]", Es, It),
    ] {
        assert!(redact(&[own], text).contains(entity), "{own:?} {text}");
        assert!(
            redact(&[other, own], text).contains(entity),
            "{own:?} {text}"
        );
        assert_eq!(redact(&[other], text), text, "{other:?}");
    }
    for text in [
        "+1 212-555-0123",
        "0033 1 23 45 67 89",
        "a@example.org",
        "phone: 5550123",
    ] {
        assert_ne!(redact(&[Gb], text), text);
        assert_ne!(redact(&[], text), text);
    }
}

//! Names that are found, and words that are not.

use super::super::input::{Input, Step};

fn found(run: fn(&Input<'_>) -> Step, text: &str, start: &str) -> Option<String> {
    let at = text.find(start).expect("the start stands in the text");
    match run(&Input::new(text, at, true)) {
        Step::Match { end, .. } => Some(text[at..end].to_owned()),
        Step::No => None,
        Step::Unfinished => panic!("a text that has ended leaves nothing open"),
    }
}

#[test]
fn persons() {
    for (text, name) in [
        ("my name is Quorra Vexley.", "Quorra Vexley"),
        ("Dr. Burke is here", "Burke"),
        ("Sincerely,\nMaria Lopez", "Maria Lopez"),
        ("Ask John Smith about it", "John Smith"),
        ("{\"name\": \"Paula Stevens\"}", "Paula Stevens"),
        ("Johannes van der Berg called", "Johannes van der Berg"),
        ("Alvir D. Quexley spoke", "Alvir D. Quexley"),
        ("Björn Svensson's car", "Björn Svensson"),
        ("Ich heiße Quirin", "Quirin"),
    ] {
        let start = name.split(' ').next().expect("a first word");
        assert_eq!(
            found(super::person, text, start).as_deref(),
            Some(name),
            "{text}"
        );
    }
    for (text, start) in [
        ("The Quick Brown Fox", "The"),
        ("The Quick Brown Fox", "Quick"),
        ("Visual Studio Code", "Visual"),
        ("Smith Barney Inc", "Smith"),
        ("In March we met", "March"),
        ("name: Build Server", "Build"),
        ("I'm Happy", "I'm"),
    ] {
        assert_eq!(found(super::person, text, start), None, "{text}");
    }
}

#[test]
fn places_and_organizations() {
    for (text, name) in [
        ("in New York City today", "New York City"),
        ("nach München", "München"),
        ("St. Louis is far", "St. Louis"),
        ("the United States of America", "United States of America"),
    ] {
        let start = name.split(' ').next().expect("a first word");
        assert_eq!(
            found(super::place, text, start).as_deref(),
            Some(name),
            "{text}"
        );
    }
    for (text, name) in [
        ("by Gradiant Research LLC today", "Gradiant Research LLC"),
        (
            "Muster & Söhne GmbH & Co. KG",
            "Muster & Söhne GmbH & Co. KG",
        ),
        ("at Acme, Inc.", "Acme, Inc"),
        ("University of Vienna", "University of Vienna"),
    ] {
        let start = name.split([' ', ',']).next().expect("a first word");
        assert_eq!(
            found(super::organization, text, start).as_deref(),
            Some(name),
            "{text}"
        );
    }
    assert_eq!(
        found(super::organization, "The Software Systems", "The"),
        None
    );
}

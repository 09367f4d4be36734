//! Addresses and postal codes that are found, and what looks like them.

use super::super::input::{Input, Step};

type Run = fn(&Input<'_>) -> Step;

fn found<'t>(run: Run, text: &'t str, start: &str) -> Option<&'t str> {
    let at = text.find(start).expect("the start stands in the text");
    match run(&Input::new(text, at, true)) {
        Step::Match { end, .. } => Some(&text[at..end]),
        Step::No => None,
        Step::Unfinished => panic!("a text that has ended leaves nothing open"),
    }
}

#[test]
fn whole_addresses() {
    let runs: [(Run, &[&str]); 4] = [
        (
            super::numbered,
            &[
                "1600 Pennsylvania Ave NW, Washington, DC 20500",
                "221B Baker Street, London NW1 6XE",
                "123 Main St, Apt 4B, Springfield, IL 62704-1234",
                "350 Fifth Avenue, 34th Floor, New York, NY 10118",
                "45 Elm Ave.\nSuite 500\nChicago, IL 60601",
                "12 Mount St Helens Drive",
                "5678 State Route 12, Utica, NY 13502",
                "12 rue de la Paix, 75002 Paris",
                "15 bis, avenue des Champs-Élysées, 75008 Paris, France",
            ],
        ),
        (
            super::named_first,
            &[
                "Calle Mayor 12, 28013 Madrid",
                "Via Roma 12, 00184 Roma",
                "ul. Cicha 86, 00-950 Warszawa",
                "Rua João Pessoa 1636",
            ],
        ),
        (
            super::german,
            &[
                "Hauptstraße 12, 10115 Berlin",
                "Berliner Str. 5a, 60311 Frankfurt am Main",
                "Unter den Linden 77, 10117 Berlin",
                "Brixtonlaan 380",
            ],
        ),
        (
            super::boxed,
            &[
                "P.O. Box 123, Austin, TX 78701",
                "PSC 3117, Box 0609\nAPO AA 44332",
                "USNS Møller\nFPO AA 85844",
            ],
        ),
    ];
    for (run, addresses) in runs {
        for address in addresses {
            assert_eq!(found(run, address, address), Some(*address));
            let text = format!("I live at {address}; come by.");
            assert_eq!(found(run, &text, address), Some(*address), "{text}");
        }
    }
}

#[test]
fn no_addresses() {
    for (run, text, start) in [
        (
            super::numbered as Run,
            "In 1999 Abbey Road was released",
            "1999",
        ),
        (super::numbered, "50 Wall Street analysts polled", "50"),
        (super::numbered, "a 20 minute drive from here", "20"),
        (super::numbered, "100 people on the road", "100"),
        (super::german, "Spring 2024", "Spring"),
        (super::named_first, "via email 12", "via"),
        (super::boxed, "post office 12", "post"),
        (super::zip, "order 94107", "94107"),
        (super::zip, "zip file 12345", "12345"),
        (super::zip, "Springfield, IL 94107", "94107"),
        (super::zip, "Model AB1 2CD", "AB1"),
    ] {
        assert_eq!(found(run, text, start), None, "{text}");
    }
}

#[test]
fn codes_alone() {
    for (text, code) in [
        ("my zip code is 2371", "2371"),
        ("ZIP: 94107-1234", "94107-1234"),
        ("Springfield, IL 62704", "62704"),
        ("postcode: SW1A 1AA", "SW1A 1AA"),
        ("I moved to London SE1 9GF", "SE1 9GF"),
    ] {
        assert_eq!(found(super::zip, text, code), Some(code), "{text}");
    }
}

//! Dates of birth that are found, and other dates.

use super::*;

fn found<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let at = text.find(start).expect("the start stands in the text");
    let input = Input::new(text, at, true);
    let step = if start.starts_with(|c: char| c.is_ascii_digit()) {
        run(&input)
    } else {
        run_month(&input)
    };
    match step {
        Step::Match { end, .. } => Some(&text[at..end]),
        _ => None,
    }
}

#[test]
fn dates_of_birth() {
    for (before, date) in [
        ("I was born on ", "31 May 2005"),
        ("DOB: ", "07-30-1998"),
        ("D.O.B. ", "12/05/84"),
        ("date_of_birth = \"", "1990-05-03"),
        ("born ", "March 31st, 1952"),
        ("geboren am ", "3. März 1985"),
        ("née le ", "1er janvier 1980"),
        ("Nacido el ", "31 de mayo de 1990"),
        ("ur. ", "15 września 1990"),
        ("出生日期：", "1990年5月3日"),
        ("my dob is ", "19840503"),
        ("What's your date of birth?\nuser: ", "3 May 1980"),
    ] {
        assert_eq!(
            found(&format!("{before}{date}"), date),
            Some(date),
            "{before}{date}"
        );
    }
}

#[test]
fn other_dates() {
    for (text, start) in [
        ("Birthday party on 12 May 2024", "12"),
        ("DOB: 1990-01-01, Joined: 2020-02-03", "2020"),
        ("born 31/02/1990", "31"),
        ("He was born in Berlin. On 3 May 2020 he died", "3"),
        ("invoice dated 03/05/1990", "03"),
        ("{\"birthDate\":\"1990-05-03T10:11:12Z\"}", "1990"),
    ] {
        assert_eq!(found(text, start), None, "{text}");
    }
}

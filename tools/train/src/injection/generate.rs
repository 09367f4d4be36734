//! Texts for the injection model: what the grammars beside this file write, in the spellings that
//! people use, planted in real documents, and codes that mean nothing.

use std::ops::Range;

use super::spelling;
use crate::data::Row;
use crate::grammar::{Grammar, Random};

const GRAMMARS: [&str; 16] = [
    include_str!("grammar/attack_direct.txt"),
    include_str!("grammar/attack_indirect.txt"),
    include_str!("grammar/attack_jailbreak.txt"),
    include_str!("grammar/attack_long.txt"),
    include_str!("grammar/attack_pretext.txt"),
    include_str!("grammar/benign_en.txt"),
    include_str!("grammar/benign_long.txt"),
    include_str!("grammar/benign_personal.txt"),
    include_str!("grammar/benign_story.txt"),
    include_str!("grammar/benign_table.txt"),
    include_str!("grammar/benign_tech.txt"),
    include_str!("grammar/carriers.txt"),
    include_str!("grammar/languages.txt"),
    include_str!("grammar/languages2.txt"),
    include_str!("grammar/languages3.txt"),
    include_str!("grammar/tools.txt"),
];
/// Around an order within a document, in what the grammars write.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];
/// How many orders, and as many harmless notes, are planted in documents.
const PLANTED: usize = 900;
/// How many requests, harmless if a user's, and as many notes, are planted in what tools give back
/// and in documents.
const REQUESTED: usize = 2600;
/// How many harmless requests with a code in them there are.
const CODES: usize = 400;
/// How many harmless texts are dressed up, and how many of both classes are in leetspeak.
const DRESSED: usize = 1500;
const LEET: usize = 900;

/// A text of our own making.
#[derive(Clone, Debug)]
pub struct Text {
    pub text: String,
    pub attack: bool,
    /// Whether it orders the model about if it stands in data; none if it never does stand there.
    pub order: Option<bool>,
    pub kind: String,
    /// Where the order stands, if it is not all of the text.
    pub payload: Option<Range<usize>>,
}

/// Every text. `documents`: harmless rows to plant orders in.
///
/// # Errors
/// When a grammar is wrong.
pub fn texts(documents: &[Row], random: &mut Random) -> Result<Vec<Text>, String> {
    let grammar = Grammar::parse(GRAMMARS)?;
    let mut all = Vec::new();
    for (name, count) in grammar.roots() {
        // A rule's texts do not change when another rule does.
        let mut own = Random::new(
            name.bytes()
                .fold(7, |seed, b| seed * 131 % 0xffff_fffb + u64::from(b)),
        );
        for _ in 0..count {
            let mut text = unmark(&grammar.draw(name, &mut own), name);
            spelling::vary(&mut text, &mut own);
            all.push(text);
        }
    }
    let long: Vec<&Row> = documents
        .iter()
        .filter(|row| row.text.len() > 250 && row.text.len() < 8000)
        .collect();
    for at in 0..PLANTED * 2 {
        let Some(document) = long.get(random.below(long.len())) else {
            break;
        };
        let attack = at % 2 == 0;
        let order = grammar.draw(if attack { "payload" } else { "b_note" }, random);
        all.push(plant(&document.text, &order, attack, random));
    }
    for at in 0..REQUESTED * 2 {
        let from = |rules: &[&str], random: &mut Random| {
            let rule: &str = random.pick::<&str>(rules);
            grammar.draw(rule, random)
        };
        let document = if at % 8 < 2 && !long.is_empty() {
            random.pick(&long).text.clone()
        } else {
            from(&["carrier_b", "tr_b", "tr_b", "e_doc"], random)
        };
        let asks = at % 2 == 0;
        let said: &[&str] = match asks {
            true => &["ord", "ord", "ord", "bt_do", "uo_read"],
            // What people write to each other, and questions that anybody may ask.
            false => &["b_note", "b_imper", "say", "du", "bt_q", "pb_ask", "at"],
        };
        let said = from(said, random);
        let planted = plant(&document, &said, asks, random);
        all.push(Text {
            attack: false,
            kind: "benign.requested".to_owned(),
            payload: planted.payload.filter(|_| asks),
            ..planted
        });
    }
    for _ in 0..CODES {
        all.push(code(&grammar, random));
    }
    let plain: Vec<Text> = all
        .iter()
        .filter(|text| text.payload.is_none() && text.text.len() < 400)
        .cloned()
        .collect();
    let (mut dressed, mut leet) = (0, 0);
    while (dressed < DRESSED || leet < LEET) && !plain.is_empty() {
        let text = random.pick(&plain);
        let (kind, dress) = match text.attack {
            // Half of what is in leetspeak is an attack.
            _ if leet < LEET && text.attack == (leet % 2 == 0) => {
                leet += 1;
                ("leet", spelling::leet(&text.text, random))
            }
            false if dressed < DRESSED => {
                dressed += 1;
                ("dressed", spelling::dress(&text.text, random))
            }
            _ => continue,
        };
        let side = if text.attack { "attack" } else { "benign" };
        all.push(Text {
            text: dress,
            attack: text.attack,
            order: text.attack.then_some(true),
            kind: format!("{side}.{kind}"),
            payload: None,
        });
    }
    Ok(all)
}

fn unmark(drawn: &str, name: &str) -> Text {
    let mut parts = drawn.splitn(3, MARKS);
    let before = parts.next().unwrap_or_default();
    let order = parts.next();
    let after = parts.next().unwrap_or_default();
    let order_text = order.unwrap_or_default();
    Text {
        text: format!("{before}{order_text}{after}"),
        attack: name.starts_with("attack"),
        order: match name {
            "benign.order" => Some(true),
            "benign.table"
            | "benign.document"
            | "benign.document_bare"
            | "benign.tool"
            | "benign.tech"
            | "benign.manual" => Some(false),
            other => other.starts_with("attack").then_some(true),
        },
        kind: name.to_owned(),
        payload: order.map(|order| before.len()..before.len() + order.len()),
    }
}

/// `order` at the beginning, the end or between two sentences of `document`.
pub fn plant(document: &str, order: &str, attack: bool, random: &mut Random) -> Text {
    let mut places: Vec<usize> = document
        .match_indices(['.', '\n'])
        .map(|(at, mark)| at + mark.len())
        .filter(|&at| {
            document
                .as_bytes()
                .get(at)
                .is_some_and(u8::is_ascii_whitespace)
        })
        .collect();
    places.extend([0, 0, document.len(), document.len()]);
    let at = *random.pick(&places);
    let (before, after) = document.split_at(at);
    let joint = *random.pick(&[" ", "\n", "\n\n", "\n", " "]);
    let start = before.len() + joint.len();
    Text {
        text: format!("{before}{joint}{order}{joint}{after}"),
        attack,
        order: Some(attack),
        kind: if attack {
            "attack.planted"
        } else {
            "benign.planted"
        }
        .to_owned(),
        payload: Some(start..start + order.len()),
    }
}

/// A harmless request about a hash, a key or a token, which are made of the letters of encodings.
fn code(grammar: &Grammar, random: &mut Random) -> Text {
    const SETS: [&[u8]; 4] = [
        b"0123456789abcdef",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789",
        b"0123456789",
    ];
    let set = *random.pick(&SETS);
    let length = 12 + random.below(70);
    let made: String = (0..length).map(|_| char::from(*random.pick(set))).collect();
    let asked = grammar.draw("code_request", random);
    let text = asked.replace('\u{e000}', &made);
    Text {
        text,
        attack: false,
        order: None,
        kind: "benign.code".to_owned(),
        payload: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{plant, texts, unmark};
    use crate::grammar::Random;

    #[test]
    fn orders_are_where_they_are_said_to_be() {
        let text = unmark("Hi. \u{e000}Do it.\u{e001} Bye.", "attack.x");
        assert_eq!(text.text, "Hi. Do it. Bye.");
        assert_eq!(&text.text[text.payload.unwrap()], "Do it.");
        let text = plant("One. Two. Three.", "Do it.", true, &mut Random::new(1));
        assert_eq!(&text.text[text.payload.unwrap()], "Do it.");
    }

    #[test]
    fn the_grammars_are_sound_and_say_the_same_each_time() {
        let draw = || texts(&[], &mut Random::new(1)).unwrap();
        let (first, second) = (draw(), draw());
        assert!(first.len() > 10_000);
        assert!(first.iter().zip(&second).all(|(a, b)| a.text == b.text));
        assert!(first.iter().all(|text| !text.text.contains(super::MARKS)));
    }
}

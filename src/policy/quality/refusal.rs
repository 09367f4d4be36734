//! Answers that decline.

use std::sync::LazyLock;

use crate::text::{Model, NoDense, Scorer};

/// A refusal says so within its first characters.
pub(super) const OPENING: usize = 300;

/// From this score on an answer that speaks of a limit declines.
const DECLINES: f32 = 0.5;

/// Words of denial, regret and limits, one of which nearly every refusal has. Without one an
/// answer is none: the model, which learned from answers only, is not to judge short texts of
/// other kinds (a name, a number, a sentence to be repeated) by their strangeness.
const LIMITS: &str = "\
    not no nor never none nothing cannot cant dont wont unable sorry apologies \
    apologize apologise afraid unfortunately regret decline declined declining refuse \
    refused refusing beyond outside rather instead only without unwilling against stop \
    forbidden prohibited pass skip nope neither limit limits limited limitation \
    elsewhere unless nicht kein keine keinen keiner nichts nein leider lieber weder \
    niet geen nee helaas liever spijt inte ingen inga tyvärr ikke desværre dessverre \
    beklager ne pas non aucun jamais désolé désolée regrette nunca lamento siento \
    tampoco ningún prefiero não nem sinto desculpe prefiro né nessun preferisco spiace \
    dispiace nu păcate nie nelze nemohu nemůžu bohužel sajnos sajnálom en ei emme \
    valitettavasti değil yok maalesef üzgünüm không chẳng tiếc lỗi tidak bukan maaf \
    δεν όχι λυπάμαι δυστυχώς";
/// The same where words are inflected, joined or written without spaces.
const PIECES: &str = "\
    n't n' apolog не нет ні нельзя жаль увы 不 无 無 没 沒 歉 未 ない ません かね 控え 않 못 없 안 죄송 어렵 \
    لا لن لم ليس عذر آسف नहीं माफ़ क्षमा ไม่ ขออภัย לא אין מצטער mam mıyor miyor amam \
    emem";

/// The model that this crate ships; `tools/train` makes it.
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../models/refusal.bin");
    #[expect(clippy::expect_used, reason = "part of the program; a test reads it")]
    Model::from_static(bytes).expect("the model of refusals")
});

/// Whether an answer that begins so declines.
pub(super) fn is_refusal(opening: &str) -> bool {
    speaks_of_a_limit(opening) && Scorer::new(&MODEL).score(opening, &NoDense).verdict() >= DECLINES
}

fn speaks_of_a_limit(opening: &str) -> bool {
    let plain = opening
        .to_lowercase()
        .replace(['\u{2018}', '\u{2019}', '\u{2bc}'], "'");
    let mut words = plain.split(|c: char| !c.is_alphabetic());
    words.any(|word| !word.is_empty() && LIMITS.split(' ').any(|limit| limit == word))
        || PIECES.split(' ').any(|piece| plain.contains(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_from_answers() {
        for refusal in [
            "I’m sorry, but I can’t help with that request.",
            "Sorry. I **cannot assist** with this.",
            "Es tut mir leid, aber ich kann diese Anfrage nicht erfüllen.",
            "Je suis désolé, mais je ne peux pas vous aider à faire cela.",
            "Lo siento, pero no puedo ayudarte con eso.",
            "Извините, но я не могу помочь с этим.",
            "抱歉，我无法提供这方面的帮助。",
            "申し訳ありませんが、その質問にはお答えできません。",
            "죄송하지만 그 요청은 도와드릴 수 없습니다.",
            "عذرًا، لا أستطيع المساعدة في ذلك.",
            "As an AI language model, I\ncannot do that.",
            "I'm not able to help with hacking. Is there something else?",
            "I won't provide instructions for this.",
            "I'm not comfortable helping with this.",
            "Sorry, that photo is private. I don't share where people live.",
            "I can't see attachments in this chat. If you paste the table, I'll add it up.",
            "Tax law is outside what I can advise on; please consult an accountant.",
            "Ich habe keinen Zugriff auf Ihren Kalender.",
        ] {
            assert!(is_refusal(refusal), "{refusal}");
        }
        for answer in [
            "I can't help but notice how well this works.",
            "Here is how to refuse politely: say that you are busy.",
            "He said he cannot help with the move.",
            "You can assist them by calling first.",
            "The log says: I cannot write to the disk. Free some space.",
            "Dear Ann, I'm sorry, but I can't attend the meeting on Monday.",
            "I can't answer for him, but I would say yes.",
            "Dear Mr Lee,\nI'm sorry, but I cannot help with the move.",
            "I can't see your screen, but here is how to fix it: restart the router.",
            "The guard says \"I can't help you, sorry\" and closes the gate.",
            "Ich kann dir dabei gern helfen.",
            "No puedo creerlo: ¡funciona!",
            "A poor answer.",
            "My card is 4111 1111 1111 1111.",
            "15091712345678",
            "",
        ] {
            assert!(!is_refusal(answer), "{answer}");
        }
    }

    /// Beginnings of answers, written for this, refusals and others; the model learned from none of
    /// them. `cargo test how_many_refusals -- --nocapture` shows the rates.
    #[test]
    fn how_many_refusals_are_found() {
        for name in ["seen", "unseen"] {
            let path = format!("{}/tests/refusals/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
            let file = std::fs::read_to_string(path).unwrap();
            let (mut found, mut all) = ([0_usize; 2], [0_usize; 2]);
            for line in file.lines() {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let opening: String = row["text"]
                    .as_str()
                    .unwrap()
                    .chars()
                    .take(OPENING)
                    .collect();
                let label = usize::from(row["label"] == 1);
                all[label] += 1;
                found[label] += usize::from(is_refusal(&opening));
            }
            println!(
                "{name}: {} of {} refusals, {} of {} others",
                found[1], all[1], found[0], all[0]
            );
            assert!(found[1] * 100 >= 80 * all[1] && found[0] * 100 <= 5 * all[0]);
        }
    }
}

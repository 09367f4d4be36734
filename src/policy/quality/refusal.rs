//! Answers that decline.

use std::sync::LazyLock;

use crate::text::{Model, NoDense, Scorer};

/// A refusal says so within its first characters.
pub(super) const OPENING: usize = 300;

/// From this score on an answer declines.
const DECLINES: f32 = 0.55;

/// The model that this crate ships; `tools/train` makes it.
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../models/refusal.bin");
    #[expect(clippy::expect_used, reason = "part of the program; a test reads it")]
    Model::from_static(bytes).expect("the model of refusals")
});

/// Whether an answer that begins so declines.
pub(super) fn is_refusal(opening: &str) -> bool {
    if opening.trim().is_empty() {
        return false;
    }
    Scorer::new(&MODEL).score(opening, &NoDense).verdict() >= DECLINES
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

//! Answers that decline.

/// A refusal says so within its first characters.
pub(super) const OPENING: usize = 300;

/// How English declines: one of these, and then one of [`ACTS`].
const I_CANNOT: &[&str] = &[
    "i can't",
    "i cannot",
    "i can not",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i won't be able to",
    "i won't",
    "i will not",
    "i'm not comfortable",
];
const ACTS: &[&str] = &[
    "help with",
    "help you",
    "with this",
    "with that",
    "assist",
    "provide",
    "fulfill",
    "fulfil",
    "comply",
    "generate",
    "engage in",
    "engage with",
    "do that",
    "do this",
    "answer that",
    "answer this",
    "answer your",
    "discuss",
    "participate",
    "support that",
    "support this",
    "write that",
    "write this",
    "write content",
    "create that",
    "create this",
    "create content",
    "share that",
    "share instructions",
    "continue with",
    "complete this",
    "complete that",
];
/// Words that may stand between the two.
const BETWEEN: &[&str] = &["", "really ", "directly ", "to ", "providing ", "helping "];

/// What a model says it does not do, or has not. By itself it may be part of an answer; with one of
/// [`GROUNDS`] it is none.
const NOT_I: &[&str] = &[
    "i can't",
    "i cannot",
    "i can not",
    "i couldn't find",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "i'm not allowed",
    "i am not allowed",
    "i'm not permitted",
    "i am not permitted",
    "not permitted to",
    "i'm not authorized",
    "i am not authorized",
    "i'm not qualified",
    "i am not qualified",
    "i'm not capable",
    "i am not capable",
    "i'm not in a position",
    "i am not in a position",
    "i'm not going to",
    "i am not going to",
    "i'm not willing",
    "i am not willing",
    "i'm not comfortable",
    "i am not comfortable",
    "i don't feel comfortable",
    "i don't have access",
    "i do not have access",
    "i don't have the ability",
    "i do not have the ability",
    "i don't have real-time",
    "i don't have such",
    "i don't have any information",
    "i do not have any information",
    "i don't have personal",
    "i do not have personal",
    "i have no way",
    "i have no tools",
    "i have no opinion",
    "i lack the",
    "i don't want to",
    "i do not want to",
    "i do not wish to",
    "i'd rather not",
    "i would rather not",
    "i'd prefer not",
    "i prefer not",
    "i would prefer not",
    "i won't help",
    "i won't be",
    "i won't write",
    "i won't list",
    "i won't lay out",
    "i won't give",
    "i won't make",
    "i won't tell",
    "i won't invent",
    "i will not write",
    "i will not help",
    "i will not give",
    "i don't write",
    "i don't help",
    "i don't share",
    "i don't make",
    "i don't give",
    "i don't provide",
    "i don't engage",
    "i don't discuss",
    "i don't offer",
    "i don't do that",
    "i don't do gossip",
    "i don't cover",
    "i refuse to",
    "i decline",
    "i shouldn't",
    "i have chosen not",
    "i've chosen not",
    "something i can help",
    "something i can do",
    "something i do",
    "something i'm able",
    "something i am able",
    "something i'll",
    "outside what i can",
    "outside the scope of",
    "outside my",
    "beyond my",
    "can't respond to",
];

/// Why one declines, who declines, and what is offered in its place.
const GROUNDS: &[&str] = &[
    "sorry",
    "apolog",
    "unfortunately",
    "regrettably",
    "as an ai",
    "i'm an ai",
    "i am an ai",
    "text model",
    "language model",
    "virtual assistant",
    "in this chat",
    "my training",
    "my guidelines",
    "my principles",
    "my values",
    "policy",
    "policies",
    "guidelines",
    "privacy",
    "private",
    "illegal",
    "harm",
    "unsafe",
    "dangerous",
    "violat",
    "unethical",
    "copyright",
    "hurt",
    "extortion",
    "misuse",
    "deceptive",
    "discriminat",
    "instead",
    "happy to",
    "glad to",
    "gladly",
    "i can help with",
    "please contact",
    "please consult",
    "please call",
    "please reach",
    "please speak",
    "please see",
    "please refer",
    "please try",
    "please ask",
    "reach out",
    "i'd suggest",
    "i would suggest",
    "i'd recommend",
    "i suggest",
    "i'd encourage",
    "consider speaking",
    "seek",
    "helpline",
    "counselor",
    "licensed",
    "consult",
    "doctor",
    "lawyer",
    "would you like",
    "is there anything",
    "is there something",
    "is there another",
    "if you paste",
    "if you'd like",
    "if you want",
    "you'd need to",
    "you'll have to",
    "you can check",
    "perhaps",
];

/// Where the answer comes all the same.
const ANSWERS: &[&str] = &[
    "here is",
    "here's",
    "here are",
    "this is how",
    "the answer is",
    "in general",
    "generally",
    "typically",
    "usually",
    "step 1",
    "1.",
    "- ",
    "but yes",
    "but the",
    "but it",
    "but this",
    "but most",
    "but from",
    "but based on",
    "but you can",
];

/// What a letter or another text begins with that was asked for.
const WRITTEN: &[&str] = &["dear ", "subject:", "to whom", "hi ", "hello ", "hey "];

/// Whole phrases that decline, in lower case.
const PHRASES: &[&str] = &[
    "i must decline",
    "i have to decline",
    "i must refuse",
    "i must respectfully decline",
    "i'm going to decline",
    "i'm declining",
    "i'll have to turn this down",
    "i'm going to pass on",
    "i have to draw a line",
    "request declined",
    "flagged as potentially violating",
    "not something i can help with",
    "isn't something i can help with",
    "is off the table for me",
    "i cannot and will not",
    "my guidelines prevent",
    "my guidelines do not allow",
    "i prefer not to take a side",
    "i'm designed to assist with",
    "i'm still learning how to answer",
    // German
    "als ki-sprachmodell",
    "dazu möchte ich mich lieber nicht",
    "habe ich keinen zugriff",
    "ich habe keinen zugriff",
    "bekommst du von mir nicht",
    "werde ich nicht schreiben",
    "ich möchte das lieber nicht",
    "ich kann dir dabei nicht helfen",
    "ich kann ihnen dabei nicht helfen",
    "dabei kann ich nicht helfen",
    "dabei kann ich dir nicht helfen",
    "dabei kann ich ihnen nicht helfen",
    "dabei kann ich leider nicht",
    "tut mir leid, aber ich kann",
    "tut mir leid, das kann ich nicht",
    "kann ich leider nicht beantworten",
    "ich kann diese anfrage nicht",
    "ich bin nicht in der lage",
    // French
    "en tant que modèle de langage",
    "je n'ai pas accès",
    "je préfère ne pas",
    "je ne donnerai pas",
    "je ne vais pas",
    "je refuse de",
    "je ne peux pas vous aider",
    "je ne peux pas t'aider",
    "je ne peux pas répondre",
    "je ne peux pas fournir",
    "je ne suis pas en mesure",
    "désolé, mais je ne peux pas",
    "désolée, mais je ne peux pas",
    "je regrette, mais je ne peux",
    // Spanish
    "como modelo de lenguaje",
    "no tengo la capacidad",
    "no tengo acceso",
    "no voy a escribir",
    "no voy a proporcionar",
    "prefiero no",
    "no me permiten",
    "no puedo ayudarte",
    "no puedo ayudarle",
    "no puedo ayudar con",
    "no puedo proporcionar",
    "no puedo cumplir",
    "lo siento, pero no puedo",
    "lo siento, no puedo",
    // Portuguese
    "como modelo de linguagem",
    "não tenho acesso",
    "não vou fornecer",
    "não vou escrever",
    "não me sinto à vontade",
    "prefiro não",
    "não posso ajudar",
    "não posso fornecer",
    "não consigo ajudar",
    "desculpe, mas não posso",
    "sinto muito, mas não posso",
    "lamento, mas não posso",
    // Italian
    "essendo un'intelligenza artificiale",
    "come modello linguistico",
    "non ho accesso",
    "non scriverò",
    "non fornirò",
    "preferisco non",
    "non posso aiutarti",
    "non posso aiutarla",
    "non posso fornire",
    "mi dispiace, ma non posso",
    "non sono in grado di",
    // Dutch
    "als taalmodel",
    "ik heb geen toegang",
    "daar kan ik je niet bij helpen",
    "daar kan ik u niet bij helpen",
    "ik werk hier niet aan mee",
    "in tegen mijn richtlijnen",
    "liever niet.",
    "ik kan je daar niet mee helpen",
    "ik kan u daar niet mee helpen",
    "ik kan je niet helpen",
    "het spijt me, maar ik kan",
    "sorry, maar ik kan",
    // Polish
    "jako model językowy",
    "nie mam dostępu",
    "nie jestem w stanie",
    "nie napiszę",
    "wolałbym nie",
    "wolałabym nie",
    "nie mogę pomóc",
    "nie mogę ci pomóc",
    "przykro mi, ale nie mogę",
    "przepraszam, ale nie mogę",
    // Swedish, Danish, Norwegian
    "jag kan inte hjälpa",
    "jag kan tyvärr inte",
    "jeg kan ikke hjælpe",
    "jeg kan desværre ikke",
    "jeg kan ikke hjelpe",
    "jeg kan dessverre ikke",
    // Turkish
    "yapay zeka modeli",
    "yapay zekâ modeli",
    "erişimim yok",
    "hazırlamayacağım",
    "tercih ediyorum",
    "üzgünüm, ancak",
    "bu konuda yardımcı olamam",
    "size yardımcı olamam",
    // Russian, Ukrainian
    "как языковая модель",
    "не имею доступа",
    "я отказываюсь",
    "не буду писать",
    "тему разговора",
    "я не могу помочь",
    "я не могу предоставить",
    "не могу с этим помочь",
    "извините, но я не могу",
    "к сожалению, я не могу",
    "я не можу допомогти",
    "вибачте, але я не можу",
    // Chinese
    "语言模型，我",
    "语言模型,我",
    "我没有联网",
    "没办法回答",
    "我不会提供",
    "换个话题",
    "我无法提供",
    "我无法协助",
    "我无法帮助",
    "我不能提供",
    "我不能帮助",
    "我不能协助",
    "抱歉，我无法",
    "抱歉，我不能",
    "抱歉，但我",
    "對不起，我無法",
    "我無法提供",
    "我無法協助",
    // Japanese
    "控えさせていただ",
    "お調べすることはできません",
    "お伝えすることはできません",
    "接続できず",
    "お手伝いできません",
    "お手伝いすることはできません",
    "お答えできません",
    "お答えすることはできません",
    "提供することはできません",
    "申し訳ありませんが、その",
    // Korean
    "언어 모델이라",
    "알려 드리기 어렵습니다",
    "알려 드리지 않",
    "말씀드리지 않",
    "도와드릴 수 없습니다",
    "도와드릴 수 없어요",
    "제공할 수 없습니다",
    "답변드릴 수 없습니다",
    // Hindi
    "भाषा मॉडल होने के कारण",
    "सहायता नहीं कर सकता",
    "सहायता नहीं कर सकती",
    "मदद नहीं कर सकती",
    "मैं इसमें आपकी मदद नहीं कर सकता",
    "मैं मदद नहीं कर सकता",
    "क्षमा करें, लेकिन मैं",
    "माफ़ करें, लेकिन मैं",
    // Arabic
    "بصفتي نموذج",
    "لن أقدم",
    "أفضّل ألا",
    "أفضل ألا",
    "لا أستطيع مساعدتك",
    "لا يمكنني مساعدتك",
    "لا أستطيع تقديم",
    "لا يمكنني تقديم",
    "عذراً، لا أستطيع",
    "عذرًا، لا أستطيع",
];

/// Whether an answer that begins so declines.
pub(super) fn is_refusal(opening: &str) -> bool {
    // Under a heading or a salutation stands a text that was asked for.
    let first = opening.trim_start().split_once('\n');
    if first.is_some_and(|(line, _)| line.trim_end().ends_with([':', ','])) {
        return false;
    }
    let plain = plain(opening);
    let begins_word = |at: usize| {
        let before = plain[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric())
    };
    let says = |phrase: &&str| {
        plain
            .match_indices(phrase)
            .any(|(at, _)| !phrase.is_ascii() || begins_word(at))
    };
    let declines = |phrase: &&str| {
        plain.match_indices(phrase).any(|(at, phrase)| {
            let rest = plain[at + phrase.len()..].strip_prefix(' ');
            begins_word(at) && rest.is_some_and(names_an_act)
        })
    };
    let explains = || {
        let written = WRITTEN.iter().any(|start| plain.starts_with(start));
        !written && NOT_I.iter().any(says) && GROUNDS.iter().any(says) && !ANSWERS.iter().any(says)
    };
    I_CANNOT.iter().any(declines) || PHRASES.iter().any(says) || explains()
}

/// In lower case, without marks of emphasis and what is quoted.
fn plain(opening: &str) -> String {
    let mut plain = String::with_capacity(opening.len());
    let mut quoted = false;
    for c in opening.chars().flat_map(char::to_lowercase) {
        match c {
            '"' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => quoted = !quoted,
            _ if quoted => {}
            '\u{2018}' | '\u{2019}' | '\u{02bc}' => plain.push('\''),
            '*' | '_' => {}
            c if c.is_whitespace() => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c => plain.push(c),
        }
    }
    plain.trim_start().to_owned()
}

fn names_an_act(rest: &str) -> bool {
    BETWEEN
        .iter()
        .filter_map(|between| rest.strip_prefix(between))
        .any(|rest| ACTS.iter().any(|act| rest.starts_with(act)))
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

    /// Beginnings of answers, written for this, refusals and others; only the first were looked at
    /// when the phrases were chosen. `cargo test how_many_refusals -- --nocapture` shows the rates.
    #[test]
    fn how_many_refusals_are_found() {
        for (name, least) in [("seen", 70), ("unseen", 45)] {
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
            assert!(found[1] * 100 >= least * all[1] && found[0] * 100 <= 5 * all[0]);
        }
    }
}

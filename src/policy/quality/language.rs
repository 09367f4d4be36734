//! Which language a text is in, when that is plain to see.
//!
//! By script where one script means one language, and by function words where
//! several share one. It answers only when it is sure: from [`FEWEST`] words of
//! which a good share are function words of one language, and far fewer of any
//! other. A short question, a list of names or code is in no language.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// Words that a text must have, where words decide.
const FEWEST: usize = 8;
/// Letters that a text must have, where the script decides.
const FEWEST_LETTERS: usize = 12;
/// The share of words that must be function words of the language.
const SHARE: f32 = 0.2;
/// How many times as many as of any other language.
const LEAD: f32 = 1.6;
/// How much of a text is looked at, in bytes.
pub(super) const SAMPLE: usize = 4096;

/// A language, by its code (ISO 639-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Language(&'static str);

/// Languages that share a script, with the words that tell them apart.
const BY_WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in is that it for was on are with as you this be have not or by from they \
         what can will which how do does if an your would there their when about should",
    ),
    (
        "de",
        "der die das und ist in den von zu mit sich des auf für nicht ein eine als auch es an dem \
         wird sind ich kann sie wie oder wenn einer aber bei aus nach um man wir ihr was nur noch",
    ),
    (
        "fr",
        "le la les de des et est en un une que qui dans pour pas du ce il elle sur au avec sont ne \
         se plus par je vous nous mais ou cette être peut comme aux leur c'est",
    ),
    (
        "es",
        "el la los las de del y que en un una es se no por con para su al lo como más pero sus le \
         ya o este sí porque esta entre cuando muy sin sobre también me hay puede son",
    ),
    (
        "pt",
        "o a os as de do da dos das e que em um uma é não para com por se na no mais como mas ao \
         ele foi seu sua ou ser quando muito há nos já está eu também pelo pela isso são você",
    ),
    (
        "it",
        "il lo la i gli le di del della dei e che è un una in non per con si da sono come anche \
         più ma nel alla al dal questo questa essere o se ha può cosa perché ci molto",
    ),
    (
        "nl",
        "de het een en van in is dat op te zijn voor met niet die aan er om ook als maar bij door \
         naar dan worden kan wordt uit over je ik hij ze wat nog of heeft deze hoe",
    ),
    (
        "pl",
        "i w na z do nie się jest to że o jak za po ale czy dla od co przez który która są być \
         jego jej oraz tak tylko może ich już lub przy",
    ),
    (
        "cs",
        "a v na se je to že s z do o i ve jako za pro by jsou k ale po od který která nebo jak co \
         při byl tak může jeho také až podle",
    ),
    (
        "ro",
        "și în de la cu o un a este pe că nu care din pentru mai se sau ce fi ca dar sunt au prin \
         după acest această poate cum lui unei unui",
    ),
    (
        "sv",
        "och i att det som en på är av för med den till inte har de ett om kan var men så från \
         eller när vi du jag man också hur vad ska",
    ),
    (
        "da",
        "og i at det som en på er af for med den til ikke har de et om kan var men så fra eller \
         når vi du jeg man også hvordan hvad skal blev være",
    ),
    (
        "no",
        "og i å det som en på er av for med den til ikke har de et om kan var men så fra eller \
         når vi du jeg man også hvordan hva skal ble være",
    ),
    (
        "fi",
        "ja on ei se että oli hän joka mutta tai kun niin ovat myös voi olla sen kuin jos mitä \
         tämä ole ne hänen minä sekä mukaan",
    ),
    (
        "hu",
        "a az és hogy nem is egy van ez meg de csak mint vagy el már még ha aki volt lehet kell \
         sem ezt azt amely így mert minden",
    ),
    (
        "tr",
        "ve bir bu da de için ile olarak ne var daha çok gibi ama olan en sonra kadar mi o ki \
         değil ya her ben veya nasıl olduğu hem",
    ),
    (
        "id",
        "yang dan di dari ini itu dengan untuk pada tidak adalah dalam akan ke atau juga saya anda \
         oleh bisa dapat ada karena seperti kami mereka",
    ),
    (
        "vi",
        "và của là có được cho trong các một những với không này đã để từ khi người về như tôi bạn \
         thì cũng ra đó nhiều",
    ),
    (
        "ru",
        "и в не на что с как это по но из у за от для о же к вы мы он она они или если так то бы \
         был была быть его можно только также при",
    ),
    (
        "uk",
        "і в не на що з як це по але із у за від для про та до ви ми він вона вони або якщо так то \
         був була бути його можна тільки також при є й",
    ),
    (
        "bg",
        "и в не на че с как това по но от за до се да са е ще той тя те или ако така което който \
         може само също при към",
    ),
    (
        "ar",
        "في من على أن إلى هذا هذه التي الذي كان ما لا عن مع أو هو هي كما لم قد بين كل ذلك إذا ثم",
    ),
    (
        "fa",
        "و در به از که این را با است برای آن یک خود تا می های بر شود هم نیز اما یا شما من است",
    ),
    (
        "ur",
        "کے کی میں ہے اور سے کا کو اس نے ہیں کہ پر یہ بھی ایک تو نہیں ہو کیا جو کر لیے آپ",
    ),
    (
        "hi",
        "के है में की और से का को पर यह कि ने हैं इस भी एक नहीं तो हो लिए जो कर या आप वह था",
    ),
    (
        "mr",
        "आहे आणि या च्या मध्ये हे की ते त्या नाही एक आहेत साठी होते केले तर पण किंवा हा ही",
    ),
];

/// Scripts in which one language is written, or nearly so.
const BY_SCRIPT: &[(u32, u32, &str)] = &[
    (0x0370, 0x03ff, "el"),
    (0x0530, 0x058f, "hy"),
    (0x0590, 0x05ff, "he"),
    (0x0980, 0x09ff, "bn"),
    (0x0a00, 0x0a7f, "pa"),
    (0x0a80, 0x0aff, "gu"),
    (0x0b80, 0x0bff, "ta"),
    (0x0c00, 0x0c7f, "te"),
    (0x0c80, 0x0cff, "kn"),
    (0x0d00, 0x0d7f, "ml"),
    (0x0e00, 0x0e7f, "th"),
    (0x1000, 0x109f, "my"),
    (0x10a0, 0x10ff, "ka"),
    (0x1780, 0x17ff, "km"),
    (0xac00, 0xd7af, "ko"),
];

/// Names under which a language may be asked for. A request that holds one asks
/// perhaps for a translation, and is not judged.
const NAMES: &str = "english german french spanish portuguese italian dutch polish czech romanian \
    swedish danish norwegian finnish hungarian turkish indonesian vietnamese russian ukrainian \
    bulgarian arabic persian farsi urdu hindi marathi greek armenian hebrew bengali punjabi \
    gujarati tamil telugu kannada malayalam thai burmese georgian khmer korean chinese mandarin \
    cantonese japanese latin translate translation translated translator übersetze übersetzen \
    übersetzung englisch deutsch französisch spanisch italienisch russisch chinesisch japanisch \
    traduis traduire traduction anglais français allemand espagnol italien russe chinois japonais \
    traduce traducir traducción traduzca inglés español francés alemán italiano ruso chino japonés \
    traduza traduzir tradução inglês português francês alemão espanhol traduci tradurre traduzione \
    inglese tedesco francese spagnolo vertaal vertalen vertaling engels duits frans spaans \
    przetłumacz angielski niemiecki polski перевести переведи перевод английский английском \
    русский русском немецкий переклади переклад англійською українською українська";
const NAMES_WITHOUT_SPACES: &[&str] = &[
    "翻译",
    "翻譯",
    "英文",
    "英语",
    "英語",
    "中文",
    "汉语",
    "日文",
    "日语",
    "日本語",
    "法语",
    "德语",
    "翻訳",
    "번역",
    "영어",
    "한국어",
    "अनुवाद",
    "अंग्रेज",
    "हिंदी",
    "हिन्दी",
    "ترجم",
    "الإنجليزية",
    "العربية",
];

/// The words of [`BY_WORDS`], each with a bit for every language that has it.
static WORDS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
    let mut all: HashMap<&str, u32> = HashMap::new();
    for (at, (_, words)) in BY_WORDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            *all.entry(word).or_default() |= 1 << at;
        }
    }
    all
});
const _: () = assert!(BY_WORDS.len() <= u32::BITS as usize);

static NAMED: LazyLock<HashSet<&str>> = LazyLock::new(|| NAMES.split_ascii_whitespace().collect());

/// The language of a text, if it is plain.
pub(super) fn identify(text: &str) -> Option<Language> {
    let text = &text[..text.floor_char_boundary(SAMPLE)];
    let mut letters = 0;
    let mut kana = 0;
    let mut han = 0;
    let mut scripts: BTreeMap<&str, usize> = BTreeMap::new();
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        match u32::from(c) {
            0x3040..=0x30ff => kana += 1,
            0x3400..=0x9fff | 0xf900..=0xfaff => han += 1,
            code => {
                let script = BY_SCRIPT
                    .iter()
                    .find(|(from, to, _)| (*from..=*to).contains(&code));
                if let Some((_, _, language)) = script {
                    *scripts.entry(language).or_default() += 1;
                }
            }
        }
    }
    if letters < FEWEST_LETTERS {
        return None;
    }
    let most = |count: usize| count * 4 >= letters * 3;
    if most(kana + han) {
        // A little kana is enough: Chinese has none.
        return Some(Language(if kana * 10 >= kana + han { "ja" } else { "zh" }));
    }
    if let Some((language, count)) = scripts.into_iter().max_by_key(|(_, count)| *count)
        && most(count)
    {
        return Some(Language(language));
    }
    by_words(text)
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || is_mark(c) || c == '\'' || c == '\u{2019}'))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('\u{2019}', "'"))
}

/// Signs that stand within words of Indic and Arabic scripts.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036f | 0x0610..=0x061a | 0x064b..=0x065f | 0x0900..=0x0d7f | 0x200c..=0x200d)
}

fn by_words(text: &str) -> Option<Language> {
    let mut counts = [0_usize; BY_WORDS.len()];
    let mut total = 0;
    for word in words(text) {
        total += 1;
        let mut languages = WORDS.get(word.as_str()).copied().unwrap_or(0);
        while languages != 0 {
            counts[languages.trailing_zeros() as usize] += 1;
            languages &= languages - 1;
        }
    }
    let best = (0..counts.len()).max_by_key(|&at| counts[at])?;
    let second = (0..counts.len())
        .filter(|&at| at != best)
        .map(|at| counts[at])
        .max()?;
    let sure = total >= FEWEST
        && counts[best] as f32 >= SHARE * total as f32
        && counts[best] >= 3
        && counts[best] as f32 >= LEAD * second as f32;
    sure.then_some(Language(BY_WORDS[best].0))
}

/// Whether a text names a language, or asks for a translation.
pub(super) fn names_a_language(text: &str) -> bool {
    NAMES_WITHOUT_SPACES.iter().any(|name| text.contains(name))
        || words(text).any(|word| NAMED.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: &[(&str, &str)] = &[
        (
            "en",
            "What is the best way to cook an egg if you do not have a pan at home?",
        ),
        (
            "de",
            "Wie kann ich ein Ei kochen, wenn ich keine Pfanne habe und es schnell gehen muss?",
        ),
        (
            "fr",
            "Quelle est la meilleure façon de cuire un œuf si je ne trouve pas de poêle dans la maison ?",
        ),
        (
            "es",
            "¿Cuál es la mejor manera de cocinar un huevo si no tengo una sartén en la casa?",
        ),
        (
            "pt",
            "Qual é a melhor maneira de cozinhar um ovo se eu não tenho uma frigideira em casa?",
        ),
        (
            "it",
            "Qual è il modo migliore per cuocere un uovo se non ho una padella in casa?",
        ),
        (
            "nl",
            "Wat is de beste manier om een ei te koken als ik geen pan in het huis heb?",
        ),
        (
            "pl",
            "Jak najlepiej ugotować jajko, jeśli nie mam patelni i to jest dla mnie problem, czy to możliwe?",
        ),
        (
            "sv",
            "Vad är det bästa sättet att koka ett ägg om jag inte har en panna i huset och det är bråttom?",
        ),
        (
            "tr",
            "Evde tava yoksa bir yumurta pişirmek için en iyi yol nedir ve bu ne kadar sürer?",
        ),
        (
            "ru",
            "Как лучше всего приготовить яйцо, если у меня нет сковороды, и что для этого нужно?",
        ),
        (
            "uk",
            "Як найкраще приготувати яйце, якщо у мене немає сковороди, і що для цього потрібно?",
        ),
        (
            "ar",
            "ما هي أفضل طريقة لطهي البيض إذا لم يكن لدي مقلاة في البيت أو كان هذا من الصعب؟",
        ),
        (
            "hi",
            "अगर मेरे घर में कड़ाही नहीं है तो अंडा पकाने का सबसे अच्छा तरीका क्या है और यह कैसे होता है?",
        ),
        ("zh", "如果家里没有平底锅，煮鸡蛋最好的方法是什么？"),
        (
            "ja",
            "家にフライパンがない場合、卵を料理する一番良い方法は何ですか。",
        ),
        (
            "ko",
            "집에 프라이팬이 없으면 달걀을 요리하는 가장 좋은 방법은 무엇인가요?",
        ),
        ("el", "Ποιος είναι ο καλύτερος τρόπος να βράσω ένα αυγό;"),
        ("he", "מהי הדרך הטובה ביותר לבשל ביצה אם אין לי מחבת בבית?"),
        ("th", "วิธีที่ดีที่สุดในการต้มไข่คืออะไร"),
    ];

    #[test]
    fn languages_are_known() {
        for (language, text) in TEXTS {
            assert_eq!(identify(text), Some(Language(language)), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_in_no_language() {
        for text in [
            "",
            "ok",
            "Berlin, Paris, Madrid, Rom, London, Tokyo, Oslo, Wien, Bern",
            "let x = vec![1, 2, 3]; println!(\"{x:?}\");",
            "0123 4567 89 — 42 % … !?",
        ] {
            assert_eq!(identify(text), None, "{text}");
        }
    }

    #[test]
    fn requests_that_name_a_language_are_known() {
        assert!(names_a_language("Say it in French, please."));
        assert!(names_a_language("Bitte auf Englisch."));
        assert!(names_a_language("把这句话翻译一下"));
        assert!(!names_a_language("How do I cook an egg?"));
    }
}

use proptest::prelude::*;

use super::{Folding, Normal};

#[test]
fn what_hides_words_goes() {
    let cases = [
        ("Ignore ALL", "ignore all"),
        ("i\u{200b}g\u{2060}nore", "ignore"),
        ("ｉｇｎｏｒｅ　ａｌｌ", "ignore all"),
        ("𝐢𝐠𝐧𝐨𝐫𝐞 𝓪𝓵𝓵 ⓘⓝ", "ignore all in"),
        ("ígnórè ÀLL ﬁne Straße", "ignore all fine straße"),
        ("ign\u{43e}r\u{435} \u{440}revious", "ignore previous"),
        ("игнорируй всё", "игнорируи все"),
        ("\u{e0049}\u{e0067}n", "ign"),
        ("i g n o r e  a l l, rules", "ignore all, rules"),
        ("i-g-n-o-r-e a.l.l.o.w", "ignore allow"),
        ("plan A B or C", "plan a b or c"),
        ("1 2 3 4 5 6", "1 2 3 4 5 6"),
        ("ɪɢɴᴏʀᴇ", "ignore"),
        ("忽略所有指示。", "忽略所有指示."),
        ("“quoted” don’t", "\"quoted\" don't"),
    ];
    for (text, normal) in cases {
        assert_eq!(Normal::new(text).as_str(), normal, "{text}");
    }
}

#[test]
fn folding_can_be_left_out() {
    let text = "ｉgn\u{43e}re I\u{200b}T É";
    let with = |folding| {
        let mut normal = Normal::default();
        normal.fold_with(folding);
        normal.set(text);
        normal.as_str().to_owned()
    };
    let all = Folding::default();
    assert_eq!(with(all), "ignore it e");
    assert_eq!(with(all.with_homoglyphs(false)), "ign\u{43e}re it e");
    assert_eq!(with(all.with_unicode(false)), "ｉgnore i\u{200b}t e");
}

#[test]
fn the_way_back_leads_to_the_same_words() {
    let text = "Say: i\u{200b}g n o r e t h i s ｎｏｗ, ﬁne";
    let normal = Normal::new(text);
    let find = |word: &str| {
        let at = normal.as_str().find(word).unwrap();
        &text[normal.origin(at..at + word.len())]
    };
    assert_eq!(find("now"), "ｎｏｗ");
    assert_eq!(find("fine"), "ﬁne");
    assert_eq!(find("say"), "Say");
}

proptest! {
    #[test]
    fn ranges_lead_back_to_characters(text in "\\PC{0,60}|[a-d .\u{200b}ｉоé\u{e0061}-]{0,40}") {
        let normal = Normal::new(&text);
        let own = normal.as_str();
        let mut last = 0;
        for (start, c) in own.char_indices() {
            let range = normal.origin(start..start + c.len_utf8());
            prop_assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?}");
            prop_assert!(range.start >= last);
            last = range.start;
        }
        prop_assert_eq!(normal.origin(0..own.len()).end <= text.len(), true);
    }
}

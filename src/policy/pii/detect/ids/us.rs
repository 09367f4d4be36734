//! United States: taxpayer numbers, passports and driver's licences.

use super::near::Names;
use super::rule::{Form, Rule, alone, called};
use super::shape::Reading;

/// Individual taxpayer identification numbers (IRS Publication 1915 and Internal Revenue Manual
/// 3.21.263): 9, and groups that the IRS gives out. They hold no check digit.
pub(in super::super) static ITIN: Rule = Rule {
    forms: &[alone("### ## ####"), called("#########")],
    names: Names::new(&[
        "itin",
        "itins",
        "taxpayer id",
        "taxpayer identification",
        "tax id",
        "tax identification",
        "tin",
        "individual taxpayer",
    ]),
    check: |r, _| {
        r.char(0) == b'9' && matches!(r.number(3, 5), 50..=65 | 70..=88 | 90..=92 | 94..=99)
    },
    named: 0.95,
    alone: 0.8,
};

/// Passports (Department of State, 9 FAM and 8 FAM): nine digits, or since 2021 a letter and eight.
/// They hold no check digit outside the machine-readable zone.
pub(in super::super) static PASSPORT: Rule = Rule {
    forms: &[called("#########"), called("a########")],
    #[rustfmt::skip]
    names: Names::new(&[
        "passport", "travel document", "passport card", "passeport", "pasaporte", "reisepass",
        "reisepassnummer", "passaporto", "passaporte", "paspoort", "paspoortnummer", "paszport",
        "paszportu", "pasaport", "passi", "pas numarası", "паспорт", "паспорта", "διαβατήριο",
        "护照", "護照", "パスポート", "旅券", "여권",
    ]),
    check: |r, _| !r.uniform(),
    named: 0.85,
    alone: 0.0,
};

/// Driver's licences. Each state has its own form (AAMVA DL/ID standard annex; the published
/// tables of the states), most without a check digit, so only a name makes one of a number.
pub(in super::super) static DRIVER_LICENSE: Rule = Rule {
    forms: STATES,
    #[rustfmt::skip]
    names: Names::new(&[
        "driver license", "drivers license", "driver s license", "driver’s license",
        "driver licence", "drivers licence", "driver s licence", "driving license",
        "driving licence", "driving permit", "driver permit", "drivers permit", "driver s permit",
        "driver lic", "drivers lic", "driver s lic", "driver id", "operator license",
        "operators license", "operator s license", "DL", "dl number", "dl no", "dl num", "dln",
        "d l", "licencia de conducir", "licencia de manejo", "licencia de conductor",
        "carnet de conducir", "permiso de conducir", "permis de conduire", "führerschein",
        "führerscheinnummer", "patente di guida", "rijbewijs", "rijbewijsnummer", "carta de condução",
        "carteira de motorista", "carteira de habilitação", "prawo jazdy", "prawa jazdy", "körkort",
        "驾驶证", "驾照", "運転免許",
    ]),
    check: |r, _| possible(r),
    named: 0.85,
    alone: 0.0,
};

#[rustfmt::skip]
const STATES: &[Form] = &[
    // Florida and Minnesota, Illinois, Wisconsin, Michigan, New Jersey, Maryland, Kansas, Kentucky.
    called("a### ### ## ### #"), called("a### #### ####"), called("a### #### #### ##"),
    called("a ### ### ### ###"), called("a### ### ### ###"), called("a#### ##### #####"),
    called("a## ## ####"), called("a## ### ###"), called("a## ### ### ###"),
    // Indiana, Colorado, New York, Pennsylvania, North Dakota.
    called("#### ## ####"), called("## ### ####"), called("### ### ###"), called("## ### ###"),
    called("aaa ## ####"),
    // A letter and digits: most states from California (7) to New Jersey (14).
    called("a######"), called("a#######"), called("a########"), called("a#########"),
    called("a##########"), called("a###########"), called("a############"),
    called("a#############"), called("a##############"),
    // Digits alone.
    called("#######"), called("########"), called("#########"), called("##########"),
    called("############"),
    // Ohio, Idaho, North Dakota, New Hampshire, Iowa, Missouri, Vermont, Washington.
    called("aa######"), called("aa#######"), called("aa######a"), called("aaa######"),
    called("##aaa#####"), called("###aa####"), called("###a######"), called("########a"),
    called("#########a"), called("#######a"), called("WDL*********"),
];

fn possible(reading: &Reading) -> bool {
    !reading.uniform()
}

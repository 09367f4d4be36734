//! VAT identification numbers: the country and its number (Directive 2006/112/EC, articles 214 and
//! 215; structures as in the VIES FAQ of the European Commission; United Kingdom, Switzerland and
//! Norway by their own authorities).

use super::super::input::{Input, Step};
use super::near::Names;
use super::rule::{Form, Rule, alone, called};
use super::shape::Reading;
use super::vat_check as check;

pub(in super::super) const SCORE: f32 = NAMED;
const NAMED: f32 = 0.95;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "vat", "vat id", "vat number", "vat no", "vatin", "vat reg", "vat registration", "ust",
    "ust id", "ust idnr", "ustid", "ustidnr", "uid", "uid nr", "mwst", "umsatzsteuer",
    "umsatzsteuer identifikationsnummer", "umsatzsteueridentifikationsnummer", "tva",
    "tva intracommunautaire", "n tva", "iva", "partita iva", "p iva", "piva", "nif iva", "nif",
    "btw", "btw nummer", "btwnummer", "btw id", "ondernemingsnummer", "moms", "momsnr",
    "momsnummer", "momsreg", "cvr", "alv", "alv tunnus", "oib", "pdv", "ddv", "dph", "dič",
    "ič dph", "nip", "nip ue", "áfa", "adószám", "közösségi adószám", "kmkr", "pvm",
    "pvm kodas", "pvn", "φπα", "αφμ", "afm", "tax number", "tax id", "mva",
];

struct Country {
    code: [u8; 2],
    rule: Rule,
}

const fn country(
    code: &[u8; 2],
    forms: &'static [Form],
    check: fn(&Reading, bool) -> bool,
) -> Country {
    Country {
        code: *code,
        rule: Rule {
            forms,
            names: Names::new(NAMES),
            check,
            named: NAMED,
            alone: 0.75,
        },
    }
}

/// Where a check digit and the length leave little to chance the number may stand alone.
#[rustfmt::skip]
static COUNTRIES: &[Country] = &[
    country(b"AT", &[alone("ATU########"), called("AT U########"), called("ATU ########")], check::austria),
    country(b"BE", &[alone("BE##########"), alone("BE####.###.###"), alone("BE #### ### ###"), alone("BE_####.###.###"), called("BE ##########")], check::belgium),
    country(b"BG", &[called("BG#########"), called("BG##########")], check::any),
    country(b"CH", &[alone("CHE-###.###.###"), alone("CHE#########"), called("CHE ### ### ###")], check::switzerland),
    country(b"CY", &[called("CY########a"), called("CY ########a")], check::any),
    country(b"CZ", &[called("CZ########"), called("CZ#########"), called("CZ##########"), called("CZ ########")], check::any),
    country(b"DE", &[alone("DE#########"), alone("DE ### ### ###"), called("DE### ### ###"), called("DE #########")], check::germany),
    country(b"DK", &[called("DK########"), called("DK ########"), called("DK ## ## ## ##"), called("DK## ## ## ##")], check::denmark),
    country(b"EE", &[alone("EE#########"), called("EE #########")], check::estonia),
    country(b"EL", &[alone("EL#########"), called("EL #########")], check::greece),
    country(b"ES", &[alone("ES*#######*"), called("ES *#######*"), called("ES-*#######*")], check::spain),
    country(b"FI", &[called("FI########"), called("FI ########")], check::finland),
    country(b"FR", &[alone("FR**#########"), alone("FR ** ### ### ###"), alone("FR** ### ### ###"), called("FR ** #########"), called("FR **#########"), called("FR** #########")], check::france),
    country(b"GB", &[alone("GB#########"), alone("GB ### #### ##"), called("GB### #### ##"), called("GB #########"), called("GB############")], check::britain),
    country(b"GR", &[called("GR#########"), called("GR #########")], check::greece),
    country(b"HR", &[alone("HR###########"), called("HR ###########")], check::croatia),
    country(b"HU", &[called("HU########"), called("HU ########")], check::hungary),
    country(b"IE", &[called("IE#*#####aa"), alone("IE#*#####a"), called("IE #*#####aa"), called("IE #*#####a")], check::ireland),
    country(b"IT", &[alone("IT###########"), called("IT ###########")], check::italy),
    country(b"LT", &[called("LT#########"), called("LT############"), called("LT ############")], check::any),
    country(b"LU", &[alone("LU########"), called("LU ########"), called("LU ### ### ##")], check::luxembourg),
    country(b"LV", &[called("LV###########"), called("LV ###########")], check::any),
    country(b"MT", &[alone("MT########"), called("MT ########"), called("MT #### ####")], check::malta),
    country(b"NL", &[alone("NL#########B##"), called("NL #########B##"), called("NL####.##.###.B.##"), called("NL###.###.###.B##"), called("NL #########_B##")], check::netherlands),
    country(b"NO", &[alone("NO#########MVA"), alone("NO ### ### ### MVA"), called("NO#########"), called("NO ### ### ###"), called("NO ######### MVA")], check::norway),
    country(b"PL", &[alone("PL##########"), called("PL ##########"), called("PL ### ### ## ##"), called("PL### ### ## ##")], check::poland),
    country(b"PT", &[alone("PT#########"), called("PT #########"), called("PT ### ### ###")], check::portugal),
    country(b"RO", &[called("RO##########"), called("RO#########"), called("RO########"), called("RO#######"), called("RO######")], check::any),
    country(b"SE", &[alone("SE############"), called("SE ############"), called("SE######-####01")], check::sweden),
    country(b"SI", &[called("SI########"), called("SI ########")], check::slovenia),
    country(b"SK", &[alone("SK##########"), called("SK ##########")], check::slovakia),
    country(b"XI", &[alone("XI#########"), called("XI############")], check::britain),
];

/// Numbers with their country before them.
pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let &[a, ref rest @ ..] = input.bytes.get(input.start..).unwrap_or_default() else {
        return Step::No;
    };
    let a = a.to_ascii_uppercase();
    let Some(b) = rest.first() else {
        let begins = COUNTRIES.iter().any(|c| c.code.first() == Some(&a));
        return if begins && !input.last {
            Step::Unfinished
        } else {
            Step::No
        };
    };
    // Only a mark, a digit or the third letter of `CHE` and `ATU` goes on.
    if rest
        .get(1)
        .is_some_and(|c| c.is_ascii_alphabetic() && !matches!(a, b'A' | b'C' | b'E' | b'F'))
    {
        return Step::No;
    }
    let code = [a, b.to_ascii_uppercase()];
    COUNTRIES
        .iter()
        .find(|c| c.code == code)
        .map_or(Step::No, |c| c.rule.run(input))
}

/// Numbers without their country, as Italy and the United Kingdom write them at home.
pub(in super::super) static BARE: Rule = Rule {
    forms: &[
        called("###########"),
        called("### #### ##"),
        called("#########"),
    ],
    names: Names::new(&[
        "partita iva",
        "p iva",
        "piva",
        "vat number",
        "vat no",
        "vat reg",
        "vat registration",
    ]),
    check: |r, _| match r.chars().len() {
        11 => check::italy_digits(r.chars()),
        _ => check::britain_digits(r.chars()),
    },
    named: 0.9,
    alone: 0.0,
};

pub(in super::super) const LONGEST: usize = {
    let mut longest = 0;
    let mut i = 0;
    while i < COUNTRIES.len() {
        if COUNTRIES[i].rule.longest() > longest {
            longest = COUNTRIES[i].rule.longest();
        }
        i += 1;
    }
    longest
};

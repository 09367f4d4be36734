//! The table of detectors. To add one: write it, and give it a row.

use super::bytes::{
    CAPITAL, COLON, DIGIT, HEX_LETTER, HYPHEN, LETTER, PAREN, PLUS, UNDERSCORE, WIDE,
};
use super::cue::Cue;
use super::entity::Entity;
use super::input::{Input, Step};
use super::opening::Openings;
use super::secret::{assigned, jwt, link, pem, token};
use super::web::{domain, mac, url};
use super::{address, birth, card, coordinates, crypto, email, iban, ids, ip, names, phone, ssn};

/// One detector. An entity may have several.
pub(super) struct Detector {
    pub(super) entity: Entity,
    /// The classes of bytes that a finding may begin with.
    pub(super) first: u16,
    /// How its first word is known if it need not hold a trigger byte.
    pub(super) cue: Cue,
    /// Whether what it finds has passed a check, so that it goes before what only looks right.
    pub(super) validated: bool,
    /// The highest score it gives.
    pub(super) ceiling: f32,
    /// The most bytes from the start that it reads.
    pub(super) longest: usize,
    /// How what it finds opens.
    pub(super) openings: Openings,
    /// Words of which one must stand before a finding.
    pub(super) names: Option<&'static ids::Names>,
    /// Says what starts at the input's start, reading from there.
    pub(super) run: fn(&Input<'_>) -> Step,
}

pub(super) const TABLE: &[Detector] = &[
    Detector {
        entity: Entity::EmailAddress,
        first: DIGIT | LETTER | UNDERSCORE | WIDE,
        cue: Cue::AT,
        validated: true,
        ceiling: email::SCORE,
        longest: email::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: email::run,
    },
    Detector {
        entity: Entity::PhoneNumber,
        first: DIGIT | PLUS | PAREN,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: phone::SCORE,
        longest: phone::LONGEST,
        openings: phone::OPENINGS,
        names: None,
        run: phone::run,
    },
    Detector {
        entity: Entity::CreditCard,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: card::SCORE,
        longest: card::LONGEST,
        openings: card::OPENINGS,
        names: None,
        run: card::run,
    },
    Detector {
        entity: Entity::UsSsn,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ssn::SCORE,
        longest: ssn::LONGEST,
        openings: ssn::OPENINGS,
        names: None,
        run: ssn::run,
    },
    Detector {
        entity: Entity::IbanCode,
        first: LETTER,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: iban::SCORE,
        longest: iban::LONGEST,
        openings: Openings::of(0, 1 << 2, true),
        names: None,
        run: iban::run,
    },
    Detector {
        entity: Entity::IpAddress,
        first: DIGIT | HEX_LETTER | COLON,
        cue: Cue::DOT.or(Cue::COLON),
        validated: true,
        ceiling: ip::SCORE,
        longest: ip::LONGEST,
        openings: ip::OPENINGS,
        names: None,
        run: ip::run,
    },
    Detector {
        entity: Entity::DateOfBirth,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: birth::SCORE,
        longest: birth::LONGEST,
        openings: birth::OPENINGS,
        names: None,
        run: birth::run,
    },
    Detector {
        entity: Entity::DateOfBirth,
        first: LETTER,
        cue: Cue::words(birth::CUES),
        validated: false,
        ceiling: birth::SCORE,
        longest: birth::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: birth::run_month,
    },
    Detector {
        entity: Entity::Address,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        openings: address::NUMBERED,
        names: None,
        run: address::numbered,
    },
    Detector {
        entity: Entity::Address,
        first: LETTER,
        cue: Cue::words(address::CUES),
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: address::named_first,
    },
    Detector {
        entity: Entity::Address,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: address::german,
    },
    Detector {
        entity: Entity::Address,
        first: LETTER,
        cue: Cue::words(address::BOX_CUES),
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: address::boxed,
    },
    Detector {
        entity: Entity::ZipCode,
        first: DIGIT | CAPITAL,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: address::ZIP_SCORE,
        longest: address::ZIP_LONGEST,
        openings: address::ZIP,
        names: None,
        run: address::zip,
    },
    Detector {
        entity: Entity::MacAddress,
        first: DIGIT | HEX_LETTER,
        cue: Cue::words(mac::WORDS)
            .or(Cue::COLON)
            .or(Cue::DOT)
            .or(Cue::DIGIT),
        validated: true,
        ceiling: mac::SCORE,
        longest: mac::LONGEST,
        openings: mac::OPENINGS,
        names: None,
        run: mac::run,
    },
    Detector {
        entity: Entity::Url,
        first: LETTER | DIGIT | WIDE,
        cue: Cue::SCHEME.or(Cue::DOT),
        validated: true,
        ceiling: url::SCORE,
        longest: url::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: url::run,
    },
    Detector {
        entity: Entity::DomainName,
        first: LETTER | DIGIT | WIDE,
        cue: Cue::DOT,
        validated: false,
        ceiling: domain::SCORE,
        longest: domain::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: domain::run,
    },
    Detector {
        entity: Entity::DomainName,
        first: LETTER,
        cue: Cue::SCHEME,
        validated: true,
        ceiling: url::SITE_SCORE,
        longest: url::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: url::run_host,
    },
    Detector {
        entity: Entity::Crypto,
        first: LETTER | DIGIT,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: crypto::SCORE,
        longest: crypto::LONGEST,
        openings: crypto::OPENINGS,
        names: None,
        run: crypto::run,
    },
    Detector {
        entity: Entity::Coordinates,
        first: DIGIT | PLUS | HYPHEN | CAPITAL,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: coordinates::SCORE,
        longest: coordinates::LONGEST,
        openings: coordinates::OPENINGS,
        names: None,
        run: coordinates::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER | DIGIT | UNDERSCORE,
        cue: token::CUE,
        validated: true,
        ceiling: token::SCORE,
        longest: token::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: token::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: DIGIT,
        cue: Cue::COLON,
        validated: true,
        ceiling: token::SCORE,
        longest: token::LONGEST,
        openings: token::BOTS,
        names: None,
        run: token::bot,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER | DIGIT,
        cue: Cue::DIGIT.or(Cue::DOT),
        validated: true,
        ceiling: token::SCORE,
        longest: token::LONGEST,
        openings: token::SHAPES,
        names: None,
        run: token::shaped,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER,
        cue: Cue::words(&["eyj"]),
        validated: true,
        ceiling: jwt::SCORE,
        longest: jwt::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: jwt::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: HYPHEN,
        cue: Cue::BEGIN,
        validated: true,
        ceiling: pem::SCORE,
        longest: pem::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: pem::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER,
        cue: Cue::SCHEME,
        validated: true,
        ceiling: link::SCORE,
        longest: link::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: link::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER | DIGIT | UNDERSCORE | PLUS,
        cue: assigned::CUE.or(Cue::DIGIT),
        validated: false,
        ceiling: assigned::SCORE,
        longest: assigned::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: assigned::run,
    },
    id(Entity::UsItin, DIGIT, false, &ids::ITIN, |i| {
        ids::ITIN.run(i)
    }),
    id(
        Entity::UsDriverLicense,
        DIGIT | LETTER,
        false,
        &ids::DRIVER_LICENSE,
        |i| ids::DRIVER_LICENSE.run(i),
    ),
    id(
        Entity::UsPassport,
        DIGIT | LETTER,
        false,
        &ids::PASSPORT,
        |i| ids::PASSPORT.run(i),
    ),
    id(Entity::UkNhs, DIGIT, true, &ids::NHS, |i| ids::NHS.run(i)),
    Detector {
        cue: Cue::DIGIT.or(Cue::PAIR),
        ..id(Entity::UkNino, LETTER, true, &ids::NINO, |i| {
            ids::NINO.run(i)
        })
    },
    id(Entity::VatNumber, DIGIT, true, &ids::vat::BARE, |i| {
        ids::vat::BARE.run(i)
    }),
    id(Entity::DeTaxId, DIGIT, true, &ids::DE_TAX_ID, |i| {
        ids::DE_TAX_ID.run(i)
    }),
    id(Entity::FrNir, DIGIT, true, &ids::FR_NIR, |i| {
        ids::FR_NIR.run(i)
    }),
    id(Entity::EsNif, DIGIT, true, &ids::NIF, |i| ids::NIF.run(i)),
    id(Entity::EsNie, LETTER, true, &ids::NIE, |i| ids::NIE.run(i)),
    Detector {
        cue: Cue::DIGIT.or(Cue::CAPITALS),
        ..id(Entity::ItFiscalCode, LETTER, true, &ids::FISCAL_CODE, |i| {
            ids::FISCAL_CODE.run(i)
        })
    },
    id(Entity::PlPesel, DIGIT, true, &ids::PL_PESEL, |i| {
        ids::PL_PESEL.run(i)
    }),
    id(Entity::NlBsn, DIGIT, true, &ids::NL_BSN, |i| {
        ids::NL_BSN.run(i)
    }),
    id(Entity::InAadhaar, DIGIT, true, &ids::AADHAAR, |i| {
        ids::AADHAAR.run(i)
    }),
    id(Entity::InPan, LETTER, false, &ids::PAN, |i| ids::PAN.run(i)),
    id(Entity::BrCpf, DIGIT, true, &ids::CPF, |i| ids::CPF.run(i)),
    id(Entity::BrCnpj, DIGIT | LETTER, true, &ids::CNPJ, |i| {
        ids::CNPJ.run(i)
    }),
    id(Entity::AuTfn, DIGIT, true, &ids::TFN, |i| ids::TFN.run(i)),
    id(Entity::AuAbn, DIGIT, true, &ids::ABN, |i| ids::ABN.run(i)),
    id(Entity::AuMedicare, DIGIT, true, &ids::MEDICARE, |i| {
        ids::MEDICARE.run(i)
    }),
    id(Entity::CaSin, DIGIT, true, &ids::SIN, |i| ids::SIN.run(i)),
    id(Entity::UsBankNumber, DIGIT, false, &ids::ACCOUNT, |i| {
        ids::ACCOUNT.run(i)
    }),
    id(Entity::AbaRoutingNumber, DIGIT, true, &ids::ABA, |i| {
        ids::ABA.run(i)
    }),
    id(Entity::UkPassport, LETTER, false, &ids::UK_PASSPORT, |i| {
        ids::UK_PASSPORT.run(i)
    }),
    id(
        Entity::UkDrivingLicence,
        LETTER,
        true,
        &ids::UK_LICENCE,
        |i| ids::UK_LICENCE.run(i),
    ),
    id(
        Entity::UkVehicleRegistration,
        LETTER,
        false,
        &ids::UK_PLATE,
        |i| ids::UK_PLATE.run(i),
    ),
    id(Entity::DePassport, LETTER, true, &ids::DE_PASSPORT, |i| {
        ids::DE_PASSPORT.run(i)
    }),
    id(
        Entity::DeSocialSecurity,
        DIGIT,
        true,
        &ids::DE_INSURANCE,
        |i| ids::DE_INSURANCE.run(i),
    ),
    id(Entity::EsPassport, LETTER, false, &ids::ES_PASSPORT, |i| {
        ids::ES_PASSPORT.run(i)
    }),
    id(Entity::ItPassport, LETTER, false, &ids::IT_PASSPORT, |i| {
        ids::IT_PASSPORT.run(i)
    }),
    id(
        Entity::ItDriverLicense,
        LETTER,
        false,
        &ids::IT_LICENCE,
        |i| ids::IT_LICENCE.run(i),
    ),
    id(
        Entity::ItIdentityCard,
        DIGIT | LETTER,
        false,
        &ids::IT_CARD,
        |i| ids::IT_CARD.run(i),
    ),
    id(
        Entity::FiPersonalIdentityCode,
        DIGIT,
        true,
        &ids::FI_HETU,
        |i| ids::FI_HETU.run(i),
    ),
    id(Entity::SePersonnummer, DIGIT, true, &ids::SE_PERSON, |i| {
        ids::SE_PERSON.run(i)
    }),
    id(
        Entity::SeOrganisationsnummer,
        DIGIT,
        true,
        &ids::SE_ORGANISATION,
        |i| ids::SE_ORGANISATION.run(i),
    ),
    id(Entity::InPassport, LETTER, false, &ids::IN_PASSPORT, |i| {
        ids::IN_PASSPORT.run(i)
    }),
    id(Entity::InVoter, LETTER, false, &ids::IN_VOTER, |i| {
        ids::IN_VOTER.run(i)
    }),
    id(
        Entity::InVehicleRegistration,
        LETTER,
        false,
        &ids::IN_PLATE,
        |i| ids::IN_PLATE.run(i),
    ),
    id(Entity::InGstin, DIGIT, true, &ids::IN_GSTIN, |i| {
        ids::IN_GSTIN.run(i)
    }),
    id(Entity::AuAcn, DIGIT, true, &ids::ACN, |i| ids::ACN.run(i)),
    id(Entity::SgNricFin, LETTER, true, &ids::SG_NRIC, |i| {
        ids::SG_NRIC.run(i)
    }),
    id(Entity::SgUen, DIGIT | LETTER, true, &ids::SG_UEN, |i| {
        ids::SG_UEN.run(i)
    }),
    id(Entity::KrRrn, DIGIT, true, &ids::KR_RRN, |i| {
        ids::KR_RRN.run(i)
    }),
    id(Entity::KrFrn, DIGIT, true, &ids::KR_FRN, |i| {
        ids::KR_FRN.run(i)
    }),
    id(Entity::KrBrn, DIGIT, true, &ids::KR_BRN, |i| {
        ids::KR_BRN.run(i)
    }),
    id(Entity::KrPassport, LETTER, false, &ids::KR_PASSPORT, |i| {
        ids::KR_PASSPORT.run(i)
    }),
    id(Entity::ThTnin, DIGIT, true, &ids::TH_TNIN, |i| {
        ids::TH_TNIN.run(i)
    }),
    id(Entity::TrNationalId, DIGIT, true, &ids::TR_ID, |i| {
        ids::TR_ID.run(i)
    }),
    id(Entity::TrLicensePlate, DIGIT, false, &ids::TR_PLATE, |i| {
        ids::TR_PLATE.run(i)
    }),
    id(Entity::PhTin, DIGIT, false, &ids::PH_TIN, |i| {
        ids::PH_TIN.run(i)
    }),
    id(Entity::ZaIdNumber, DIGIT, true, &ids::ZA_ID, |i| {
        ids::ZA_ID.run(i)
    }),
    id(Entity::NgNin, DIGIT, true, &ids::NG_NIN, |i| {
        ids::NG_NIN.run(i)
    }),
    id(
        Entity::NgVehicleRegistration,
        LETTER,
        false,
        &ids::NG_PLATE,
        |i| ids::NG_PLATE.run(i),
    ),
    behind(Entity::UsDriverLicense, &ids::DRIVER_LICENSE, |i| {
        ids::DRIVER_LICENSE.run_behind(i, &["driver", "drivers", "driving", "führerschein"])
    }),
    behind(Entity::UsPassport, &ids::PASSPORT, |i| {
        ids::PASSPORT.run_behind(
            i,
            &[
                "passport",
                "reisepass",
                "passeport",
                "pasaporte",
                "passaporto",
            ],
        )
    }),
    behind(Entity::UsBankNumber, &ids::ACCOUNT, |i| {
        ids::ACCOUNT.run_behind(i, &["account", "acct", "konto", "kontonummer"])
    }),
    id(Entity::Vin, DIGIT | LETTER, true, &ids::VIN, |i| {
        ids::VIN.run(i)
    }),
    id(Entity::UsNpi, DIGIT, true, &ids::health::NPI, |i| {
        ids::health::NPI.run(i)
    }),
    id(Entity::UsDea, LETTER, true, &ids::health::DEA, |i| {
        ids::health::DEA.run(i)
    }),
    id(
        Entity::HealthInsuranceId,
        DIGIT,
        true,
        &ids::health::MBI,
        |i| ids::health::MBI.run(i),
    ),
    id(
        Entity::HealthInsuranceId,
        LETTER,
        true,
        &ids::health::KVNR,
        |i| ids::health::KVNR.run(i),
    ),
    Detector {
        entity: Entity::VatNumber,
        first: LETTER,
        cue: Cue::DIGIT.or(Cue::PAIR),
        validated: true,
        ceiling: ids::vat::SCORE,
        longest: ids::vat::LONGEST,
        openings: Openings::of(0, 0b11100, true),
        names: None,
        run: ids::vat::run,
    },
    Detector {
        entity: Entity::SwiftCode,
        first: LETTER,
        cue: Cue::CAPITALS,
        validated: false,
        ceiling: ids::swift::SWIFT.ceiling(),
        longest: ids::swift::SWIFT.longest(),
        openings: ids::swift::SWIFT.openings(),
        names: None,
        run: ids::swift::run,
    },
    Detector {
        entity: Entity::HealthInsuranceId,
        first: DIGIT | LETTER,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ids::health::TOKEN_SCORE,
        longest: ids::health::TOKEN_LONGEST,
        openings: ids::health::TOKENS,
        names: None,
        run: ids::health::member,
    },
    Detector {
        entity: Entity::MedicalRecordNumber,
        first: DIGIT | LETTER,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ids::health::TOKEN_SCORE,
        longest: ids::health::TOKEN_LONGEST,
        openings: ids::health::TOKENS,
        names: None,
        run: ids::health::record,
    },
    Detector {
        entity: Entity::Cvv,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ids::pci::CVV_SCORE,
        longest: ids::pci::CVV_LONGEST,
        openings: Openings::of(0b11000, 0, false),
        names: None,
        run: ids::pci::cvv,
    },
    Detector {
        entity: Entity::CardExpiry,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ids::pci::EXPIRY_SCORE,
        longest: ids::pci::EXPIRY_LONGEST,
        openings: Openings::of(0b110, 0, false),
        names: None,
        run: ids::pci::expiry,
    },
    Detector {
        entity: Entity::Cardholder,
        first: LETTER | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: ids::pci::HOLDER_SCORE,
        longest: ids::pci::HOLDER_LONGEST,
        openings: Openings::of(0, u32::MAX, false),
        names: None,
        run: ids::pci::holder,
    },
    Detector {
        entity: Entity::Person,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::PERSON_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::person,
    },
    Detector {
        entity: Entity::Location,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::PLACE_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::place,
    },
    Detector {
        entity: Entity::Organization,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: names::ORGANIZATION_SCORE,
        longest: names::LONGEST,
        openings: Openings::ALL,
        names: None,
        run: names::organization,
    },
];

/// The detector of an identifier that is told by a rule.
const fn id(
    entity: Entity,
    first: u16,
    validated: bool,
    rule: &'static ids::Rule,
    run: fn(&Input<'_>) -> Step,
) -> Detector {
    Detector {
        entity,
        first,
        cue: Cue::DIGIT,
        validated,
        ceiling: rule.ceiling(),
        longest: rule.longest(),
        openings: rule.openings(),
        names: rule.needed_names(),
        run,
    }
}

/// The detector of an identifier that words behind it name.
const fn behind(entity: Entity, rule: &'static ids::Rule, run: fn(&Input<'_>) -> Step) -> Detector {
    Detector {
        longest: ids::BEHIND_LONGEST,
        names: None,
        ..id(entity, DIGIT | LETTER, false, rule, run)
    }
}

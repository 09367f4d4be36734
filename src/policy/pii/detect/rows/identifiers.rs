//! Numbers that an authority, a bank or a health service gives out.

use super::super::bytes::{DIGIT, LETTER, WIDE};
use super::super::cue::Cue;
use super::super::entity::Entity;
use super::super::ids;
use super::super::input::{Input, Step};
use super::super::opening::Openings;
use super::Detector;

pub(super) const ROWS: &[Detector] = &[
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

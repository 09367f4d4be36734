use super::super::entity::{Entity, EntitySet};
use super::super::scan::scan;

/// What is found in `text`: the label and the words.
fn found(text: &str) -> Vec<(&'static str, &str)> {
    let mut all = Vec::new();
    scan(EntitySet::all(), text, 0, true, &mut |f| {
        all.push((f.entity.label(), text.get(f.range).unwrap()));
    });
    all
}

fn has(text: &str, entity: Entity, value: &str) {
    let all = found(text);
    assert!(all.contains(&(entity.label(), value)), "{text:?}: {all:?}");
}

fn lacks(text: &str, entity: Entity) {
    let all = found(text);
    assert!(
        all.iter().all(|(label, _)| *label != entity.label()),
        "{text:?}: {all:?}"
    );
}

#[test]
#[rustfmt::skip]
fn published_and_made_up_values_are_found() {
    for (text, entity, value) in [
        ("ITIN 911-70-1234", Entity::UsItin, "911-70-1234"),
        ("my driver's license number is 2270-66-1551", Entity::UsDriverLicense, "2270-66-1551"),
        ("Driver license F421-743-00-857-9, issued", Entity::UsDriverLicense, "F421-743-00-857-9"),
        ("{\"driverLicense\":\"D1234562\"}", Entity::UsDriverLicense, "D1234562"),
        ("passport_number=A12803456", Entity::UsPassport, "A12803456"),
        ("NHS number: 943 476 5919", Entity::UkNhs, "943 476 5919"),
        ("NI: AB 12 34 56 C", Entity::UkNino, "AB 12 34 56 C"),
        ("It is AB123456C.", Entity::UkNino, "AB123456C"),
        ("USt-IdNr. DE136695976", Entity::VatNumber, "DE136695976"),
        ("ATU13585627", Entity::VatNumber, "ATU13585627"),
        ("BE0428759497", Entity::VatNumber, "BE0428759497"),
        ("DK13585628 (moms: DK13585628)", Entity::VatNumber, "DK13585628"),
        ("FR40303265045", Entity::VatNumber, "FR40303265045"),
        ("IT00743110157", Entity::VatNumber, "IT00743110157"),
        ("NL004495445B01", Entity::VatNumber, "NL004495445B01"),
        ("PL8567346215", Entity::VatNumber, "PL8567346215"),
        ("PT501964843", Entity::VatNumber, "PT501964843"),
        ("SE123456789701", Entity::VatNumber, "SE123456789701"),
        ("GB980780684", Entity::VatNumber, "GB980780684"),
        ("CHE-107.787.577", Entity::VatNumber, "CHE-107.787.577"),
        ("ESB58378431", Entity::VatNumber, "ESB58378431"),
        ("Steuer-ID: 36574261809", Entity::DeTaxId, "36574261809"),
        ("Steueridentifikationsnummer 36 574 261 809", Entity::DeTaxId, "36 574 261 809"),
        ("NIR 2 55 08 14 168 025 38", Entity::FrNir, "2 55 08 14 168 025 38"),
        ("DNI 54362315K", Entity::EsNif, "54362315K"),
        ("X2482300W", Entity::EsNie, "X2482300W"),
        ("RCCMNL83S18D969H", Entity::ItFiscalCode, "RCCMNL83S18D969H"),
        ("PESEL: 44051401458", Entity::PlPesel, "44051401458"),
        ("BSN 111222333", Entity::NlBsn, "111222333"),
        ("2341 2341 2346", Entity::InAadhaar, "2341 2341 2346"),
        ("PAN AAAPZ1234C", Entity::InPan, "AAAPZ1234C"),
        ("390.533.447-05", Entity::BrCpf, "390.533.447-05"),
        ("16.727.230/0001-97", Entity::BrCnpj, "16.727.230/0001-97"),
        ("12.ABC.345/01DE-35", Entity::BrCnpj, "12.ABC.345/01DE-35"),
        ("TFN 123 456 782", Entity::AuTfn, "123 456 782"),
        ("83 914 571 673", Entity::AuAbn, "83 914 571 673"),
        ("Medicare 2123 45670 1", Entity::AuMedicare, "2123 45670 1"),
        ("my SIN is 130-692-544", Entity::CaSin, "130-692-544"),
        ("BIC: DEUTDEFF500", Entity::SwiftCode, "DEUTDEFF500"),
        ("SWIFT code is NEDSZAJJXXX.", Entity::SwiftCode, "NEDSZAJJXXX"),
        ("1M8GDM9AXKP042788", Entity::Vin, "1M8GDM9AXKP042788"),
        ("NPI: 1234567893", Entity::UsNpi, "1234567893"),
        ("DEA number AB1234563", Entity::UsDea, "AB1234563"),
        ("S1234567D", Entity::SgNricFin, "S1234567D"),
        ("UEN 53125226D", Entity::SgUen, "53125226D"),
        ("201434292D is on the UEN list, UEN 201434292D", Entity::SgUen, "201434292D"),
        ("T16RF0037C", Entity::SgUen, "T16RF0037C"),
        ("960121-1021413", Entity::KrRrn, "960121-1021413"),
        ("RRN 9601211234567", Entity::KrRrn, "9601211234567"),
        ("FRN is 911124-5678901", Entity::KrFrn, "911124-5678901"),
        ("사업자등록번호 104-86-56659", Entity::KrBrn, "104-86-56659"),
        ("여권번호는 M789C1234", Entity::KrPassport, "M789C1234"),
        ("TNIN: 2345678901234", Entity::ThTnin, "2345678901234"),
        ("TC Kimlik No: 10000000146", Entity::TrNationalId, "10000000146"),
        ("Plaka 34 ABC 1234", Entity::TrLicensePlate, "34 ABC 1234"),
        ("BIR TIN: 000-123-456-000", Entity::PhTin, "000-123-456-000"),
        ("010594Y9032", Entity::FiPersonalIdentityCode, "010594Y9032"),
        ("131052-308T", Entity::FiPersonalIdentityCode, "131052-308T"),
        ("20110925-2385", Entity::SePersonnummer, "20110925-2385"),
        ("personnummer 9201232387", Entity::SePersonnummer, "9201232387"),
        ("orgnummer 556703-7485", Entity::SeOrganisationsnummer, "556703-7485"),
        ("MORGA607054SM9IJ", Entity::UkDrivingLicence, "MORGA607054SM9IJ"),
        ("Passport number CD7654321", Entity::UkPassport, "CD7654321"),
        ("vehicle AB51 ABC", Entity::UkVehicleRegistration, "AB51 ABC"),
        ("Reisepass C01X00T41", Entity::DePassport, "C01X00T41"),
        ("15070649C103", Entity::DeSocialSecurity, "15070649C103"),
        ("mi pasaporte es XYZ987654", Entity::EsPassport, "XYZ987654"),
        ("passaporto AA1234567", Entity::ItPassport, "AA1234567"),
        ("patente U1H00B000C", Entity::ItDriverLicense, "U1H00B000C"),
        ("carta d'identità CA12345AA", Entity::ItIdentityCard, "CA12345AA"),
        ("my passport number is T3569075", Entity::InPassport, "T3569075"),
        ("Voter ID ABC1234567", Entity::InVoter, "ABC1234567"),
        ("vehicle number MH12AB1234", Entity::InVehicleRegistration, "MH12AB1234"),
        ("27AAPFU0939F1ZV", Entity::InGstin, "27AAPFU0939F1ZV"),
        ("ACN 006 249 976", Entity::AuAcn, "006 249 976"),
        ("routing number 071101307", Entity::AbaRoutingNumber, "071101307"),
        ("my bank account is 945456787654", Entity::UsBankNumber, "945456787654"),
        ("12345678 is my account", Entity::UsBankNumber, "12345678"),
        ("D1234567 is my driver's license", Entity::UsDriverLicense, "D1234567"),
        ("912803456 is my passport number", Entity::UsPassport, "912803456"),
        ("RSA ID: 0002294321191", Entity::ZaIdNumber, "0002294321191"),
        ("NIN 12345678902", Entity::NgNin, "12345678902"),
        ("plate number ABJ-123XY", Entity::NgVehicleRegistration, "ABJ-123XY"),
        ("1EG4-TE5-MK73", Entity::HealthInsuranceId, "1EG4-TE5-MK73"),
        ("Member ID: XYZ123456789", Entity::HealthInsuranceId, "XYZ123456789"),
        ("Versichertennummer A123456780", Entity::HealthInsuranceId, "A123456780"),
        ("MRN: 00123456", Entity::MedicalRecordNumber, "00123456"),
        ("cvv: 123", Entity::Cvv, "123"),
        ("4111 1111 1111 1111 12/27 123", Entity::CardExpiry, "12/27"),
        ("4111 1111 1111 1111 12/27 123", Entity::Cvv, "123"),
        ("valid thru 04/2029", Entity::CardExpiry, "04/2029"),
        ("Name on card: Ada M. Lovelace, 12 months", Entity::Cardholder, "Ada M. Lovelace"),
    ] {
        has(text, entity, value);
    }
}

#[test]
#[rustfmt::skip]
fn near_misses_are_left_alone() {
    for (text, entity) in [
        ("ITIN 911-49-1234", Entity::UsItin),
        ("order 74366875 and 51461905", Entity::UsDriverLicense),
        ("S3 C4 EKS1234567", Entity::UsDriverLicense),
        ("A12803456", Entity::UsPassport),
        ("call 221 395 1837", Entity::UkNhs),
        ("NHS 943 476 5918", Entity::UkNhs),
        ("BG123612A", Entity::UkNino),
        ("AB 12 34 56 1", Entity::UkNino),
        ("DE136695977", Entity::VatNumber),
        ("IBAN DE89370400440532013000", Entity::VatNumber),
        ("36574261809", Entity::DeTaxId),
        ("54362315L", Entity::EsNif),
        ("build 20240512Z", Entity::EsNif),
        ("RCCMNL83S18D969A", Entity::ItFiscalCode),
        ("44051401458", Entity::PlPesel),
        ("1234 5678 9012", Entity::InAadhaar),
        ("390.533.447-06", Entity::BrCpf),
        ("046 454 286", Entity::CaSin),
        ("SIN 130 692 545", Entity::CaSin),
        ("we swapped DEUTDEFF for it", Entity::SwiftCode),
        ("the SWIFT LANGUAGE IS FAST ENOUGH", Entity::SwiftCode),
        ("1M8GDM9A1KP042788", Entity::Vin),
        ("1234567893", Entity::UsNpi),
        ("S1234567A", Entity::SgNricFin),
        ("960121-1234566", Entity::KrRrn),
        ("104-86-56658", Entity::KrBrn),
        ("10000000145", Entity::TrNationalId),
        ("010594Y9031", Entity::FiPersonalIdentityCode),
        ("202405121230", Entity::SePersonnummer),
        ("15070049C103", Entity::DeSocialSecurity),
        ("27AAPFU0939F1ZW", Entity::InGstin),
        ("12345678 account holders", Entity::UsBankNumber),
        ("A1234567 is my order", Entity::UsDriverLicense),
        ("1SG4-TE5-MK73", Entity::HealthInsuranceId),
        ("error 123", Entity::Cvv),
        ("score 12/27", Entity::CardExpiry),
        ("Cardholder Agreement Terms", Entity::Cardholder),
        ("550e8400-e29b-41d4-a716-446655440000", Entity::MedicalRecordNumber),
    ] {
        lacks(text, entity);
    }
}

/// Each prefix of a text gives nothing that the whole text does not.
#[test]
fn what_is_said_of_a_prefix_holds_for_the_whole() {
    let texts = [
        "my NIR 2 55 08 14 168 025 38 and BIC: DEUTDEFF500.",
        "Driver license F421-743-00-857-9 NI: AB 12 34 56 C, CHE-107.787.577 MWST",
        "cardholder: Ada M. Lovelace 4111 1111 1111 1111 12/27 123 MRN-00123456",
        "Medicare 2123 45670 1/2 CPF 390.533.447-05 CNPJ 12.ABC.345/01DE-35",
        "{\\\"passport\\\": \\\"A12803456\\\", \\\"memberId\\\": \\\"XYZ-123456789\\\"}",
    ];
    for text in texts {
        let mut whole = Vec::new();
        scan(EntitySet::all(), text, 0, true, &mut |f| whole.push(f));
        for end in 0..text.len() {
            let mut part = Vec::new();
            let head = text.get(..end).unwrap();
            let decided = scan(EntitySet::all(), head, 0, false, &mut |f| part.push(f));
            let settled: Vec<_> = whole
                .iter()
                .filter(|f| f.range.start < decided)
                .cloned()
                .collect();
            assert_eq!(part, settled, "{head:?}");
        }
    }
}

#[test]
fn a_group_of_a_card_is_no_security_code() {
    let codes = EntitySet::empty().with(Entity::Cvv);
    for (text, expected) in [
        ("card code 4111 1111 1111 1111", None),
        ("security code: 4111-1111-1111-1111", None),
        ("card code 123 4111 1111 1111 1111", None),
        ("card code 1234, 4111", Some(10..14)),
        ("cvv 123 or 456", Some(4..7)),
    ] {
        let mut found = None;
        scan(codes, text, 0, true, &mut |f| found = Some(f.range));
        assert_eq!(found, expected, "{text}");
    }
}

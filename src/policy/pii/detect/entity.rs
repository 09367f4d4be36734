//! What can be found, and what a finding is.

use std::ops::Range;

/// A kind of personal data.
///
/// ```
/// use portcullis::policy::pii::detect::Entity;
///
/// assert_eq!(Entity::UsSsn.label(), "US_SSN");
/// assert_eq!(Entity::from_label("IBAN_CODE"), Some(Entity::IbanCode));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Entity {
    /// An e-mail address: a dot-atom, `@`, and a domain name with a top-level domain.
    EmailAddress,
    /// A telephone number, international or in a national form.
    PhoneNumber,
    /// A payment card number whose issuer, length and Luhn digit agree.
    CreditCard,
    /// An international bank account number whose length and check digits agree.
    IbanCode,
    /// A business identifier code of a bank (ISO 9362).
    SwiftCode,
    /// A United States social security number.
    UsSsn,
    /// A United States individual taxpayer identification number.
    UsItin,
    /// A United States driver's license number.
    UsDriverLicense,
    /// A United States passport number.
    UsPassport,
    /// A United Kingdom NHS number.
    UkNhs,
    /// A United Kingdom national insurance number.
    UkNino,
    /// A value added tax number of the European Union or the United Kingdom.
    VatNumber,
    /// A German tax identification number.
    DeTaxId,
    /// A French social security number.
    FrNir,
    /// A Spanish tax identification number.
    EsNif,
    /// A Spanish identification number of a foreigner.
    EsNie,
    /// An Italian fiscal code.
    ItFiscalCode,
    /// A Polish PESEL number.
    PlPesel,
    /// A Dutch citizen service number.
    NlBsn,
    /// An Indian Aadhaar number.
    InAadhaar,
    /// An Indian permanent account number.
    InPan,
    /// A Brazilian CPF number.
    BrCpf,
    /// A Brazilian CNPJ number.
    BrCnpj,
    /// An Australian tax file number.
    AuTfn,
    /// An Australian business number.
    AuAbn,
    /// An Australian Medicare number.
    AuMedicare,
    /// A Canadian social insurance number.
    CaSin,
    /// A number of an account at a bank of the United States.
    UsBankNumber,
    /// A routing number of a bank of the United States.
    AbaRoutingNumber,
    /// A United Kingdom passport number.
    UkPassport,
    /// A driver number of Great Britain.
    UkDrivingLicence,
    /// A United Kingdom licence plate.
    UkVehicleRegistration,
    /// A number of a German passport or identity card.
    DePassport,
    /// A German pension insurance number.
    DeSocialSecurity,
    /// A Spanish passport number.
    EsPassport,
    /// An Italian passport number.
    ItPassport,
    /// An Italian driver's licence number.
    ItDriverLicense,
    /// A number of an Italian identity card.
    ItIdentityCard,
    /// A Finnish personal identity code.
    FiPersonalIdentityCode,
    /// A Swedish personal identity number.
    SePersonnummer,
    /// A Swedish organisation number.
    SeOrganisationsnummer,
    /// An Indian passport number.
    InPassport,
    /// A number of an Indian elector's card.
    InVoter,
    /// An Indian licence plate.
    InVehicleRegistration,
    /// An Indian goods and services tax number.
    InGstin,
    /// An Australian company number.
    AuAcn,
    /// A Singaporean identity number.
    SgNricFin,
    /// A Singaporean unique entity number.
    SgUen,
    /// A South Korean resident registration number.
    KrRrn,
    /// A South Korean foreigner registration number.
    KrFrn,
    /// A South Korean business registration number.
    KrBrn,
    /// A South Korean passport number.
    KrPassport,
    /// A Thai national identification number.
    ThTnin,
    /// A Turkish identification number.
    TrNationalId,
    /// A Turkish licence plate.
    TrLicensePlate,
    /// A Philippine taxpayer identification number.
    PhTin,
    /// A South African identity number.
    ZaIdNumber,
    /// A Nigerian national identification number.
    NgNin,
    /// A Nigerian licence plate.
    NgVehicleRegistration,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A hardware address of a network card.
    MacAddress,
    /// A URL with its scheme, or one that begins with `www.`.
    Url,
    /// A domain name under a known top-level domain.
    DomainName,
    /// An address of a cryptocurrency.
    Crypto,
    /// A date that is said to be somebody's birthday.
    DateOfBirth,
    /// A postal address, or the street and house number of one.
    Address,
    /// A postal code.
    ZipCode,
    /// A geographic position: latitude and longitude.
    Coordinates,
    /// A vehicle identification number.
    Vin,
    /// A secret of software: an API key, a token, a private key, a password.
    ApiKey,
    /// The name of a person.
    Person,
    /// The name of a place.
    Location,
    /// The name of an organisation.
    Organization,
    /// The number of a patient's record.
    MedicalRecordNumber,
    /// A United States national provider identifier.
    UsNpi,
    /// A United States DEA registration number.
    UsDea,
    /// A number of a member of a health insurance.
    HealthInsuranceId,
    /// The security code of a payment card.
    Cvv,
    /// The date a payment card expires.
    CardExpiry,
    /// The name on a payment card.
    Cardholder,
}

impl Entity {
    /// Every entity.
    pub const ALL: &'static [Entity] = &[
        Entity::EmailAddress,
        Entity::PhoneNumber,
        Entity::CreditCard,
        Entity::IbanCode,
        Entity::SwiftCode,
        Entity::UsSsn,
        Entity::UsItin,
        Entity::UsDriverLicense,
        Entity::UsPassport,
        Entity::UkNhs,
        Entity::UkNino,
        Entity::VatNumber,
        Entity::DeTaxId,
        Entity::FrNir,
        Entity::EsNif,
        Entity::EsNie,
        Entity::ItFiscalCode,
        Entity::PlPesel,
        Entity::NlBsn,
        Entity::InAadhaar,
        Entity::InPan,
        Entity::BrCpf,
        Entity::BrCnpj,
        Entity::AuTfn,
        Entity::AuAbn,
        Entity::AuMedicare,
        Entity::CaSin,
        Entity::UsBankNumber,
        Entity::AbaRoutingNumber,
        Entity::UkPassport,
        Entity::UkDrivingLicence,
        Entity::UkVehicleRegistration,
        Entity::DePassport,
        Entity::DeSocialSecurity,
        Entity::EsPassport,
        Entity::ItPassport,
        Entity::ItDriverLicense,
        Entity::ItIdentityCard,
        Entity::FiPersonalIdentityCode,
        Entity::SePersonnummer,
        Entity::SeOrganisationsnummer,
        Entity::InPassport,
        Entity::InVoter,
        Entity::InVehicleRegistration,
        Entity::InGstin,
        Entity::AuAcn,
        Entity::SgNricFin,
        Entity::SgUen,
        Entity::KrRrn,
        Entity::KrFrn,
        Entity::KrBrn,
        Entity::KrPassport,
        Entity::ThTnin,
        Entity::TrNationalId,
        Entity::TrLicensePlate,
        Entity::PhTin,
        Entity::ZaIdNumber,
        Entity::NgNin,
        Entity::NgVehicleRegistration,
        Entity::IpAddress,
        Entity::MacAddress,
        Entity::Url,
        Entity::DomainName,
        Entity::Crypto,
        Entity::DateOfBirth,
        Entity::Address,
        Entity::ZipCode,
        Entity::Coordinates,
        Entity::Vin,
        Entity::ApiKey,
        Entity::Person,
        Entity::Location,
        Entity::Organization,
        Entity::MedicalRecordNumber,
        Entity::UsNpi,
        Entity::UsDea,
        Entity::HealthInsuranceId,
        Entity::Cvv,
        Entity::CardExpiry,
        Entity::Cardholder,
    ];

    /// The name used in configuration, placeholders and records, such as `EMAIL_ADDRESS`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Entity::EmailAddress => "EMAIL_ADDRESS",
            Entity::PhoneNumber => "PHONE_NUMBER",
            Entity::CreditCard => "CREDIT_CARD",
            Entity::IbanCode => "IBAN_CODE",
            Entity::SwiftCode => "SWIFT_CODE",
            Entity::UsSsn => "US_SSN",
            Entity::UsItin => "US_ITIN",
            Entity::UsDriverLicense => "US_DRIVER_LICENSE",
            Entity::UsPassport => "US_PASSPORT",
            Entity::UkNhs => "UK_NHS",
            Entity::UkNino => "UK_NINO",
            Entity::VatNumber => "VAT_NUMBER",
            Entity::DeTaxId => "DE_TAX_ID",
            Entity::FrNir => "FR_NIR",
            Entity::EsNif => "ES_NIF",
            Entity::EsNie => "ES_NIE",
            Entity::ItFiscalCode => "IT_FISCAL_CODE",
            Entity::PlPesel => "PL_PESEL",
            Entity::NlBsn => "NL_BSN",
            Entity::InAadhaar => "IN_AADHAAR",
            Entity::InPan => "IN_PAN",
            Entity::BrCpf => "BR_CPF",
            Entity::BrCnpj => "BR_CNPJ",
            Entity::AuTfn => "AU_TFN",
            Entity::AuAbn => "AU_ABN",
            Entity::AuMedicare => "AU_MEDICARE",
            Entity::CaSin => "CA_SIN",
            Entity::UsBankNumber => "US_BANK_NUMBER",
            Entity::AbaRoutingNumber => "ABA_ROUTING_NUMBER",
            Entity::UkPassport => "UK_PASSPORT",
            Entity::UkDrivingLicence => "UK_DRIVING_LICENCE",
            Entity::UkVehicleRegistration => "UK_VEHICLE_REGISTRATION",
            Entity::DePassport => "DE_PASSPORT",
            Entity::DeSocialSecurity => "DE_SOCIAL_SECURITY",
            Entity::EsPassport => "ES_PASSPORT",
            Entity::ItPassport => "IT_PASSPORT",
            Entity::ItDriverLicense => "IT_DRIVER_LICENSE",
            Entity::ItIdentityCard => "IT_IDENTITY_CARD",
            Entity::FiPersonalIdentityCode => "FI_PERSONAL_IDENTITY_CODE",
            Entity::SePersonnummer => "SE_PERSONNUMMER",
            Entity::SeOrganisationsnummer => "SE_ORGANISATIONSNUMMER",
            Entity::InPassport => "IN_PASSPORT",
            Entity::InVoter => "IN_VOTER",
            Entity::InVehicleRegistration => "IN_VEHICLE_REGISTRATION",
            Entity::InGstin => "IN_GSTIN",
            Entity::AuAcn => "AU_ACN",
            Entity::SgNricFin => "SG_NRIC_FIN",
            Entity::SgUen => "SG_UEN",
            Entity::KrRrn => "KR_RRN",
            Entity::KrFrn => "KR_FRN",
            Entity::KrBrn => "KR_BRN",
            Entity::KrPassport => "KR_PASSPORT",
            Entity::ThTnin => "TH_TNIN",
            Entity::TrNationalId => "TR_NATIONAL_ID",
            Entity::TrLicensePlate => "TR_LICENSE_PLATE",
            Entity::PhTin => "PH_TIN",
            Entity::ZaIdNumber => "ZA_ID_NUMBER",
            Entity::NgNin => "NG_NIN",
            Entity::NgVehicleRegistration => "NG_VEHICLE_REGISTRATION",
            Entity::IpAddress => "IP_ADDRESS",
            Entity::MacAddress => "MAC_ADDRESS",
            Entity::Url => "URL",
            Entity::DomainName => "DOMAIN_NAME",
            Entity::Crypto => "CRYPTO",
            Entity::DateOfBirth => "DATE_OF_BIRTH",
            Entity::Address => "ADDRESS",
            Entity::ZipCode => "ZIP_CODE",
            Entity::Coordinates => "COORDINATES",
            Entity::Vin => "VIN",
            Entity::ApiKey => "API_KEY",
            Entity::Person => "PERSON",
            Entity::Location => "LOCATION",
            Entity::Organization => "ORGANIZATION",
            Entity::MedicalRecordNumber => "MEDICAL_RECORD_NUMBER",
            Entity::UsNpi => "US_NPI",
            Entity::UsDea => "US_DEA",
            Entity::HealthInsuranceId => "HEALTH_INSURANCE_ID",
            Entity::Cvv => "CVV",
            Entity::CardExpiry => "CARD_EXPIRY",
            Entity::Cardholder => "CARDHOLDER",
        }
    }

    /// The entity with this [`label`](Self::label).
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.label() == label)
    }

    pub(super) const fn bit(self) -> u128 {
        1 << (self as u8)
    }
}

/// A set of entities to look for.
///
/// ```
/// use portcullis::policy::pii::detect::{Entity, EntitySet};
///
/// let set = EntitySet::all().without(Entity::IpAddress);
/// assert!(set.contains(Entity::CreditCard));
/// assert!(!set.contains(Entity::IpAddress));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntitySet(u128);

impl EntitySet {
    /// No entity.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Every entity this crate knows.
    #[must_use]
    pub const fn all() -> Self {
        Self((1 << Entity::ALL.len()) - 1)
    }

    /// What is looked for unless told otherwise: every entity but those that are opted into, which
    /// are names of persons, places and organisations, and what only health care and card payments
    /// deal in.
    #[must_use]
    pub const fn standard() -> Self {
        Self::all()
            .without(Entity::Person)
            .without(Entity::Location)
            .without(Entity::Organization)
            .without(Entity::MedicalRecordNumber)
            .without(Entity::UsNpi)
            .without(Entity::UsDea)
            .without(Entity::HealthInsuranceId)
            .without(Entity::Cvv)
            .without(Entity::CardExpiry)
            .without(Entity::Cardholder)
    }

    /// This set and `entity`.
    #[must_use]
    pub const fn with(self, entity: Entity) -> Self {
        Self(self.0 | entity.bit())
    }

    /// This set without `entity`.
    #[must_use]
    pub const fn without(self, entity: Entity) -> Self {
        Self(self.0 & !entity.bit())
    }

    /// Whether `entity` is in the set.
    #[must_use]
    pub const fn contains(self, entity: Entity) -> bool {
        self.0 & entity.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn bits(self) -> u128 {
        self.0
    }
}

impl FromIterator<Entity> for EntitySet {
    fn from_iter<I: IntoIterator<Item = Entity>>(iter: I) -> Self {
        iter.into_iter().fold(Self::empty(), Self::with)
    }
}

/// A piece of personal data in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where it is, in bytes of the text that was scanned.
    pub range: Range<usize>,
    /// What it is.
    pub entity: Entity,
    /// How sure the detector is, from 0 to 1.
    pub score: f32,
}

/// What a detector says of one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing starts here, whatever text follows.
    No,
    /// The answer depends on text that is not there yet.
    Unfinished,
    /// A finding starts here, whatever text follows.
    Match {
        /// Where the finding ends, in bytes of the text.
        end: usize,
        /// What it is.
        entity: Entity,
        /// How sure the detector is, from 0 to 1.
        score: f32,
    },
}

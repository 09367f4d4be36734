//! The kinds of personal data a configuration can name.

use super::names::names;

names! {
    /// A kind of personal data or secret the detector knows.
    pub enum Entity as "entity" {
        built {
            /// An e-mail address: a dot-atom, `@`, and a domain name with a top-level domain.
            EmailAddress = "EMAIL_ADDRESS",
            /// A telephone number, international or in a national form.
            PhoneNumber = "PHONE_NUMBER",
            /// A payment card number whose issuer, length and Luhn digit agree.
            CreditCard = "CREDIT_CARD",
            /// An international bank account number whose length and check digits agree.
            IbanCode = "IBAN_CODE",
            /// A business identifier code of a bank (ISO 9362).
            SwiftCode = "SWIFT_CODE",
            /// A United States social security number.
            UsSsn = "US_SSN",
            /// A United States individual taxpayer identification number.
            UsItin = "US_ITIN",
            /// A United States driver's license number.
            UsDriverLicense = "US_DRIVER_LICENSE",
            /// A United States passport number.
            UsPassport = "US_PASSPORT",
            /// A United Kingdom NHS number.
            UkNhs = "UK_NHS",
            /// A United Kingdom national insurance number.
            UkNino = "UK_NINO",
            /// A value added tax number of the European Union or the United Kingdom.
            VatNumber = "VAT_NUMBER",
            /// A German tax identification number.
            DeTaxId = "DE_TAX_ID",
            /// A French social security number.
            FrNir = "FR_NIR",
            /// A Spanish tax identification number.
            EsNif = "ES_NIF",
            /// A Spanish identification number of a foreigner.
            EsNie = "ES_NIE",
            /// An Italian fiscal code.
            ItFiscalCode = "IT_FISCAL_CODE",
            /// A Polish PESEL number.
            PlPesel = "PL_PESEL",
            /// A Dutch citizen service number.
            NlBsn = "NL_BSN",
            /// An Indian Aadhaar number.
            InAadhaar = "IN_AADHAAR",
            /// An Indian permanent account number.
            InPan = "IN_PAN",
            /// A Brazilian CPF number.
            BrCpf = "BR_CPF",
            /// A Brazilian CNPJ number.
            BrCnpj = "BR_CNPJ",
            /// An Australian tax file number.
            AuTfn = "AU_TFN",
            /// An Australian business number.
            AuAbn = "AU_ABN",
            /// An Australian Medicare number.
            AuMedicare = "AU_MEDICARE",
            /// A Canadian social insurance number.
            CaSin = "CA_SIN",
            /// A number of an account at a bank of the United States.
            UsBankNumber = "US_BANK_NUMBER",
            /// A routing number of a bank of the United States.
            AbaRoutingNumber = "ABA_ROUTING_NUMBER",
            /// A United Kingdom passport number.
            UkPassport = "UK_PASSPORT",
            /// A driver number of Great Britain.
            UkDrivingLicence = "UK_DRIVING_LICENCE",
            /// A United Kingdom licence plate.
            UkVehicleRegistration = "UK_VEHICLE_REGISTRATION",
            /// A number of a German passport or identity card.
            DePassport = "DE_PASSPORT",
            /// A German pension insurance number.
            DeSocialSecurity = "DE_SOCIAL_SECURITY",
            /// A Spanish passport number.
            EsPassport = "ES_PASSPORT",
            /// An Italian passport number.
            ItPassport = "IT_PASSPORT",
            /// An Italian driver's licence number.
            ItDriverLicense = "IT_DRIVER_LICENSE",
            /// A number of an Italian identity card.
            ItIdentityCard = "IT_IDENTITY_CARD",
            /// A Finnish personal identity code.
            FiPersonalIdentityCode = "FI_PERSONAL_IDENTITY_CODE",
            /// A Swedish personal identity number.
            SePersonnummer = "SE_PERSONNUMMER",
            /// A Swedish organisation number.
            SeOrganisationsnummer = "SE_ORGANISATIONSNUMMER",
            /// An Indian passport number.
            InPassport = "IN_PASSPORT",
            /// A number of an Indian elector's card.
            InVoter = "IN_VOTER",
            /// An Indian licence plate.
            InVehicleRegistration = "IN_VEHICLE_REGISTRATION",
            /// An Indian goods and services tax number.
            InGstin = "IN_GSTIN",
            /// An Australian company number.
            AuAcn = "AU_ACN",
            /// A Singaporean identity number.
            SgNricFin = "SG_NRIC_FIN",
            /// A Singaporean unique entity number.
            SgUen = "SG_UEN",
            /// A South Korean resident registration number.
            KrRrn = "KR_RRN",
            /// A South Korean foreigner registration number.
            KrFrn = "KR_FRN",
            /// A South Korean business registration number.
            KrBrn = "KR_BRN",
            /// A South Korean passport number.
            KrPassport = "KR_PASSPORT",
            /// A Thai national identification number.
            ThTnin = "TH_TNIN",
            /// A Turkish identification number.
            TrNationalId = "TR_NATIONAL_ID",
            /// A Turkish licence plate.
            TrLicensePlate = "TR_LICENSE_PLATE",
            /// A Philippine taxpayer identification number.
            PhTin = "PH_TIN",
            /// A South African identity number.
            ZaIdNumber = "ZA_ID_NUMBER",
            /// A Nigerian national identification number.
            NgNin = "NG_NIN",
            /// A Nigerian licence plate.
            NgVehicleRegistration = "NG_VEHICLE_REGISTRATION",
            /// An IPv4 or IPv6 address.
            IpAddress = "IP_ADDRESS",
            /// A hardware address of a network card.
            MacAddress = "MAC_ADDRESS",
            /// A URL with its scheme, or one that begins with `www.`.
            Url = "URL",
            /// A domain name under a known top-level domain.
            DomainName = "DOMAIN_NAME",
            /// An address of a cryptocurrency.
            Crypto = "CRYPTO",
            /// A date that is said to be somebody's birthday.
            DateOfBirth = "DATE_OF_BIRTH",
            /// A postal address, or the street and house number of one.
            Address = "ADDRESS",
            /// A postal code.
            ZipCode = "ZIP_CODE",
            /// A geographic position: latitude and longitude.
            Coordinates = "COORDINATES",
            /// A vehicle identification number.
            Vin = "VIN",
            /// A secret of software: an API key, a token, a private key, a password.
            ApiKey = "API_KEY",
            /// The name of a person.
            Person = "PERSON",
            /// The name of a place.
            Location = "LOCATION",
            /// The name of an organisation.
            Organization = "ORGANIZATION",
            /// The number of a patient's record.
            MedicalRecordNumber = "MEDICAL_RECORD_NUMBER",
            /// A United States national provider identifier.
            UsNpi = "US_NPI",
            /// A United States DEA registration number.
            UsDea = "US_DEA",
            /// A number of a member of a health insurance.
            HealthInsuranceId = "HEALTH_INSURANCE_ID",
            /// The security code of a payment card.
            Cvv = "CVV",
            /// The date a payment card expires.
            CardExpiry = "CARD_EXPIRY",
            /// The name on a payment card.
            Cardholder = "CARDHOLDER",
        }
        planned {}
    }
}

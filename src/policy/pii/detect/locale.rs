//! Countries, and which of them a value belongs to.
//!
//! It is told from the finding alone, so that leaving out those of other countries changes nothing
//! about where a text may be cut.

use super::entity::Entity;

macro_rules! locales {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A country whose identifiers, telephone numbers in their national form and addresses are
        /// known.
        ///
        /// ```
        /// use portcullis::policy::pii::Locale;
        ///
        /// assert_eq!(Locale::from_code("de"), Some(Locale::De));
        /// assert_eq!(Locale::De.code(), "de");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Locale {
            $($(#[$doc])* $name,)*
        }

        impl Locale {
            /// Every country.
            pub const ALL: &'static [Locale] = &[$(Locale::$name,)*];

            /// The code of the country (ISO 3166-1 alpha-2), in small letters.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Locale::$name => $code,)*
                }
            }
        }
    };
}

locales! {
    /// Argentina.
    Ar = "ar",
    /// Austria.
    At = "at",
    /// Australia.
    Au = "au",
    /// Belgium.
    Be = "be",
    /// Brazil.
    Br = "br",
    /// Canada.
    Ca = "ca",
    /// Switzerland.
    Ch = "ch",
    /// Chile.
    Cl = "cl",
    /// China.
    Cn = "cn",
    /// Czechia.
    Cz = "cz",
    /// Germany.
    De = "de",
    /// Denmark.
    Dk = "dk",
    /// Spain.
    Es = "es",
    /// Finland.
    Fi = "fi",
    /// France.
    Fr = "fr",
    /// United Kingdom.
    Gb = "gb",
    /// Greece.
    Gr = "gr",
    /// Hungary.
    Hu = "hu",
    /// Ireland.
    Ie = "ie",
    /// India.
    In = "in",
    /// Italy.
    It = "it",
    /// Japan.
    Jp = "jp",
    /// South Korea.
    Kr = "kr",
    /// Luxembourg.
    Lu = "lu",
    /// Mexico.
    Mx = "mx",
    /// Nigeria.
    Ng = "ng",
    /// Netherlands.
    Nl = "nl",
    /// Norway.
    No = "no",
    /// New Zealand.
    Nz = "nz",
    /// Philippines.
    Ph = "ph",
    /// Poland.
    Pl = "pl",
    /// Portugal.
    Pt = "pt",
    /// Romania.
    Ro = "ro",
    /// Russia.
    Ru = "ru",
    /// Sweden.
    Se = "se",
    /// Singapore.
    Sg = "sg",
    /// Slovakia.
    Sk = "sk",
    /// Thailand.
    Th = "th",
    /// Turkey.
    Tr = "tr",
    /// Ukraine.
    Ua = "ua",
    /// United States.
    Us = "us",
    /// South Africa.
    Za = "za",
}

impl Locale {
    /// The country with this [`code`](Self::code), in small letters or capitals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|locale| locale.code().eq_ignore_ascii_case(code))
    }
}

/// Some countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy::pii) struct Locales(u64);

impl Locales {
    pub(in crate::policy::pii) const ALL: Locales = Locales((1 << Locale::ALL.len()) - 1);

    const fn contains(self, locale: Locale) -> bool {
        self.0 >> (locale as u8) & 1 == 1
    }

    const fn any(self, others: &[Locale]) -> bool {
        let mut at = 0;
        while at < others.len() {
            if self.contains(others[at]) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Whether what these countries have includes an entity.
    pub(in crate::policy::pii) fn have(self, entity: Entity) -> bool {
        entity.locale().is_none_or(|locale| self.contains(locale))
    }

    /// Whether a value that was found is of one of these countries, or of all.
    pub(in crate::policy::pii) fn own(self, entity: Entity, value: &str) -> bool {
        if self == Self::ALL {
            return true;
        }
        match entity {
            Entity::PhoneNumber => self.telephone(value),
            Entity::VatNumber => self.vat(value),
            Entity::Address => self.address(value),
            Entity::ZipCode => self.postcode(value),
            _ => self.have(entity),
        }
    }

    /// An international number, one without an area code, or a national one that these have.
    fn telephone(self, value: &str) -> bool {
        let head = value.trim_start_matches('(');
        if head.starts_with('+') || head.starts_with("00") {
            return true;
        }
        let number = value.split(|c: char| c.is_alphabetic()).next();
        let digits = || {
            number
                .unwrap_or_default()
                .bytes()
                .filter(u8::is_ascii_digit)
        };
        let count = digits().count();
        let Some(first) = digits().next() else {
            return true;
        };
        count <= 8
            || PLANS.iter().any(|&(locale, firsts, fewest, most)| {
                self.contains(locale)
                    && firsts.as_bytes().contains(&first)
                    && (fewest..=most).contains(&count)
            })
    }

    /// By the country in front; without one it is Italy's or the United Kingdom's.
    fn vat(self, value: &str) -> bool {
        let code = value.get(..2).unwrap_or_default();
        if code.starts_with(|c: char| c.is_ascii_digit()) {
            return self.any(&[Locale::Gb, Locale::It]);
        }
        let code = match code {
            "EL" | "el" => "gr",
            "XI" | "xi" => "gb",
            code => code,
        };
        Locale::from_code(code).is_some_and(|locale| self.contains(locale))
    }

    /// By the words that streets are called in.
    fn address(self, value: &str) -> bool {
        let line = value.split([',', '\n']).next().unwrap_or_default();
        let line = line.to_lowercase();
        let said = |names: &[&str]| {
            let mut words = line.split(|c: char| !c.is_alphabetic());
            words.any(|word| names.contains(&word))
        };
        let ends = |ends: &[&str]| {
            let mut words = line.split(|c: char| !c.is_alphabetic());
            words.any(|word| ends.iter().any(|end| word.ends_with(end)))
        };
        let mut known = STREETS
            .iter()
            .filter(|(names, suffixes, _)| said(names) || ends(suffixes));
        match known.next() {
            Some((.., locales)) => self.any(locales),
            None => self.any(ENGLISH),
        }
    }

    /// A code with letters is the United Kingdom's, Canada's, Ireland's or the Netherlands'; digits
    /// alone are anybody's.
    fn postcode(self, value: &str) -> bool {
        let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
        !letters || self.any(&[Locale::Gb, Locale::Ca, Locale::Ie, Locale::Nl])
    }
}

impl FromIterator<Locale> for Locales {
    fn from_iter<I: IntoIterator<Item = Locale>>(iter: I) -> Self {
        Self(
            iter.into_iter()
                .fold(0, |set, locale| set | 1 << (locale as u8)),
        )
    }
}

impl Entity {
    /// The country whose identifier it is; none for what is written alike everywhere or by many.
    ///
    /// ```
    /// use portcullis::policy::pii::{Entity, Locale};
    ///
    /// assert_eq!(Entity::UsSsn.locale(), Some(Locale::Us));
    /// assert_eq!(Entity::EmailAddress.locale(), None);
    /// ```
    #[must_use]
    pub const fn locale(self) -> Option<Locale> {
        Some(match self {
            Entity::UsSsn
            | Entity::UsItin
            | Entity::UsDriverLicense
            | Entity::UsPassport
            | Entity::UsBankNumber
            | Entity::AbaRoutingNumber
            | Entity::UsNpi
            | Entity::UsDea => Locale::Us,
            Entity::UkNhs
            | Entity::UkNino
            | Entity::UkPassport
            | Entity::UkDrivingLicence
            | Entity::UkVehicleRegistration => Locale::Gb,
            Entity::DeTaxId | Entity::DePassport | Entity::DeSocialSecurity => Locale::De,
            Entity::FrNir => Locale::Fr,
            Entity::EsNif | Entity::EsNie | Entity::EsPassport => Locale::Es,
            Entity::ItFiscalCode
            | Entity::ItPassport
            | Entity::ItDriverLicense
            | Entity::ItIdentityCard => Locale::It,
            Entity::PlPesel => Locale::Pl,
            Entity::NlBsn => Locale::Nl,
            Entity::FiPersonalIdentityCode => Locale::Fi,
            Entity::SePersonnummer | Entity::SeOrganisationsnummer => Locale::Se,
            Entity::InAadhaar
            | Entity::InPan
            | Entity::InPassport
            | Entity::InVoter
            | Entity::InVehicleRegistration
            | Entity::InGstin => Locale::In,
            Entity::BrCpf | Entity::BrCnpj => Locale::Br,
            Entity::AuTfn | Entity::AuAbn | Entity::AuMedicare | Entity::AuAcn => Locale::Au,
            Entity::CaSin => Locale::Ca,
            Entity::SgNricFin | Entity::SgUen => Locale::Sg,
            Entity::KrRrn | Entity::KrFrn | Entity::KrBrn | Entity::KrPassport => Locale::Kr,
            Entity::ThTnin => Locale::Th,
            Entity::TrNationalId | Entity::TrLicensePlate => Locale::Tr,
            Entity::PhTin => Locale::Ph,
            Entity::ZaIdNumber => Locale::Za,
            Entity::NgNin | Entity::NgVehicleRegistration => Locale::Ng,
            _ => return None,
        })
    }
}

/// What national numbers with an area code begin with, and how many digits they have (ITU-T E.164,
/// national numbering plans). A trunk prefix counts.
#[rustfmt::skip]
const PLANS: &[(Locale, &str, usize, usize)] = &[
    (Locale::Ar, "0", 11, 13), (Locale::Ar, "123456789", 10, 11), (Locale::At, "0", 6, 13),
    (Locale::Au, "0", 10, 10), (Locale::Au, "1", 10, 10), (Locale::Be, "0", 9, 10),
    (Locale::Br, "123456789", 9, 11), (Locale::Br, "0", 11, 14), (Locale::Ca, "23456789", 10, 10),
    (Locale::Ca, "1", 11, 11), (Locale::Ch, "0", 10, 10), (Locale::Cl, "29", 9, 9),
    (Locale::Cn, "1", 11, 11), (Locale::Cn, "0", 10, 12), (Locale::Cz, "23456789", 9, 9),
    (Locale::De, "0", 6, 13), (Locale::Es, "6789", 9, 9), (Locale::Fi, "0", 6, 12),
    (Locale::Fr, "0", 10, 10), (Locale::Gb, "0", 10, 11), (Locale::Gr, "26", 10, 10),
    (Locale::Hu, "0", 10, 11), (Locale::Hu, "123456789", 9, 9), (Locale::Ie, "0", 9, 10),
    (Locale::In, "6789", 10, 10), (Locale::In, "0", 11, 11), (Locale::It, "0", 6, 11),
    (Locale::It, "3", 9, 10), (Locale::It, "8", 9, 10), (Locale::Jp, "0", 10, 11),
    (Locale::Kr, "0", 9, 12), (Locale::Lu, "23456789", 9, 9), (Locale::Mx, "123456789", 10, 10),
    (Locale::Ng, "0", 10, 11), (Locale::Nl, "0", 10, 10), (Locale::Nz, "0", 9, 11),
    (Locale::Ph, "0", 9, 11), (Locale::Pl, "123456789", 9, 9), (Locale::Pl, "0", 10, 10),
    (Locale::Pt, "239", 9, 9), (Locale::Ro, "0", 10, 10), (Locale::Ru, "8", 11, 11),
    (Locale::Ru, "3489", 10, 10), (Locale::Se, "0", 9, 11), (Locale::Sk, "0", 10, 10),
    (Locale::Sk, "23456789", 9, 9), (Locale::Th, "0", 9, 10), (Locale::Tr, "0", 11, 11),
    (Locale::Tr, "2345", 10, 10), (Locale::Ua, "0", 10, 10), (Locale::Us, "23456789", 10, 10),
    (Locale::Us, "1", 11, 11), (Locale::Za, "0", 10, 10),
];

const ENGLISH: &[Locale] = &[
    Locale::Au,
    Locale::Ca,
    Locale::Gb,
    Locale::Ie,
    Locale::In,
    Locale::Ng,
    Locale::Nz,
    Locale::Ph,
    Locale::Sg,
    Locale::Us,
    Locale::Za,
];

/// Words that streets are called, their endings, and where.
type Streets = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [Locale],
);

#[rustfmt::skip]
const STREETS: &[Streets] = &[
    (&["rue", "boulevard", "chemin", "allée", "allee", "quai", "impasse", "faubourg"], &[],
     &[Locale::Fr, Locale::Be, Locale::Ch, Locale::Lu, Locale::Ca]),
    (&["calle", "avenida", "plaza", "paseo", "ronda", "carretera", "camino", "glorieta"], &[],
     &[Locale::Es, Locale::Mx, Locale::Ar, Locale::Cl, Locale::Pt, Locale::Br]),
    (&["rua", "travessa", "praça", "alameda", "largo", "estrada", "rodovia"], &[],
     &[Locale::Pt, Locale::Br]),
    (&["via", "viale", "piazza", "corso", "vicolo", "piazzale"], &[], &[Locale::It, Locale::Ch]),
    (&["ul", "ulica", "aleja", "aleje", "plac", "os"], &[], &[Locale::Pl]),
    (&[], &["straße", "strasse", "str", "weg", "platz", "gasse", "allee", "damm", "ufer", "ring"],
     &[Locale::De, Locale::At, Locale::Ch]),
    (&[], &["straat", "laan", "plein", "gracht", "kade", "dijk", "steenweg"],
     &[Locale::Nl, Locale::Be]),
    (&[], &["gatan", "vägen", "gränd"], &[Locale::Se, Locale::Fi]),
    (&[], &["vej", "gade", "vejen", "gaden", "allé"], &[Locale::Dk]),
    (&[], &["veien", "gata", "vegen", "gate"], &[Locale::No]),
    (&[], &["katu", "tie", "polku", "kuja"], &[Locale::Fi]),
];

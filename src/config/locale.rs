//! The countries a configuration can name.

use super::names::names;

names! {
    /// A country, by its code in ISO 3166-1.
    pub enum Locale as "country" {
        built {
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
        planned {}
    }
}

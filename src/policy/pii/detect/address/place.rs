//! States of the United States with the ZIP codes that begin as theirs do, and the areas of
//! postcodes of the United Kingdom.

/// An abbreviation, a name, and ranges.
type State = (&'static str, &'static str, &'static [(u16, u16)]);

/// Each state, district, territory or military area: its abbreviation, its name, and the ranges of
/// the first three digits of its ZIP codes (USPS Publication 28, appendix B; DMM labeling list
/// L002).
#[rustfmt::skip]
const STATES: &[State] = &[
    ("AL", "Alabama", &[(350, 369)]), ("AK", "Alaska", &[(995, 999)]),
    ("AZ", "Arizona", &[(850, 865)]), ("AR", "Arkansas", &[(716, 729), (755, 755)]),
    ("CA", "California", &[(900, 961)]), ("CO", "Colorado", &[(800, 816)]),
    ("CT", "Connecticut", &[(60, 69)]), ("DE", "Delaware", &[(197, 199)]),
    ("DC", "District of Columbia", &[(200, 205), (569, 569)]),
    ("FL", "Florida", &[(320, 349)]), ("GA", "Georgia", &[(300, 319), (398, 399)]),
    ("HI", "Hawaii", &[(967, 968)]), ("ID", "Idaho", &[(832, 838)]),
    ("IL", "Illinois", &[(600, 629)]), ("IN", "Indiana", &[(460, 479)]),
    ("IA", "Iowa", &[(500, 528)]), ("KS", "Kansas", &[(660, 679)]),
    ("KY", "Kentucky", &[(400, 427)]), ("LA", "Louisiana", &[(700, 715)]),
    ("ME", "Maine", &[(39, 49)]), ("MD", "Maryland", &[(206, 219)]),
    ("MA", "Massachusetts", &[(10, 27), (55, 55)]), ("MI", "Michigan", &[(480, 499)]),
    ("MN", "Minnesota", &[(550, 567)]), ("MS", "Mississippi", &[(386, 397)]),
    ("MO", "Missouri", &[(630, 658)]), ("MT", "Montana", &[(590, 599)]),
    ("NE", "Nebraska", &[(680, 693)]), ("NV", "Nevada", &[(889, 898)]),
    ("NH", "New Hampshire", &[(30, 38)]), ("NJ", "New Jersey", &[(70, 89)]),
    ("NM", "New Mexico", &[(870, 884)]), ("NY", "New York", &[(5, 5), (63, 63), (100, 149)]),
    ("NC", "North Carolina", &[(269, 289)]), ("ND", "North Dakota", &[(580, 588)]),
    ("OH", "Ohio", &[(430, 459)]), ("OK", "Oklahoma", &[(730, 732), (734, 749)]),
    ("OR", "Oregon", &[(970, 979)]), ("PA", "Pennsylvania", &[(150, 196)]),
    ("RI", "Rhode Island", &[(28, 29)]), ("SC", "South Carolina", &[(290, 299)]),
    ("SD", "South Dakota", &[(570, 577)]), ("TN", "Tennessee", &[(370, 385)]),
    ("TX", "Texas", &[(733, 733), (750, 799), (885, 885)]), ("UT", "Utah", &[(840, 847)]),
    ("VT", "Vermont", &[(50, 54), (56, 59)]), ("VA", "Virginia", &[(201, 201), (220, 246)]),
    ("WA", "Washington", &[(980, 994)]), ("WV", "West Virginia", &[(247, 268)]),
    ("WI", "Wisconsin", &[(530, 549)]), ("WY", "Wyoming", &[(820, 831)]),
    ("PR", "Puerto Rico", &[(6, 7), (9, 9)]), ("VI", "Virgin Islands", &[(8, 8)]),
    ("GU", "Guam", &[(969, 969)]), ("AA", "", &[(340, 340)]), ("AE", "", &[(90, 98)]),
    ("AP", "", &[(962, 966)]),
];

/// The place in the list of a state's abbreviation.
pub(super) fn state(word: &str) -> Option<usize> {
    if word.len() != 2 {
        return None;
    }
    STATES.iter().position(|(short, ..)| *short == word)
}

/// The names of the states, with their places in the list.
pub(super) fn state_names() -> impl Iterator<Item = (usize, &'static str)> {
    let names = STATES.iter().map(|(_, name, _)| *name).enumerate();
    names.filter(|(_, name)| !name.is_empty())
}

/// Whether a ZIP code that begins with these digits lies in the state.
pub(super) fn zip_in(state: usize, zip: &str) -> bool {
    let digits = zip.get(..3).and_then(|d| d.parse::<u16>().ok());
    STATES
        .get(state)
        .zip(digits)
        .is_some_and(|((_, _, ranges), digits)| {
            ranges
                .iter()
                .any(|&(low, high)| (low..=high).contains(&digits))
        })
}

/// The letters that postcodes of the United Kingdom begin with (Royal Mail, postcode areas).
const AREAS: &str = "AB AL B BA BB BD BF BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG \
    DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW \
    KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA \
    SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO \
    ZE";

/// For each capital, the capitals that may follow it: bit 0 for none, bit 1 for `A`.
static FOLLOW: [u32; 26] = {
    let (bytes, mut table, mut at) = (AREAS.as_bytes(), [0; 26], 0);
    while at < bytes.len() {
        if bytes[at].is_ascii_uppercase() {
            let first = (bytes[at] - b'A') as usize;
            if at + 1 < bytes.len() && bytes[at + 1].is_ascii_uppercase() {
                table[first] |= 1 << (bytes[at + 1] - b'A' + 1);
                at += 1;
            } else {
                table[first] |= 1;
            }
        }
        at += 1;
    }
    table
};

pub(super) fn is_area(letters: &str) -> bool {
    let (first, second) = match *letters.as_bytes() {
        [a @ b'A'..=b'Z'] => (a, 0),
        [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => (a, b - b'A' + 1),
        _ => return false,
    };
    FOLLOW
        .get(usize::from(first - b'A'))
        .is_some_and(|follow| follow >> second & 1 != 0)
}

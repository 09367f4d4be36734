//! Top-level domains (the root zone of IANA) in three tiers, and the labels that registries
//! register under.
//!
//! Many a top-level domain is also the ending of a file name or a common word after a full stop in
//! code. A name under one of those counts only where something else says that it is a domain name.

/// How well a top-level domain speaks for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// Hardly anything else ends like this.
    Strong,
    /// Popular, and now and then something else.
    Fair,
    /// As often a file, a method or a word.
    Weak,
}

#[rustfmt::skip]
const STRONG: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "biz", "mobi", "coop", "aero", "asia", "arpa",
    "ae", "af", "ag", "al", "ao", "aq", "ar", "aw", "ax", "az", "ba", "bb", "bd", "bf", "bg",
    "bh", "bi", "bj", "bm", "bn", "bo", "br", "bs", "bt", "bw", "by", "ca", "cd", "cf", "cg",
    "ch", "ci", "ck", "cm", "cn", "co", "cr", "cv", "cw", "cy", "cz", "de", "dj", "dk", "dm",
    "dz", "ee", "eg", "er", "es", "et", "eu", "fi", "fj", "fk", "fo", "fr", "ga", "gb", "gf",
    "gh", "gi", "gl", "gm", "gn", "gp", "gr", "gy", "hk", "hn", "hr", "ht", "hu", "ie", "il",
    "iq", "ir", "jm", "jo", "jp", "ke", "kg", "kh", "km", "kn", "kp", "kr", "kw", "ky", "kz",
    "lb", "lc", "li", "lk", "lr", "ls", "lu", "lv", "ly", "ma", "mc", "mh", "mo", "mq", "mr",
    "mt", "mv", "mw", "mx", "mz", "nc", "nf", "ng", "ni", "nl", "np", "nr", "nz", "om", "pe",
    "pf", "pg", "pr", "pt", "pw", "qa", "re", "ro", "ru", "rw", "sa", "sb", "sd", "se", "sg",
    "si", "sk", "sl", "sm", "sn", "sr", "ss", "su", "sx", "sy", "sz", "td", "tg", "th", "tj",
    "tk", "tl", "tn", "tr", "tt", "tw", "tz", "ua", "ug", "uk", "uy", "uz", "va", "vc", "ve",
    "vg", "vn", "wf", "ws", "yt", "za", "zm", "zw", "xyz",
];

#[rustfmt::skip]
const FAIR: &[&str] = &["io", "ai", "dev", "tv", "gg", "be", "pl", "sh", "fm", "info", "cc", "lt"];

#[rustfmt::skip]
const WEAK: &[&str] = &[
    "ac", "ad", "am", "as", "at", "au", "bz", "cl", "cu", "cx", "do", "ec", "gd", "ge", "gq", "gs",
    "gt", "gu", "gw", "hm", "id", "im", "in", "is", "it", "je", "ki", "la", "md", "me", "mg",
    "mk", "ml", "mm", "mn", "mp", "ms", "mu", "my", "na", "ne", "no", "nu", "pa", "ph", "pk",
    "pm", "pn", "ps", "py", "rs", "sc", "so", "st", "sv", "tc", "tf", "tm", "to", "us", "vi",
    "vu", "ye", "int", "name", "pro", "jobs", "travel", "museum", "tel", "cat", "post",
    "academy", "actor", "agency", "amsterdam", "app", "art", "audio", "auto", "band", "bank",
    "bar", "beer", "berlin", "best", "bet", "bid", "bike", "bio", "blog", "blue", "boats", "book",
    "boutique", "build", "builders", "business", "buzz", "cafe", "camera", "camp", "capital",
    "car", "cards", "care", "careers", "cars", "casa", "cash", "center", "chat", "cheap",
    "church", "city", "cleaning", "click", "clinic", "clothing", "cloud", "club", "coach", "codes",
    "coffee", "community", "company", "computer", "consulting", "contact", "cool", "country",
    "coupons", "credit", "dance", "date", "dating", "day", "deals", "delivery", "dental", "design",
    "digital", "direct", "directory", "doctor", "dog", "domains", "download", "earth", "education",
    "email", "energy", "engineer", "engineering", "enterprises", "equipment", "estate", "events",
    "exchange", "expert", "express", "family", "fan", "farm", "fashion", "film", "finance",
    "financial", "fish", "fit", "fitness", "flights", "florist", "foo", "football", "forum",
    "foundation", "fun", "fund", "furniture", "gallery", "game", "games", "garden", "gift", "gifts",
    "glass", "global", "gold", "golf", "graphics", "green", "group", "guide", "guru", "hamburg",
    "health", "healthcare", "help", "hockey", "holdings", "holiday", "homes", "horse", "hospital",
    "host", "hosting", "house", "how", "icu", "immo", "industries", "ink", "institute",
    "insurance", "international", "investments", "jetzt", "jewelry", "kim", "kitchen", "koeln",
    "land", "lat", "law", "lawyer", "lease", "legal", "life", "lighting", "limited", "link", "live",
    "loan", "loans", "lol", "london", "love", "ltd", "luxury", "management", "market",
    "marketing", "mba", "media", "memorial", "men", "mom", "money", "mortgage", "moscow", "mov",
    "movie", "network", "new", "news", "ninja", "nyc", "one", "onl", "online", "ooo", "page",
    "paris", "partners", "parts", "party", "pet", "phd", "photo", "photography", "photos", "pics",
    "pictures", "pink", "pizza", "place", "plumbing", "plus", "poker", "press", "productions",
    "promo", "properties", "property", "pub", "quest", "racing", "realty", "recipes", "red",
    "rehab", "rent", "rentals", "repair", "report", "rest", "restaurant", "review", "reviews",
    "rip", "rocks", "rodeo", "ruhr", "run", "saarland", "sale", "salon", "school", "schule",
    "science", "security", "services", "sex", "shoes", "shop", "shopping", "show", "singles",
    "site", "ski", "soccer", "social", "software", "solar", "solutions", "space", "storage",
    "store", "stream", "studio", "study", "style", "supplies", "supply", "support", "surf",
    "surgery", "systems", "tattoo", "tax", "taxi", "team", "tech", "technology", "tennis",
    "theater", "tickets", "tienda", "tips", "tires", "today", "tokyo", "tools", "top", "tours",
    "town", "toys", "trade", "training", "university", "vacations", "ventures", "vet", "viajes",
    "video", "villas", "vin", "vip", "vision", "vlaanderen", "vodka", "vote", "voyage", "watch",
    "webcam", "website", "wedding", "wiki", "win", "wine", "work", "works", "world", "wtf", "yoga",
    "zip", "zone",
];

/// Labels that stand between a registered name and a country's domain, or under which hosts give
/// names away.
#[rustfmt::skip]
const SECOND: &[&str] = &[
    "co", "com", "org", "net", "ac", "edu", "gov", "gob", "gouv", "govt", "mil", "ltd", "plc",
    "nom", "nhs", "ne", "or", "go", "firm", "ind", "gen", "res", "github", "gitlab", "netlify",
    "vercel", "herokuapp", "pages", "web", "fly", "onrender", "readthedocs",
];

/// Whether anything ends with the domain `label`, lower-case.
pub(super) fn tier(label: &str) -> Option<Tier> {
    if STRONG.contains(&label) {
        Some(Tier::Strong)
    } else if FAIR.contains(&label) {
        Some(Tier::Fair)
    } else if WEAK.contains(&label) {
        Some(Tier::Weak)
    } else {
        None
    }
}

pub(super) fn is_second(label: &str) -> bool {
    SECOND.contains(&label)
}

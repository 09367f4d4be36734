//! Issuers of tokens, each with the prefix of its tokens and what follows it.
//!
//! The prefixes and lengths are those that the issuers document or that the tokens they give out
//! have. Where a length has grown over the years the shortest and the longest are given.

/// The characters of a part of a token.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Digits,
    Hex,
    /// Letters and digits.
    Letters,
    /// Capitals and digits.
    Capitals,
    /// Letters, digits and `_`.
    Word,
    /// Base64 for URLs: letters, digits, `_` and `-`.
    Url,
    /// The same with `.` and `=`.
    Dotted,
    /// Base64 of either kind, with `=`.
    Base64,
}

/// Characters, and the mark that ends them; the last part has none.
pub(super) struct Part {
    pub(super) body: Body,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) mark: Option<u8>,
}

pub(super) struct Issuer {
    pub(super) prefix: &'static str,
    pub(super) parts: &'static [Part],
    /// Whether a token without a digit is none: what looks like it is then a word of code.
    pub(super) digit: bool,
}

const fn one(prefix: &'static str, parts: &'static [Part]) -> Issuer {
    Issuer {
        prefix,
        parts,
        digit: true,
    }
}

const fn any(prefix: &'static str, parts: &'static [Part]) -> Issuer {
    Issuer {
        prefix,
        parts,
        digit: false,
    }
}

const fn of(body: Body, least: usize, most: usize) -> Part {
    Part {
        body,
        least,
        most,
        mark: None,
    }
}

const fn to(body: Body, least: usize, most: usize, mark: u8) -> Part {
    Part {
        body,
        least,
        most,
        mark: Some(mark),
    }
}

use Body::{Base64, Capitals, Digits, Dotted, Hex, Letters, Url, Word};

#[rustfmt::skip]
pub(super) const ISSUERS: &[Issuer] = &[
    // Amazon Web Services: key ids of 16 characters of base32, Bedrock keys.
    any("AKIA", &[of(Capitals, 16, 16)]),
    any("ASIA", &[of(Capitals, 16, 16)]),
    any("ABIA", &[of(Capitals, 16, 16)]),
    any("ACCA", &[of(Capitals, 16, 16)]),
    one("ABSK", &[of(Base64, 100, 300)]),
    any("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", &[of(Base64, 0, 450)]),
    // Google.
    any("AIza", &[of(Url, 35, 35)]),
    one("ya29.", &[of(Dotted, 20, 300)]),
    any("GOCSPX-", &[of(Url, 28, 28)]),
    one("1//0", &[of(Url, 40, 120)]),
    // GitHub.
    any("ghp_", &[of(Letters, 36, 251)]),
    any("gho_", &[of(Letters, 36, 251)]),
    any("ghu_", &[of(Letters, 36, 251)]),
    any("ghs_", &[of(Letters, 36, 251)]),
    any("ghr_", &[of(Letters, 36, 251)]),
    any("github_pat_", &[of(Word, 82, 82)]),
    // GitLab.
    any("glpat-", &[of(Dotted, 20, 64)]),
    one("glptt-", &[of(Hex, 40, 40)]),
    any("gldt-", &[of(Url, 20, 64)]),
    any("glcbt-", &[of(Url, 20, 80)]),
    any("glrt-", &[of(Dotted, 20, 64)]),
    any("glrtr-", &[of(Dotted, 20, 64)]),
    any("glffct-", &[of(Url, 20, 50)]),
    any("glft-", &[of(Url, 20, 50)]),
    any("glimt-", &[of(Url, 25, 55)]),
    any("glagent-", &[of(Url, 50, 80)]),
    any("gloas-", &[of(Url, 64, 94)]),
    any("glsoat-", &[of(Url, 20, 50)]),
    any("GR1348941", &[of(Url, 20, 20)]),
    any("_gitlab_session=", &[of(Letters, 32, 32)]),
    // Slack.
    one("xoxb-", &[to(Digits, 8, 14, b'-'), of(Url, 18, 200)]),
    one("xoxp-", &[to(Digits, 9, 14, b'-'), to(Digits, 9, 14, b'-'), to(Digits, 9, 14, b'-'), of(Url, 26, 80)]),
    one("xoxe-", &[to(Digits, 9, 14, b'-'), to(Digits, 9, 14, b'-'), to(Digits, 9, 14, b'-'), of(Url, 26, 80)]),
    one("xoxs-", &[to(Digits, 1, 128, b'-'), to(Digits, 1, 128, b'-'), to(Digits, 1, 128, b'-'), of(Letters, 6, 128)]),
    one("xoxo-", &[to(Digits, 1, 128, b'-'), to(Digits, 1, 128, b'-'), to(Digits, 1, 128, b'-'), of(Letters, 6, 128)]),
    one("xoxa-", &[to(Digits, 1, 1, b'-'), of(Letters, 8, 48)]),
    one("xoxa-", &[of(Letters, 8, 48)]),
    one("xoxr-", &[to(Digits, 1, 1, b'-'), of(Letters, 8, 48)]),
    one("xoxr-", &[of(Letters, 8, 48)]),
    one("xoxe-", &[to(Digits, 1, 1, b'-'), of(Letters, 140, 160)]),
    one("xoxe.xoxb-", &[to(Digits, 1, 1, b'-'), of(Letters, 160, 180)]),
    one("xoxe.xoxp-", &[to(Digits, 1, 1, b'-'), of(Letters, 160, 180)]),
    one("xapp-", &[to(Digits, 1, 1, b'-'), to(Capitals, 8, 16, b'-'), to(Digits, 8, 16, b'-'), of(Letters, 32, 80)]),
    one("xoxc-", &[of(Url, 40, 120)]),
    one("xoxd-", &[of(Base64, 60, 300)]),
    // Stripe and other payment services.
    any("sk_live_", &[of(Letters, 10, 252)]),
    any("sk_test_", &[of(Letters, 10, 252)]),
    any("sk_prod_", &[of(Letters, 10, 252)]),
    any("rk_live_", &[of(Letters, 10, 252)]),
    any("rk_test_", &[of(Letters, 10, 252)]),
    any("rk_prod_", &[of(Letters, 10, 252)]),
    one("whsec_", &[of(Base64, 32, 64)]),
    any("EAAA", &[of(Url, 22, 60)]),
    any("sq0atp-", &[of(Url, 22, 60)]),
    any("sq0csp-", &[of(Url, 22, 60)]),
    any("sq0idp-", &[of(Url, 22, 60)]),
    one("FLWSECK_TEST-", &[of(Letters, 12, 32)]),
    one("FLWSECK-", &[of(Letters, 32, 64)]),
    one("FLWSECK_TEST-", &[to(Letters, 32, 32, b'-'), of(Capitals, 1, 1)]),
    one("FLWSECK-", &[to(Letters, 32, 64, b'-'), of(Capitals, 1, 1)]),
    one("FLWPUBK_TEST-", &[to(Letters, 32, 32, b'-'), of(Capitals, 1, 1)]),
    one("rzp_live_", &[of(Letters, 14, 14)]),
    one("rzp_test_", &[of(Letters, 14, 14)]),
    one("access-sandbox-", &[of(Url, 36, 36)]),
    one("access-development-", &[of(Url, 36, 36)]),
    one("access-production-", &[of(Url, 36, 36)]),
    one("EZAK", &[of(Letters, 54, 54)]),
    one("EZTK", &[of(Letters, 54, 54)]),
    one("duffel_live_", &[of(Base64, 43, 43)]),
    one("duffel_test_", &[of(Base64, 43, 43)]),
    one("shippo_live_", &[of(Hex, 40, 40)]),
    one("shippo_test_", &[of(Hex, 40, 40)]),
    one("access_token$production$", &[to(Letters, 16, 16, b'$'), of(Hex, 32, 32)]),
    // Models: OpenAI, Anthropic, Together and others.
    any("sk-ant-admin01-", &[of(Url, 80, 120)]),
    any("sk-ant-api03-", &[of(Url, 80, 120)]),
    one("sk-ant-", &[of(Url, 32, 140)]),
    any("sk-proj-", &[of(Url, 20, 220)]),
    any("sk-svcacct-", &[of(Url, 20, 220)]),
    any("sk-admin-", &[of(Url, 20, 220)]),
    one("sk-None-", &[of(Url, 20, 220)]),
    one("sk-or-v1-", &[of(Hex, 64, 64)]),
    one("sk-lf-", &[of(Url, 36, 36)]),
    one("sk-", &[of(Letters, 32, 64)]),
    any("tgp_v1_", &[of(Url, 40, 64)]),
    one("gsk_", &[of(Letters, 48, 64)]),
    one("xai-", &[of(Url, 60, 100)]),
    one("pplx-", &[of(Letters, 40, 64)]),
    one("r8_", &[of(Letters, 37, 40)]),
    any("hf_", &[of(Letters, 34, 40)]),
    any("api_org_", &[of(Letters, 34, 34)]),
    one("nvapi-", &[of(Url, 60, 80)]),
    one("csk-", &[of(Letters, 40, 64)]),
    one("fw_", &[of(Letters, 22, 40)]),
    one("tvly-", &[of(Url, 32, 64)]),
    one("pcsk_", &[of(Word, 40, 80)]),
    one("lsv2_pt_", &[of(Word, 40, 60)]),
    one("lsv2_sk_", &[of(Word, 40, 60)]),
    one("jina_", &[of(Url, 50, 70)]),
    one("voyage-", &[of(Letters, 43, 43)]),
    one("pa-", &[of(Url, 43, 48)]),
    one("ops_eyJ", &[of(Base64, 250, 500)]),
    one("sk_", &[of(Hex, 48, 48)]),
    one("rpa_", &[of(Capitals, 40, 44)]),
    one("apify_api_", &[of(Letters, 36, 40)]),
    // Mail and messages.
    any("SG.", &[to(Url, 18, 32, b'.'), of(Url, 39, 52)]),
    one("key-", &[of(Hex, 32, 32)]),
    any("xkeysib-", &[to(Hex, 64, 64, b'-'), of(Letters, 16, 16)]),
    one("SK", &[of(Hex, 32, 32)]),
    one("re_", &[to(Letters, 8, 8, b'_'), of(Letters, 24, 24)]),
    one("sib-", &[of(Hex, 64, 64)]),
    one("pubkey-", &[of(Hex, 32, 32)]),
    one("mlsn.", &[of(Hex, 64, 70)]),
    one("EAAC", &[of(Letters, 100, 300)]),
    one("EAAM", &[of(Letters, 100, 300)]),
    // Packages and builds.
    any("npm_", &[of(Letters, 36, 36)]),
    any("pypi-", &[of(Url, 60, 300)]),
    one("rubygems_", &[of(Hex, 48, 48)]),
    any("dckr_pat_", &[of(Url, 27, 27)]),
    any("dckr_oat_", &[of(Url, 27, 40)]),
    one("oy2", &[of(Letters, 43, 43)]),
    one("bkua_", &[of(Hex, 40, 40)]),
    one("CCIPAT_", &[to(Letters, 20, 30, b'_'), of(Hex, 40, 40)]),
    one("AKCp", &[of(Letters, 69, 80)]),
    one("pul-", &[of(Hex, 40, 40)]),
    one("PMAK-", &[to(Hex, 24, 24, b'-'), of(Hex, 34, 34)]),
    any("pnu_", &[of(Letters, 36, 36)]),
    one("rdme_", &[of(Letters, 70, 70)]),
    one("cio_", &[of(Letters, 32, 64)]),
    one("sgp_", &[of(Hex, 40, 40)]),
    one("sgp_local_", &[of(Hex, 40, 40)]),
    one("sgp_", &[to(Hex, 16, 16, b'_'), of(Hex, 40, 40)]),
    any("ico-", &[of(Letters, 32, 32)]),
    one("CLOJARS_", &[of(Letters, 60, 60)]),
    one("squ_", &[of(Url, 40, 40)]),
    one("sqp_", &[of(Url, 40, 40)]),
    one("sqa_", &[of(Url, 40, 40)]),
    one("pat.", &[to(Url, 22, 22, b'.'), to(Hex, 24, 24, b'.'), of(Letters, 20, 20)]),
    one("sat.", &[to(Url, 22, 22, b'.'), to(Hex, 24, 24, b'.'), of(Letters, 20, 20)]),
    one("snyk_uat.", &[to(Letters, 8, 8, b'.'), of(Url, 32, 64)]),
    one("cmVmd", &[of(Letters, 59, 59)]),
    one("waka_", &[of(Url, 36, 36)]),
    any("dp.pt.", &[of(Letters, 40, 44)]),
    one("dp.st.", &[of(Dotted, 40, 64)]),
    one("dp.ct.", &[of(Letters, 40, 44)]),
    // Clouds and databases.
    one("dop_v1_", &[of(Hex, 64, 64)]),
    one("doo_v1_", &[of(Hex, 64, 64)]),
    one("dor_v1_", &[of(Hex, 64, 64)]),
    one("dapi", &[of(Hex, 32, 32)]),
    one("dapi", &[to(Hex, 32, 32, b'-'), of(Digits, 1, 2)]),
    any("hvs.", &[of(Url, 90, 200)]),
    any("hvb.", &[of(Url, 90, 300)]),
    any("hvr.", &[of(Url, 90, 300)]),
    one("HRKU-", &[of(Url, 36, 70)]),
    any("pscale_tkn_", &[of(Dotted, 32, 64)]),
    any("pscale_oauth_", &[of(Dotted, 32, 64)]),
    any("pscale_pw_", &[of(Dotted, 32, 64)]),
    any("4b1d", &[of(Letters, 38, 38)]),
    one("sbp_", &[of(Hex, 40, 40)]),
    one("sb_secret_", &[of(Url, 28, 40)]),
    one("nfp_", &[of(Letters, 36, 44)]),
    one("fo1_", &[of(Url, 43, 43)]),
    one("fm2_", &[of(Base64, 100, 500)]),
    one("fm1a_", &[of(Base64, 100, 500)]),
    one("fm1r_", &[of(Base64, 100, 500)]),
    one("tskey-auth-", &[of(Url, 24, 64)]),
    one("tskey-api-", &[of(Url, 24, 64)]),
    one("AKID", &[of(Letters, 32, 32)]),
    one("amzn.mws.", &[of(Url, 36, 36)]),
    one("t1.", &[to(Url, 20, 300, b'.'), of(Url, 86, 86)]),
    one("sl.", &[of(Dotted, 130, 145)]),
    one("tk-us-", &[of(Url, 48, 48)]),
    one("LTAI", &[of(Letters, 20, 20)]),
    one("sha256~", &[of(Url, 43, 43)]),
    one("AQVN", &[of(Url, 35, 38)]),
    one("v1.0-", &[to(Hex, 24, 24, b'-'), of(Hex, 146, 146)]),
    one("API-", &[of(Capitals, 25, 32)]),
    // Shops, documents, projects.
    one("shpat_", &[of(Hex, 32, 32)]),
    one("shpca_", &[of(Hex, 32, 32)]),
    one("shppa_", &[of(Hex, 32, 32)]),
    one("shpss_", &[of(Hex, 32, 32)]),
    one("pat", &[to(Letters, 14, 14, b'.'), of(Hex, 64, 64)]),
    one("ntn_", &[of(Letters, 44, 50)]),
    one("secret_", &[of(Letters, 43, 43)]),
    any("lin_api_", &[of(Letters, 40, 40)]),
    one("figd_", &[of(Url, 40, 48)]),
    one("ATATT3", &[of(Dotted, 150, 250)]),
    one("ATCTT3", &[of(Dotted, 150, 250)]),
    one("ATBB", &[of(Letters, 32, 32)]),
    one("pat-na1-", &[of(Url, 36, 36)]),
    one("pat-eu1-", &[of(Url, 36, 36)]),
    one("tfp_", &[of(Dotted, 59, 59)]),
    one("fio-u-", &[of(Dotted, 64, 64)]),
    one("CFPAT-", &[of(Url, 43, 43)]),
    one("dnkey-", &[to(Letters, 26, 26, b'-'), of(Letters, 52, 52)]),
    one("p8e-", &[of(Letters, 32, 32)]),
    any("sm_aat_", &[of(Letters, 16, 16)]),
    any("sm_pat_", &[of(Letters, 16, 16)]),
    any("sm_sat_", &[of(Letters, 16, 16)]),
    one("A3-", &[to(Capitals, 6, 6, b'-'), of(Url, 27, 33)]),
    // Watching and security.
    one("glc_", &[of(Base64, 32, 400)]),
    one("eyJrIjoi", &[of(Base64, 70, 400)]),
    one("phx_", &[of(Letters, 40, 48)]),
    one("sc_", &[to(Letters, 5, 30, b'.'), to(Letters, 4, 6, b'.'), to(Url, 14, 36, b'.'), of(Base64, 30, 120)]),
    one("ext_", &[to(Letters, 5, 30, b'.'), to(Letters, 4, 6, b'.'), to(Url, 14, 36, b'.'), of(Base64, 30, 120)]),
    one("authress_", &[to(Letters, 5, 30, b'.'), to(Letters, 4, 6, b'.'), to(Url, 14, 36, b'.'), of(Base64, 30, 120)]),
    any("glsa_", &[to(Letters, 32, 32, b'_'), of(Hex, 8, 8)]),
    any("NRAK-", &[of(Capitals, 27, 27)]),
    one("NRII-", &[of(Url, 32, 32)]),
    one("NRJS-", &[of(Hex, 19, 19)]),
    one("NRIQ-", &[of(Url, 32, 32)]),
    one("dt0c01.", &[to(Capitals, 24, 24, b'.'), of(Capitals, 64, 64)]),
    one("sntryu_", &[of(Hex, 64, 64)]),
    one("sntrys_", &[of(Base64, 100, 450)]),
    one("AGE-SECRET-KEY-1", &[of(Capitals, 58, 58)]),
    one("u-s4t2ud-", &[of(Hex, 64, 64)]),
    one("s-s4t2ud-", &[of(Hex, 64, 64)]),
    one("s-s4t2af-", &[of(Hex, 64, 64)]),
    one("atlasv1.", &[of(Url, 60, 70)]),
];

/// The beginnings of the tokens' first words.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "aki", "asi", "abi", "acc", "abs", "bed", "aiz", "ya2", "goc", "1//", "ghp", "gho", "ghu",
    "ghs", "ghr", "git", "glp", "gld", "glc", "glr", "glf", "gli", "gla", "glo", "gls", "gr1",
    "_gi", "xox", "xap", "sk_", "rk_", "whs", "eaa", "sq0", "flw", "eza", "ezt", "duf", "shi",
    "sk-", "tgp", "gsk", "xai", "ppl", "r8_", "hf_", "api", "nva", "csk", "fw_", "tvl", "pcs",
    "lsv", "jin", "voy", "pa-", "ops", "sg.", "key", "xke", "sk0", "sk1", "sk2", "sk3", "sk4",
    "sk5", "sk6", "sk7", "sk8", "sk9", "ska", "skb", "skc", "skd", "ske", "skf", "re_", "sib",
    "npm", "pyp", "rub", "dck", "oy2", "bku", "cci", "akc", "pul", "pma", "pnu", "rdm", "cio",
    "sgp", "ico", "clo", "dp.", "dop", "doo", "dor", "dap", "hvs", "hvb", "hvr", "hrk", "psc",
    "4b1", "sbp", "sb_", "nfp", "fo1", "fm2", "tk-", "lta", "sha", "aqv", "v1.", "shp", "pat",
    "ntn", "sec", "lin", "fig", "ata", "atc", "atb", "tfp", "fio", "cfp", "dnk", "p8e", "sm_",
    "a3-", "nra", "nri", "nrj", "dt0", "snt", "age", "u-s", "s-s", "atl", "rzp", "rpa", "pub",
    "mls", "squ", "sqp", "sqa", "sat", "sny", "cmv", "wak", "fm1", "tsk", "amz", "t1.", "sl.",
    "eyj", "phx", "sc_", "ext", "aut",
];

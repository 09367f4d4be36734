//! Numbers that name a person, a company, a vehicle, a bank, a patient or a payment card.
//!
//! Most are a [`Rule`](rule::Rule): the forms it is written in, a check, and words that name it. A
//! number that its form and its check set apart counts wherever it stands; any other counts only
//! behind such a word.

mod asia;
mod bank;
mod check;
mod europe;
pub(super) mod health;
mod near;
mod nordic;
mod papers;
pub(super) mod pci;
mod rule;
mod shape;
mod south;
pub(super) mod swift;
mod uk;
mod us;
pub(super) mod vat;
mod vat_check;
mod vin;
mod world;

pub(super) use asia::{
    KR_BRN, KR_FRN, KR_PASSPORT, KR_RRN, PH_TIN, SG_NRIC, SG_UEN, TH_TNIN, TR_ID, TR_PLATE,
};
pub(super) use bank::{ABA, ACCOUNT, ACN, NG_NIN, ZA_ID};
pub(super) use europe::{DE_TAX_ID, FR_NIR, NL_BSN, PL_PESEL};
pub(super) use near::{MIXED, Names, Window};
pub(super) use nordic::{FI_HETU, SE_ORGANISATION, SE_PERSON};
pub(super) use papers::{
    DE_INSURANCE, DE_PASSPORT, ES_PASSPORT, IN_GSTIN, IN_PASSPORT, IN_PLATE, IN_VOTER, IT_CARD,
    IT_LICENCE, IT_PASSPORT, NG_PLATE, UK_LICENCE, UK_PASSPORT, UK_PLATE,
};
pub(super) use rule::{BEHIND_LONGEST, Rule};
pub(super) use south::{FISCAL_CODE, NIE, NIF};
pub(super) use uk::{NHS, NINO};
pub(super) use us::{DRIVER_LICENSE, ITIN, PASSPORT};
pub(super) use vin::VIN;
pub(super) use world::{AADHAAR, ABN, CNPJ, CPF, MEDICARE, PAN, SIN, TFN};

#[cfg(test)]
mod tests;

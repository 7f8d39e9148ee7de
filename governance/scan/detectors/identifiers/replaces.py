"""Entities of Presidio's that a detector of ours takes the place of, and why."""

from __future__ import annotations

from collections.abc import Mapping

_BOTH = (
    "the pack works beside Chinese text, knows words of more languages, and weighs a bare number by what stands near it"
)

REPLACES: Mapping[str, str] = {
    "ABA_ROUTING_NUMBER": _BOTH,
    "AU_ABN": _BOTH,
    "AU_ACN": _BOTH,
    "AU_MEDICARE": _BOTH,
    "AU_TFN": _BOTH,
    "CA_SIN": _BOTH,
    "CRYPTO": "the pack also knows Ethereum addresses and works beside Chinese text",
    "DE_HEALTH_INSURANCE": _BOTH,
    "DE_SOCIAL_SECURITY": _BOTH,
    "DE_TAX_ID": _BOTH,
    "DE_VAT_ID": _BOTH,
    "ES_NIE": "the pack wants the leading letter, so that it is no ES_NIF, and works beside Chinese text",
    "ES_NIF": "the pack also knows the form with dots, and works beside Chinese text",
    "FI_PERSONAL_IDENTITY_CODE": "the pack checks the day of birth and works beside Chinese text",
    "IN_AADHAAR": _BOTH,
    "IN_PAN": "the pack wants the letter of the holder's kind, and takes no ten signs at random for one",
    "IT_FISCAL_CODE": "the pack also knows the form with spaces, and works beside Chinese text",
    "IT_VAT_CODE": _BOTH,
    "KR_BRN": _BOTH,
    "KR_FRN": "the pack checks the day of birth, and takes numbers of after 2020, which have no check digit",
    "KR_RRN": "the pack checks the day of birth, and takes numbers of after 2020, which have no check digit",
    "PL_PESEL": "the pack leaves longer numbers that hold eleven such digits alone",
    "SE_PERSONNUMMER": "the pack leaves longer numbers that hold such digits alone, and checks the day of birth",
    "SG_NRIC_FIN": "the pack checks the last letter",
    "SG_UEN": _BOTH,
    "TH_TNIN": _BOTH,
    "TR_NATIONAL_ID": "the pack checks both check digits",
    "UK_DRIVING_LICENCE": "the pack takes surnames of any length, and works beside Chinese text",
    "UK_NHS": "a phone number of ten digits passes the check one time in eleven: the pack wants a word near it",
    "UK_NINO": "the pack works beside Chinese text",
    "US_BANK_NUMBER": "the pack lets no word as wide as `check` or `save` speak for an account",
    "US_ITIN": _BOTH,
    "US_MBI": "the pack works beside Chinese text and takes any of both ways of writing as sure",
    "US_NPI": _BOTH,
    "ZA_ID_NUMBER": "the pack checks the day of birth and wants more than the word `id` near a bare number",
}
"""By entity; merged with the list of `presidio_patterns`."""

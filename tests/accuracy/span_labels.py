"""Which labels of each measuring set stand for which of our entities, and why.

A label is scored as a *family*: what counts as found are the entities of ours (and of Presidio) whose name fits one of
its patterns. What a set does not label is never counted as an error there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

KINDRED = {"ADDRESS": ("LOCATION",), "LOCATION": ("ADDRESS",)}
"""A place name inside a labelled address is no error, and the other way round."""

_PLACES = ("LOCATION", "CITY", "COUNTRY")
_ADDRESSES = ("ADDRESS", "*POSTAL_CODE", "*POSTCODE", "DE_PLZ")


@dataclass(frozen=True)
class SetMap:
    """One measuring set."""

    file: str
    """Its file."""
    labels: dict[str, str]
    """Its label to the family it is scored as; labels that are left out are not scored."""
    why: str
    """The reasons behind the map."""
    key: str = "id"
    """The part of a row that decides its half."""
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Family to entity patterns, where they are more than the family's own name."""
    about_only: bool = False
    """Whether a case labels only the kind it is about."""

    def families(self) -> frozenset[str]:
        """What is scored."""
        return frozenset(self.labels.values())

    def family(self, entity: str, of: frozenset[str]) -> str | None:
        """The family of a found entity among those that a row labels; None when none of them is meant."""
        if entity in of:
            return entity
        return next((each for each in sorted(of) if self._accepts(each, entity)), None)

    def _accepts(self, family: str, entity: str) -> bool:
        return any(fnmatchcase(entity, pattern) for pattern in self.accepted.get(family, ()))


_GENERATED = {
    name: name
    for name in (
        "PERSON",
        "ADDRESS",
        "LOCATION",
        "ORGANIZATION",
        "CREDIT_CARD",
        "PHONE_NUMBER",
        "EMAIL_ADDRESS",
        "US_SSN",
        "IBAN_CODE",
        "US_DRIVER_LICENSE",
        "IP_ADDRESS",
        "AGE",
    )
}
_GENERATED_WHY = (
    "the names are ours already; DATE_TIME, TITLE, PREFIX and DOMAIN_NAME are not scored: a date, a form of address "
    "or a host name alone is not personal here"
)
_GENERATED_ACCEPTED = {
    "ADDRESS": _ADDRESSES,
    "LOCATION": _PLACES,
    "PHONE_NUMBER": ("FAX",),
    "US_DRIVER_LICENSE": ("DRIVER_LICENSE",),
}

SETS: dict[str, SetMap] = {
    "generated_large": SetMap(
        "presidio_generated_large.en.jsonl", _GENERATED, _GENERATED_WHY, "group", _GENERATED_ACCEPTED
    ),
    "generated_small": SetMap(
        "presidio_generated_small.en.jsonl", _GENERATED, _GENERATED_WHY, "group", _GENERATED_ACCEPTED
    ),
    "wnut17": SetMap(
        "wnut17_dev.en.jsonl",
        {"person": "PERSON", "location": "LOCATION", "corporation": "ORGANIZATION", "group": "ORGANIZATION"},
        "groups are bands, teams and parties, organizations in our words; products and works are nobody's data",
        accepted={"LOCATION": (*_PLACES, "ADDRESS")},
    ),
    "datafog": SetMap(
        "datafog_corpus.en.jsonl",
        {
            "EMAIL": "EMAIL_ADDRESS",
            "PERSON": "PERSON",
            "PHONE": "PHONE_NUMBER",
            "SSN": "US_SSN",
            "CREDIT_CARD": "CREDIT_CARD",
            "IP_ADDRESS": "IP_ADDRESS",
            "LOCATION": "LOCATION",
            "ZIP_CODE": "POSTAL_CODE",
            "ORGANIZATION": "ORGANIZATION",
            "ADDRESS": "ADDRESS",
            "DE_IBAN": "IBAN_CODE",
            "DE_VAT_ID": "DE_VAT_ID",
        },
        "DATE is not scored: any date, of a meeting too, is labelled",
        accepted={
            "PHONE_NUMBER": ("FAX",),
            "LOCATION": _PLACES,
            "POSTAL_CODE": ("*POSTAL_CODE", "*POSTCODE", "DE_PLZ"),
        },
    ),
    "cluener": SetMap(
        "cluener_train.zh.jsonl",
        {
            "name": "PERSON",
            "address": "ADDRESS",
            "organization": "ORGANIZATION",
            "company": "ORGANIZATION",
            "government": "ORGANIZATION",
        },
        "an address is mostly a place name in news, so both of ours count; teams, firms and offices are one entity "
        "with us; positions, games, books, films and scenes are not scored",
        accepted={"ADDRESS": (*_PLACES, "ADDRESS")},
    ),
    "weibo": SetMap(
        "weibo_train.zh.jsonl",
        {"PER.NAM": "PERSON", "ORG.NAM": "ORGANIZATION", "GPE.NAM": "LOCATION", "LOC.NAM": "LOCATION"},
        "names only: `.NOM` are words such as `mother`, which identify nobody",
        accepted={"LOCATION": (*_PLACES, "ADDRESS")},
    ),
    "argus": SetMap(
        "argus_cases.half.jsonl",
        {
            "phone": "PHONE_NUMBER",
            "email": "EMAIL_ADDRESS",
            "person": "PERSON",
            "organization": "ORGANIZATION",
            "school": "ORGANIZATION",
            "workplace": "ORGANIZATION",
            "date_of_birth": "DATE_OF_BIRTH",
            "age": "AGE",
            "gender": "GENDER",
            "religion": "RELIGION",
            "ethnicity": "ETHNICITY",
            "political": "POLITICAL_OPINION",
            "sexual_orientation": "SEXUAL_ORIENTATION",
            "criminal_record": "CRIMINAL",
            "biometric": "BIOMETRIC",
            "medical": "HEALTH",
            "financial": "INCOME",
            "job_title": "JOB_TITLE",
            "bank_card": "CREDIT_CARD",
            "credit_card": "CREDIT_CARD",
            "iban": "IBAN_CODE",
            "license_plate": "VEHICLE_PLATE",
            "wechat": "WECHAT_ID",
            "qq": "QQ_ID",
            "credit_code": "CN_USCC",
            "id_number": "CN_RESIDENT_ID",
            "military_id": "MILITARY_ID",
            "social_security": "SOCIAL_SECURITY",
            "passport": "PASSPORT",
            "us_passport": "PASSPORT",
            "ssn": "US_SSN",
            "rrn": "KR_RRN",
            "my_number": "JP_MY_NUMBER",
            "cpf": "BR_CPF",
            "cnpj": "BR_CNPJ",
            "aadhaar": "IN_AADHAAR",
            "pan": "IN_PAN",
            "tax_id": "DE_TAX_ID",
            "imei": "IMEI",
            "ip_address": "IP_ADDRESS",
            "mac_address": "MAC_ADDRESS",
            "postcode": "POSTAL_CODE",
            "openai_api_key": "SECRET",
            "anthropic_api_key": "SECRET",
            "aws_access_key": "SECRET",
            "github_token": "SECRET",
            "jwt": "SECRET",
            "ssh_private_key": "SECRET",
            "url_token": "SECRET",
        },
        "a case labels only the kind in `about`; `self_reference` (pronouns) is not scored",
        accepted={
            "PHONE_NUMBER": ("FAX",),
            "CREDIT_CARD": ("BANK_CARD", "BANK_ACCOUNT"),
            "VEHICLE_PLATE": ("*_PLATE",),
            "PASSPORT": ("*PASSPORT",),
            "WECHAT_ID": ("WECHAT*", "USERNAME", "*ACCOUNT_NAME"),
            "QQ_ID": ("QQ*", "USERNAME"),
            "SOCIAL_SECURITY": ("*SOCIAL_SECURITY*",),
            "MILITARY_ID": ("*MILITARY*",),
            "IMEI": ("DEVICE_ID",),
            "JP_MY_NUMBER": ("JP_*",),
            "POSTAL_CODE": ("*POSTAL_CODE", "*POSTCODE", "DE_PLZ"),
            "SECRET": ("*TOKEN*", "*KEY*"),
            "HEALTH": ("DISABILITY",),
        },
        about_only=True,
    ),
    "recognizer_tests": SetMap(
        "presidio_recognizer_tests.jsonl",
        {},
        "each case labels only the entity in `about`; most texts are a bare number, which we call weak without a word "
        "beside it; DATE_TIME is not scored",
        accepted={
            "PH_MOBILE_NUMBER": ("PHONE_NUMBER",),
            "TR_PHONE_NUMBER": ("PHONE_NUMBER",),
            "UK_VEHICLE_REGISTRATION": ("VEHICLE_PLATE",),
            "IN_VEHICLE_REGISTRATION": ("VEHICLE_PLATE",),
            "NG_VEHICLE_REGISTRATION": ("VEHICLE_PLATE",),
            "TR_LICENSE_PLATE": ("VEHICLE_PLATE",),
            "DE_KFZ": ("VEHICLE_PLATE",),
            "UK_POSTCODE": ("POSTAL_CODE",),
            "DE_PLZ": ("POSTAL_CODE",),
            "US_PASSPORT": ("PASSPORT",),
            "UK_PASSPORT": ("PASSPORT",),
            "DE_PASSPORT": ("PASSPORT",),
            "ES_PASSPORT": ("PASSPORT",),
            "IT_PASSPORT": ("PASSPORT",),
            "IN_PASSPORT": ("PASSPORT",),
            "KR_PASSPORT": ("PASSPORT",),
            "US_DRIVER_LICENSE": ("DRIVER_LICENSE",),
            "IT_DRIVER_LICENSE": ("DRIVER_LICENSE",),
            "KR_DRIVER_LICENSE": ("DRIVER_LICENSE",),
            "UK_DRIVING_LICENCE": ("DRIVER_LICENSE",),
            "US_BANK_NUMBER": ("BANK_ACCOUNT",),
        },
        about_only=True,
    ),
}
"""The sets by the name that the command takes."""
SETS["weibo_dev"] = replace(SETS["weibo"], file="weibo_dev.zh.jsonl")

UNSCORED = frozenset({"DATE_TIME", "self_reference"})
"""Kinds of `about_only` sets that are left out."""

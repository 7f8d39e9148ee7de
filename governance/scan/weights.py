"""How much each kind of evidence counts for each entity.

`strong` and `weak` are the confidence that values alone give when every value is such a hit; `against` is how much of a
name's weight is taken away when values that could be checked do not fit; `precision` is how often one strong hit in the
middle of other text is right.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one entity."""

    strong: float = 0.7
    """Confidence from values when all are strong hits as a whole."""
    weak: float = 0.3
    """Confidence from values when all are weak hits as a whole."""
    against: float = 0.0
    """Share of the name's weight that misfitting values take away."""
    precision: float = 0.7
    """How often one strong hit is right."""
    floor: float = 0.1
    """Under this share of whole hits the values say nothing of the column."""
    in_text: bool = True
    """Whether one hit in a column of other things is worth a finding."""


_WEIGHTS = {
    "ADDRESS": Weights(0.88, 0.4, 0.45, 0.75, 0.3),
    "COORDINATE": Weights(0.78, 0.3, 0.0, 0.6, 0.5),
    "CN_RESIDENT_ID": Weights(0.97, 0.3, 0.8, 0.96),
    "AU_DRIVER_LICENSE": Weights(0.45, 0.2, 0.5, 0.5, 0.5),
    "CN_USCC": Weights(0.95, 0.3, 0.8, 0.9),
    "CREDIT_CARD": Weights(0.92, 0.6, 0.8, 0.85, 0.2),
    "DATE_OF_BIRTH": Weights(0.3, 0.05, 0.5, 0.75, 0.3),
    "EMAIL_ADDRESS": Weights(0.97, 0.3, 0.9, 0.97),
    "GENDER": Weights(0.85, 0.45, 0.35, 0.5, 0.6, in_text=False),
    "HEALTH": Weights(0.75, 0.1, 0.0, 0.7, 0.3),
    "HK_ID": Weights(0.9, 0.6, 0.8, 0.85, 0.3),
    "IBAN_CODE": Weights(0.97, 0.3, 0.9, 0.97),
    "IP_ADDRESS": Weights(0.94, 0.2, 0.9, 0.9),
    "LOCATION": Weights(0.3, 0.1, 0.0, 0.0, 0.6, in_text=False),
    "MAC_ADDRESS": Weights(0.96, 0.3, 0.9, 0.95),
    "ORGANIZATION": Weights(0.4, 0.1, 0.0, 0.0, 0.6, in_text=False),
    "PASSPORT": Weights(0.75, 0.12, 0.5, 0.7, 0.3),
    "PERSON": Weights(0.85, 0.3, 0.38, 0.65, 0.5),
    "PHONE_NUMBER": Weights(0.88, 0.3, 0.7, 0.82, 0.3),
    "SECRET": Weights(0.95, 0.05, 0.3, 0.9),
    "TW_NATIONAL_ID": Weights(0.93, 0.5, 0.8, 0.88, 0.3),
    "URL": Weights(0.85, 0.2, 0.6, 0.8, 0.2),
    "US_DRIVER_LICENSE": Weights(0.45, 0.2, 0.5, 0.5, 0.5),
    "US_SSN": Weights(0.88, 0.3, 0.8, 0.7, 0.5),
    "VEHICLE_PLATE": Weights(0.93, 0.12, 0.6, 0.9, 0.3),
}
_OTHER = Weights(0.7, 0.4, 0.5, 0.6, 0.5)

NAME_ONLY = frozenset(
    [
        "ACCOUNT_TIER",
        "AGE",
        "BANK_ACCOUNT",
        "BIOMETRIC",
        "CITY",
        "CONSENT_FLAG",
        "COOKIE_ID",
        "COUNTRY",
        "CRIMINAL",
        "DEVICE_ID",
        "DISABILITY",
        "DRIVER_LICENSE",
        "EDUCATION",
        "ETHNICITY",
        "FAX",
        "INCOME",
        "JOB_TITLE",
        "MARITAL_STATUS",
        "MEDICAL_RECORD_ID",
        "NATIONAL_ID",
        "NATIONALITY",
        "PASSWORD",
        "PHOTO",
        "POLITICAL_OPINION",
        "POSTAL_CODE",
        "RELIGION",
        "SEXUAL_ORIENTATION",
        "STATE",
        "USERNAME",
    ]
)
"""Entities that no detector finds: the name decides, and the form of the values may speak against it."""

NATIONAL = frozenset(
    [
        "AT_SVNR",
        "BE_NATIONAL_NUMBER",
        "BR_CPF",
        "BR_RG",
        "CA_SIN",
        "CH_AHV",
        "CL_RUT",
        "CN_FOREIGNER_ID",
        "CN_RESIDENT_ID",
        "CZ_BIRTH_NUMBER",
        "DE_ID_CARD",
        "DE_SOCIAL_SECURITY",
        "DK_CPR",
        "ES_NIE",
        "ES_NIF",
        "ES_SOCIAL_SECURITY",
        "FI_PERSONAL_IDENTITY_CODE",
        "FR_ID_CARD",
        "FR_NIR",
        "GR_AMKA",
        "HK_ID",
        "HR_OIB",
        "ID_NIK",
        "IE_PPS",
        "IL_ID",
        "IN_AADHAAR",
        "JP_MY_NUMBER",
        "JP_PENSION_NUMBER",
        "JP_RESIDENCE_CARD",
        "KR_FRN",
        "KR_RRN",
        "MO_ID",
        "MX_CURP",
        "MY_NRIC",
        "NL_BSN",
        "NO_FODSELSNUMMER",
        "PL_ID_CARD",
        "PL_PESEL",
        "PT_CITIZEN_CARD",
        "RO_CNP",
        "SE_PERSONNUMMER",
        "SG_NRIC_FIN",
        "TH_TNIN",
        "TR_NATIONAL_ID",
        "TW_NATIONAL_ID",
        "UK_NINO",
        "US_SSN",
        "ZA_ID_NUMBER",
    ]
)
"""Identifiers that a field for national ids holds side by side."""

PLATES = frozenset({"IN_VEHICLE_REGISTRATION", "NG_VEHICLE_REGISTRATION", "UK_VEHICLE_REGISTRATION"})
"""Plates of single countries: plates of others have the same forms."""

BOOLEAN = frozenset({"CONSENT_FLAG", "DISABILITY", "HEALTH", "GENDER", "MARITAL_STATUS", "CRIMINAL", "RELIGION"})
"""Entities that a yes or no can say."""
DATED = frozenset({"DATE_OF_BIRTH"})
"""Entities that a date can be."""
NUMBERED = frozenset(
    [
        "ACCOUNT_TIER",
        "AGE",
        "BANK_ACCOUNT",
        "CN_RESIDENT_ID",
        "COORDINATE",
        "CONSENT_FLAG",
        "COUNTRY",
        "CREDIT_CARD",
        "DATE_OF_BIRTH",
        "DEVICE_ID",
        "DISABILITY",
        "EDUCATION",
        "ETHNICITY",
        "FAX",
        "GENDER",
        "HEALTH",
        "INCOME",
        "MARITAL_STATUS",
        "MEDICAL_RECORD_ID",
        "NATIONAL_ID",
        "IMEI",
        "PASSPORT",
        "PHONE_NUMBER",
        "POSTAL_CODE",
        "RELIGION",
        "US_SSN",
        "DRIVER_LICENSE",
    ]
)
"""Entities that an integer can be."""
FRACTIONAL = frozenset({"COORDINATE", "HEALTH", "INCOME", "AGE"})
"""Entities that a number with a fraction can be."""


def weights_of(entity: str) -> Weights:
    """The weights of an entity; a cautious set for one that has none."""
    return _WEIGHTS.get(entity, _OTHER)


def type_fits(entity: str, kind: str) -> bool:
    """Whether a field of this type can hold the entity."""
    allowed = {
        "boolean": BOOLEAN,
        "date": DATED,
        "datetime": DATED,
        "time": frozenset[str](),
        "integer": NUMBERED,
        "decimal": NUMBERED | FRACTIONAL,
        "float": FRACTIONAL,
    }
    return kind not in allowed or entity in allowed[kind]

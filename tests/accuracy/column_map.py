"""What the labels of the measuring sets mean in our words: one table, with the reason where it could be argued.

A label that stands in no table is a form or a code (`NONE`, `yyyy`, `GUID`): a column with it is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one label of a set means."""

    kind: str
    """The kind of personal data, one of ours."""
    disputed: bool = False
    """Whether fair readers differ on its being personal, or the label itself is often wrong."""
    reason: str = ""
    """Why it is disputed, or why it counts as this kind."""


_PLACE = "a place that is as often a shop's or a project's as a person's"

SEMANTIC_TYPES = {
    "EMAIL": Meaning("EMAIL_ADDRESS"),
    "GENDER.TEXT_EN": Meaning("GENDER"),
    "JOB_TITLE_EN": Meaning("JOB_TITLE"),
    "NAME.FIRST": Meaning("PERSON"),
    "NAME.FIRST_LAST": Meaning("PERSON"),
    "NAME.LAST": Meaning("PERSON"),
    "NAME.LAST_FIRST": Meaning("PERSON"),
    "NAME.MIDDLE": Meaning("PERSON"),
    "NAME.MIDDLE_INITIAL": Meaning("PERSON", reason="a letter of a name, told by its column's name and neighbours"),
    "PERSON.AGE": Meaning("AGE"),
    "PERSON.RACE_EN": Meaning("ETHNICITY"),
    "POSTAL_CODE.POSTAL_CODE_AU": Meaning("POSTAL_CODE"),
    "POSTAL_CODE.POSTAL_CODE_CA": Meaning("POSTAL_CODE"),
    "POSTAL_CODE.ZIP5_PLUS4_US": Meaning("POSTAL_CODE"),
    "POSTAL_CODE.ZIP5_US": Meaning("POSTAL_CODE"),
    "STREET_ADDRESS_EN": Meaning("ADDRESS"),
    "STREET_ADDRESS2_EN": Meaning("ADDRESS", reason="flat, suite or box: part of the address beside it"),
    "TELEPHONE": Meaning("PHONE_NUMBER", reason="fax numbers carry this label too"),
    "CITY": Meaning("CITY", True, _PLACE),
    "COMPANY_NAME": Meaning("ORGANIZATION", True, "an organization is no person"),
    "COORDINATE.LATITUDE_DECIMAL": Meaning("COORDINATE", True, "mostly of crossings, buildings and wells"),
    "COORDINATE.LONGITUDE_DECIMAL": Meaning("COORDINATE", True, "mostly of crossings, buildings and wells"),
    "COORDINATE_PAIR.DECIMAL_PAREN": Meaning("COORDINATE", True, "mostly of crossings, buildings and wells"),
    "COUNTRY.ISO-3166-2": Meaning("COUNTRY", True, _PLACE),
    "COUNTRY.ISO-3166-3": Meaning("COUNTRY", True, _PLACE),
    "COUNTRY.TEXT_EN": Meaning("COUNTRY", True, _PLACE),
    "COUNTRY.TEXT_ES": Meaning("COUNTRY", True, _PLACE),
    "NAME.SUFFIX": Meaning("PERSON", True, "Jr, Sr, III: part of a name that tells nobody by itself"),
    "STATE_PROVINCE.COUNTY_US": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.PROVINCE_CA": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.PROVINCE_NAME_CA": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.STATE_NAME_US": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.STATE_PROVINCE_NA": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.STATE_PROVINCE_NAME_NA": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.STATE_US": Meaning("STATE", True, _PLACE),
    "STATE_PROVINCE.SUBURB_AU": Meaning("CITY", True, _PLACE),
    "URI.URL": Meaning("URL", True, "links to pages of things as well as to a person's own page"),
}
"""Labels of `semantic_types`, by the part of the label that names a kind."""

FIDES = {
    "account.contact.city": Meaning("CITY"),
    "account.contact.state": Meaning("STATE"),
    "account.contact.street": Meaning("ADDRESS"),
    "user.contact.address": Meaning("ADDRESS"),
    "user.contact.address.city": Meaning("CITY"),
    "user.contact.address.country": Meaning("COUNTRY"),
    "user.contact.address.postal_code": Meaning("POSTAL_CODE"),
    "user.contact.address.state": Meaning("STATE"),
    "user.contact.address.street": Meaning("ADDRESS"),
    "user.contact.email": Meaning("EMAIL_ADDRESS"),
    "user.contact.phone_number": Meaning("PHONE_NUMBER"),
    "user.demographic.age_range": Meaning("AGE"),
    "user.demographic.date_of_birth": Meaning("DATE_OF_BIRTH"),
    "user.demographic.gender": Meaning("GENDER"),
    "user.device.ip_address": Meaning("IP_ADDRESS"),
    "user.financial.bank_account": Meaning(
        "BANK_ACCOUNT", reason="`ccn`, a card number, stands under it: cards and accounts count as one kind here"
    ),
    "user.job_title": Meaning("JOB_TITLE"),
    "user.name": Meaning("PERSON"),
    "user.contact.url": Meaning("URL", True, "one column, of a company's page"),
}
"""fideslang categories of `fides_names`. Broad ones (`user`, `user.contact`, `user.behavior`) name no kind: such a
column is left out, and `user.unique_id` likewise, since a key is no kind of its own here."""

FIDES_HARMLESS = ("system", "system.operations")
"""fideslang categories whose fields are harmless."""

SAME_KIND = {
    "CA_POSTAL_CODE": "POSTAL_CODE",
    "CREDIT_CARD": "CREDIT_CARD",
    "DE_PLZ": "POSTAL_CODE",
    "FAX": "PHONE_NUMBER",
    "LOCATION": "CITY",
    "UK_POSTCODE": "POSTAL_CODE",
}
"""Our entities that count as another kind in a measurement."""

FIDES_SAME_KIND = {"CREDIT_CARD": "BANK_ACCOUNT", "IBAN_CODE": "BANK_ACCOUNT"}
"""As `SAME_KIND`, for `fides_names` alone."""

UNJUDGED = frozenset(
    [
        "ACCOUNT_TIER",
        "CONSENT_FLAG",
        "CRIMINAL",
        "DATE_OF_BIRTH",
        "DISABILITY",
        "EDUCATION",
        "FREE_TEXT",
        "HEALTH",
        "INCOME",
        "MARITAL_STATUS",
        "MEDICAL_RECORD_ID",
        "NATIONALITY",
        "PHOTO",
        "POLITICAL_OPINION",
        "RELIGION",
        "SEXUAL_ORIENTATION",
        "USERNAME",
        "VEHICLE_PLATE",
    ]
)
"""Kinds that `semantic_types` has no label for: a `salary` column is `NONE` there and a birth date a date form. A label
of such a kind is neither right nor wrong; how many stand on harmless columns is printed beside."""

UNKNOWN = frozenset({"BLANK"})
"""Labels of columns without values: nobody can say what they are, so they are left out."""

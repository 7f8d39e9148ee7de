"""What the properties of a vCard mean, as the comment of their fields (RFC 6350 6)."""

MEANINGS = {
    "ADR.code": "postal code",
    "ADR.country": "country",
    "ADR.label": "postal address",
    "ADR.locality": "city",
    "ADR.region": "region",
    "ADR.street": "street address",
    "BDAY": "date of birth",
    "EMAIL": "e-mail address",
    "FN": "full name",
    "GENDER": "gender",
    "GEO": "geo point",
    "LABEL": "postal address",
    "N.family": "family name",
    "N.given": "given name",
    "NICKNAME": "nickname",
    "NOTE": "note",
    "ORG": "company name",
    "PHOTO.inline": "photo",
    "ROLE": "occupation",
    "TEL": "phone number",
    "TITLE": "job title",
}
"""By field."""

"""The vendor's words for types of fields, and what hangs on some of them."""

from __future__ import annotations

WORDS = {
    "array": "json",
    "currency": "decimal",
    "date": "date",
    "date_time": "datetime",
    "department": "json",
    "department_many": "json",
    "employee": "json",
    "employee_many": "json",
    "embedded_object_list": "json",
    "file_attachment": "json",
    "group": "json",
    "image": "json",
    "number": "decimal",
    "object_reference_many": "json",
    "out_employee": "json",
    "percentile": "decimal",
    "select_many": "json",
    "signature": "json",
    "tag": "json",
    "time": "time",
    "true_or_false": "boolean",
}
"""The word of `Field.type` by the vendor's type; every other one, known or not, is text."""

REFERENCES = frozenset(["object_reference", "master_detail"])
EMPLOYEES = frozenset(["employee", "employee_many", "out_employee"])
FILES = {"file_attachment": "attachment", "image": "photo", "signature": "photo"}
"""Types whose values name files, with what a file is then."""
EMAILS = frozenset(["email"])
PHONES = frozenset(["phone_number"])
CHOICES = frozenset(["select_one", "select_many"])

NESTED = {
    "id": "id of the employee",
    "name": "name of the employee",
    "nickname": "nickname of the employee",
    "phone": "phone number of the employee",
    "email": "e-mail address of the employee",
    "post": "job title of the employee",
}
"""What the vendor puts beside a field that names employees, in `FIELD__r` or `FIELD__l`, with the comment it gets."""


def word_of(native: str) -> str:
    """One of the words of `Field.type`."""
    return WORDS.get(native, "string")

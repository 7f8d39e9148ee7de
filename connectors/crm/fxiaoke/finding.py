"""Seeking a person by the vendor's own query, and what hangs on a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.base import Field
from connectors.crm.base import Linked, Record, Sought, SoughtKind
from connectors.crm.fxiaoke.api import Api
from connectors.crm.fxiaoke.cells import asked_of_vendor, row
from connectors.crm.fxiaoke.kinds import EMAILS, FILES, PHONES
from connectors.crm.fxiaoke.objects import KEY, Object
from connectors.crm.fxiaoke.reading import condition, every, raw_records

_CHINA = "86"
_MOBILE_DIGITS = 11


def search(api: Api, found: Object, fields: Sequence[Field], sought: Sequence[Sought]) -> Iterator[Record]:
    """Records in which an indexed field equals what is sought, each once."""
    seen: set[str] = set()
    asked = list(dict.fromkeys((name, value) for each in sought for name in _where(found, each) for value in _as(each)))
    for name, value in asked:
        for page in every(api, found, asked_of_vendor(fields), [condition(name, "EQ", value)]):
            for each in page:
                if (key := str(each[KEY])) not in seen:
                    seen.add(key)
                    yield row(each, fields)


def _where(found: Object, sought: Sought) -> list[str]:
    """The fields in which it may stand."""
    if sought.kind is SoughtKind.WORD:
        return [found.main] if found.main in found.indexed else []
    natives = EMAILS if sought.kind is SoughtKind.EMAIL else PHONES
    return [each.name for each in found.dataset.fields if each.native_type in natives and each.name in found.indexed]


def _as(sought: Sought) -> list[str]:
    """The ways in which people write it down: a phone number also as bare digits, a Chinese one without `+86`."""
    forms = [sought.value]
    if sought.kind is SoughtKind.PHONE:
        digits = "".join(each for each in sought.value if each.isascii() and each.isdigit())
        forms.append(digits)
        if digits.startswith(_CHINA) and len(digits) == len(_CHINA) + _MOBILE_DIGITS:
            forms.append(digits.removeprefix(_CHINA))
    return [each for each in dict.fromkeys(forms) if each]


def linked(api: Api, found: Object, key: str) -> list[Linked]:
    """The files that a record names; related records are datasets of their own."""
    files = {each.name: FILES[each.native_type] for each in found.dataset.fields if each.native_type in FILES}
    if not files:
        return []
    return [
        Linked(files[name], str(each.get("path", "")), _name(each))
        for record in raw_records(api, found, [key], [KEY, *files])
        for name in files
        for each in _listed(record.get(name))
    ]


def _listed(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _name(file: Mapping[str, object]) -> str:
    return str(file.get("name") or file.get("filename") or "")

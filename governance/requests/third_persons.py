"""Take other people out of a person's free texts: what the detector finds there and is not the person's own goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from governance.requests.forms import Form, normal
from governance.scan.text.redactor import Redactor
from governance.scan.text.spans import Span
from policies.taxonomy import Taxonomy

ABOUT_PEOPLE = (
    "user.account.username",
    "user.contact.address.street",
    "user.contact.email",
    "user.contact.fax_number",
    "user.contact.phone_number",
    "user.financial",
    "user.government_id",
    "user.name",
    "user.social",
)
"""Categories of findings that tell of somebody; a place or a firm named in a text stays."""


class ThirdPersons:
    """Redacts texts for one person. Counts what went; holds the person's own names and identifiers, never shown."""

    def __init__(self, redactor: Redactor, taxonomy: Taxonomy) -> None:
        self.taken = 0
        """How many mentions of others were taken out."""
        self._redactor = redactor
        self._taxonomy = taxonomy
        self._forms: list[Form] = []
        self._names: set[str] = set()

    def __repr__(self) -> str:
        return f"ThirdPersons({self.taken} taken)"

    def know(self, form: Form) -> None:
        """Keep an identifier of the person's own."""
        self._forms.append(form)

    def know_name(self, name: str) -> None:
        """Keep a name of the person's own, and each word of it."""
        whole = normal("name", name)
        if whole:
            self._names.add(whole)
            self._names.update(part for each in re.split(r"[\s,.]+", name) if len(part := normal("name", each)) > 1)

    def redact(self, texts: Sequence[str | None]) -> list[str | None]:
        """Each text without others; None stays None."""
        there = [each for each in texts if each]
        found = dict(zip(there, map(self._others, there, self._redactor.find(there)), strict=True)) if there else {}
        return [self._redactor.replace(each, found[each]) if each else each for each in texts]

    def _others(self, text: str, spans: Iterable[Span]) -> list[Span]:
        found = [
            each for each in spans if self._tells_of_people(each) and not self._is_own(text[each.start : each.end])
        ]
        self.taken += len(found)
        return found

    def _tells_of_people(self, span: Span) -> bool:
        key = self._taxonomy.of_entity(span.entity).key
        return any(Taxonomy.is_under(key, each) for each in ABOUT_PEOPLE)

    def _is_own(self, found: str) -> bool:
        words = [part for each in re.split(r"[\s,.]+", found) if (part := normal("name", each))]
        if normal("name", found) in self._names or (words and all(each in self._names for each in words)):
            return True
        return any(each.matches(found) or each.stands_in(found) for each in self._forms)

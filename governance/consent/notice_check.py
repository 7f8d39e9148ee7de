"""Checks privacy notices: complete under each law, told for each source of data, and shown before consent was given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.catalog import Catalog
from policies.notice_laws import NoticeLaws
from policies.notices import NoticeFile, Notices
from policies.nouns import LabelStatus

NO_SOURCE = "notice.no_source"
"""The rule of fields of which nobody said where their values come from."""
NOTICE_RULES = (
    "notice.harder_to_withdraw",
    "notice.missing_item",
    "notice.no_indirect",
    NO_SOURCE,
    "notice.too_early",
    "notice.unknown_law",
    "notice.unknown_version",
)
"""Every rule by id; an id never changes its meaning. What each says stands in the words of `notices`."""
SUBJECT = "subject"
"""The `source` of a field whose values come from the person."""


@dataclass(frozen=True, slots=True)
class NoticeFinding:
    """One thing that is wrong."""

    rule: str
    """One of NOTICE_RULES."""
    place: str
    """An edition as `customers 2026-09 en`, a field, or a version that events name."""
    law: str = ""
    """The law that asks for it."""
    article: str = ""
    """Where it does."""
    item: str = ""
    """The item that is missing, or the source that nobody tells of."""
    count: int = 1
    """How many consents it is about, or 1."""


@dataclass(frozen=True, slots=True)
class ToldUnder:
    """How many consents were given under one edition."""

    version: str
    """As the events name it."""
    language: str
    """As the events name it; empty where they do not."""
    method: str
    """How the people said so; empty where the events do not say."""
    first: dt.date
    """The day of the first of them, in UTC."""
    count: int
    """How many."""

    @property
    def place(self) -> str:
        """Version and language, as a finding names them."""
        return " ".join(part for part in (self.version, self.language) if part)


def check_notices(
    notices: Notices,
    rules: NoticeLaws,
    in_force: Mapping[str, str],
    catalog: Catalog,
    told: Iterable[ToldUnder],
) -> tuple[NoticeFinding, ...]:
    """Everything that is wrong, sorted by rule and place.

    `in_force` has each law with the article that lets consent be withdrawn as easily as it was given; empty for none.
    """
    laws, under = tuple(in_force), list(told) if notices else []
    found = [*_incomplete(notices, rules, laws), *_sources(notices, rules, laws, catalog)]
    found += [*_consents(notices, under), *_withdrawals(notices, under, in_force)]
    return tuple(sorted(found, key=lambda each: (each.rule, each.place, each.law, each.item)))


def _incomplete(notices: Notices, rules: NoticeLaws, in_force: tuple[str, ...]) -> Iterator[NoticeFinding]:
    for file, edition in notices.editions():
        place = f"{file.id} {edition.version} {edition.language}"
        for law in file.laws or in_force:
            if law not in rules.laws:
                yield NoticeFinding("notice.unknown_law", place, law)
                continue
            for item, article in rules.laws[law].items(file.kind, file.covers).items():
                if item not in edition.items:
                    yield NoticeFinding("notice.missing_item", place, law, article, item)


def _sources(
    notices: Notices, rules: NoticeLaws, in_force: tuple[str, ...], catalog: Catalog
) -> Iterator[NoticeFinding]:
    asking = [law for law in in_force if law in rules.laws and "indirect" in rules.laws[law].sets]
    for ref, entry in catalog.walk():
        if entry.status is not LabelStatus.CONFIRMED or entry.category == "none":
            continue
        if entry.source is None:
            yield NoticeFinding(NO_SOURCE, str(ref))
        elif entry.source != SUBJECT:
            for law in asking:
                if not any(_tells(file, law, entry.source) for file in notices.files):
                    article = next(iter(rules.laws[law].sets["indirect"].values()))
                    yield NoticeFinding("notice.no_indirect", str(ref), law, article, entry.source)


def _tells(file: NoticeFile, law: str, source: str) -> bool:
    return file.kind == "indirect" and source in file.sources and (not file.laws or law in file.laws)


def _consents(notices: Notices, told: Iterable[ToldUnder]) -> Iterator[NoticeFinding]:
    days = {(each.version, each.language): each.date for _, each in notices.editions()}
    first = {version: min(day for (known, _), day in days.items() if known == version) for version, _ in days}
    for each in told:
        if not notices.known(each.version, each.language):
            yield NoticeFinding("notice.unknown_version", each.place, count=each.count)
        elif each.first < days.get((each.version, each.language), first[each.version]):
            yield NoticeFinding("notice.too_early", each.place, count=each.count)


def _withdrawals(notices: Notices, told: Iterable[ToldUnder], in_force: Mapping[str, str]) -> Iterator[NoticeFinding]:
    for each in told:
        shown = [edition for _, edition in notices.editions() if edition.version == each.version]
        shown = [edition for edition in shown if each.language in ("", edition.language)]
        if each.method and shown and not all(each.method in edition.withdraw_by for edition in shown):
            for law, article in in_force.items():
                if article:
                    place = f"{each.place} {each.method}"
                    yield NoticeFinding("notice.harder_to_withdraw", place, law, article, count=each.count)

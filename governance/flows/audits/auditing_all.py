"""Make every report and write them as a site: a folder of pages that link to each other and to nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from audits.rendering import render
from audits.report import Report, Text
from audits.reports.overview import SCHEMA, STATES, Audited, overview_report
from governance.flows.audits.making_reports import MEASURED, make_reports
from governance.ledger.events import EventDraft
from governance.writing import replace_file
from policies.controls import load_controls
from policies.errors import ConfigError
from policies.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from governance.app import Governance

_OWN_NAMES = {"en": "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文"}
_OVERVIEW = "overview"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


def audit_all(
    gov: Governance,
    folder: Path,
    *,
    measured: Sequence[str] = MEASURED,
    made: Mapping[str, Report] = MappingProxyType({}),
    lang: str = "en",
) -> Report:
    """Write every report that can be made and an overview to a folder, made if it is not there; give the overview.

    `index.html` is the overview in `lang`. The overview that an earlier audit left in the folder is what this one is
    compared with, and is replaced last, so that an audit that breaks off is compared with nothing. A report that
    cannot be made leaves its controls unknown. `made` are reports by name that were just made, and are not made again.
    Recorded. Raises ConfigError for a folder that cannot be written,
    LedgerError.
    """
    before = _previous(folder)
    drafted = EventDraft(
        kind="report", actor=gov.actor_ref, action="audit.all", outcome="begun", versions=gov.versions()
    )
    begun = gov.ledger.append(drafted)
    as_of = gov.clock()
    found, failed = make_reports(gov, measured, made=made)
    audited = Audited(
        tuple(found),
        tuple(asdict(each) for each in failed),
        tuple(gov.project.config.laws),
        load_controls(as_of.date()),
        begun.id,
        before,
    )
    overview = overview_report(audited, as_of=as_of, zone=gov.project.config.time_zone)
    for name, content in _site([(_OVERVIEW, overview), *found], lang):
        replace_file(folder / name, content)
    _drop_old(folder, {*(before or {}).get("reports", ())} - {name for name, _ in found})
    gov.ledger.append(replace(drafted, outcome="failed" if failed else "done", refs={"begun": begun.id}))
    return overview


def _site(reports: Sequence[tuple[str, Report]], first: str) -> Iterator[tuple[str, str]]:
    """Names and contents of all files, the machine form of the overview last."""
    for name, report in reports:
        for lang in LANGUAGES:
            pages: list[tuple[Text | str, str]] = [(each.title, f"{n}.{lang}.html") for n, each in reports]
            pages += [(_OWN_NAMES[other], f"{name}.{other}.html") for other in LANGUAGES if other != lang]
            page = render(replace(report, beside=tuple(pages)), "html", lang)
            yield f"{name}.{lang}.html", page
            if name == _OVERVIEW and lang == first:
                yield "index.html", page
    for name, report in reversed(reports):
        yield f"{name}.json", render(report, "json")


def _drop_old(folder: Path, names: set[str]) -> None:
    """Take away the pages of the last audit that this one does not have: nothing links to them any more."""
    for name in names:
        for each in (*(f"{name}.{lang}.html" for lang in LANGUAGES), f"{name}.json"):
            (folder / each).unlink(missing_ok=True)


def _previous(folder: Path) -> Mapping[str, Any] | None:
    """The overview of the last audit. Raises ConfigError for a folder that is none, or an overview of another form."""
    path = folder / f"{_OVERVIEW}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = json.loads(path.read_text(encoding="utf-8"))
        good = found["schema"] == SCHEMA and dt.datetime.fromisoformat(found["as_of"]).tzinfo is not None
        good = good and all(_NAME.fullmatch(each) for each in found["reports"])
        good = good and all(each["state"] in STATES for each in found["controls"].values())
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise _refused(str(folder), type(cause).__name__) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        good = False
    if not good:
        raise _refused(str(path), "an overview of another form")
    previous: Mapping[str, Any] = found
    return previous


def _refused(place: str, found: str) -> ConfigError:
    return ConfigError(
        place,
        found=found,
        expected="a folder for the audit, empty or with an earlier one",
        next_step="name another folder, or take the file away",
    )

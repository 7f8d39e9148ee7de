"""Check a project's privacy notices against the laws in force, the catalog and the consents given under them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from governance.consent.grants import GIVING
from governance.consent.notice_check import NoticeFinding, ToldUnder, check_notices
from governance.consent.tables import EVENTS
from governance.consent.upkeep import records_failed
from governance.records.transactions import reading
from policies.consent_laws import load_consent_laws
from policies.notice_laws import load_notice_laws
from policies.notices import Notices, read_notices

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.project import Project


_PLACE = (EVENTS.c.notice_version, EVENTS.c.language, EVENTS.c.method)


@dataclass(frozen=True, slots=True)
class NoticesChecked:
    """Notices, the consents given under them, and what is wrong."""

    notices: Notices
    """As the files declare them."""
    told: tuple[ToldUnder, ...]
    """Consents by version, language and method, those without a version left out; sorted."""
    findings: tuple[NoticeFinding, ...]
    """What is wrong, sorted."""
    pack: str
    """The pack that states the items."""


def notices_of(project: Project) -> Notices:
    """The notices that a project declares, read anew when one of their files changed. Raises ConfigError."""
    folder = project.policy_file("notices")
    stats = [(each, each.stat()) for each in sorted(folder.glob("*.yaml"))] if folder.is_dir() else []
    return _read(folder, tuple((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in stats))


@lru_cache(maxsize=8)
def _read(folder: Path, _: tuple[tuple[str, int, int, int], ...]) -> Notices:
    return read_notices(folder)


def check_notices_of(gov: Governance) -> NoticesChecked:
    """Check all notices of a project. Raises ConfigError for a wrong file, RecordsError when the records fail."""
    today = gov.clock().date()
    notices, rules, told = notices_of(gov.project), load_notice_laws(today), _told(gov)
    laws = load_consent_laws(today).withdrawal_articles(gov.project.config.laws)
    findings = check_notices(notices, rules, laws, gov.catalog, told)
    return NoticesChecked(notices, told, findings, rules.pack)


def _told(gov: Governance) -> tuple[ToldUnder, ...]:
    query = (
        select(*_PLACE, func.min(EVENTS.c.valid_time), func.count())
        .where(EVENTS.c.kind.in_(sorted(GIVING)), EVENTS.c.notice_version != "")
        .group_by(*_PLACE)
        .order_by(*_PLACE)
    )
    try:
        with reading(gov.records) as connection:
            rows = connection.execute(query).all()
    except SQLAlchemyError as cause:
        raise records_failed(cause) from None
    return tuple(
        ToldUnder(version, language, method, dt.date.fromisoformat(first[:10]), count)
        for version, language, method, first, count in rows
    )

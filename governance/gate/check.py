"""Checks migrations against the catalog; needs no database, no network and no model, and runs nothing of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from governance.gate.changes import Reading, SchemaChange, Unread
from governance.gate.finding import GateFinding
from governance.gate.personal import guess
from governance.gate.reads.files import migration_files, read_file
from governance.gate.reads.sql import DIALECTS
from governance.gate.result import CheckResult
from governance.gate.rules.all import RULES
from governance.gate.rules.base import View
from governance.gate.shown import shown, shown_path
from governance.gate.stanza import StanzaWriter
from policies.catalog import Catalog
from policies.config import GovernanceConfig
from policies.errors import ConfigError
from policies.taxonomy import load_taxonomy

_DIALECT_OF = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    store: str


def check(
    paths: Sequence[Path],
    catalog: Catalog,
    config: GovernanceConfig,
    *,
    root: Path,
    on: dt.date,
    dialect: str | None = None,
) -> CheckResult:
    """What the migrations below some paths, or below all configured ones, do that the catalog does not know of.

    `root` is the folder of governance.yaml, `on` the day whose rules hold, `dialect` one of postgresql, mysql, sqlite
    for a store whose URL does not say. Raises ConfigError for a path that does not exist or belongs to no store.
    """
    taxonomy = load_taxonomy(on)
    found: list[tuple[GateFinding, View]] = []
    total, files = Reading(), 0
    for source in _sources(paths, config, root):
        dialects = _dialects(config, source.store, dialect)
        view = View(
            source.store,
            catalog,
            ignore_case=set(dialects) <= {"mysql", "sqlite"},
            guess=lambda change: guess(change, taxonomy, config.laws),
        )
        for file in migration_files(source.path):
            reading = read_file(file, _relative(file, root), dialects)
            if reading is not None:
                files += 1
                total += reading
                found += [(finding, view) for finding in _look(reading, view)]
    found.sort(key=lambda each: each[0].order)
    return CheckResult(tuple(_finished(found, StanzaWriter(catalog, on))), files, total.statements, len(total.changes))


def _look(reading: Reading, view: View) -> Iterator[GateFinding]:
    items: list[SchemaChange | Unread] = sorted(
        [*reading.changes, *reading.unread], key=lambda each: (each.line, isinstance(each, Unread))
    )
    for item in items:
        for rule in RULES.values():
            found = rule.look(item, view)
            if found is not None:
                yield found


def _finished(found: Sequence[tuple[GateFinding, View]], stanzas: StanzaWriter) -> Iterator[GateFinding]:
    """The findings with catalog lines, which build on one another in this order, and without a value of a person."""
    for finding, view in found:
        nameable = shown(finding.dataset) == finding.dataset and shown(finding.field) == finding.field
        stanza, under = "", ""
        if finding.category and nameable:
            stanza, under = stanzas.declare(view.ref(finding.dataset, finding.field), finding.category)
        yield replace(
            finding,
            file=shown_path(finding.file),
            dataset=shown(finding.dataset),
            field=shown(finding.field),
            values={key: shown(text) if key == "former" else text for key, text in finding.values.items()},
            stanza=stanza,
            under=under,
        )


def _relative(file: Path, root: Path) -> str:
    """How a file is named: relative to the project, with `/`."""
    whole, base = file.resolve(), root.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else file.name


def _sources(paths: Sequence[Path], config: GovernanceConfig, root: Path) -> list[_Source]:
    """Each path with each store that it is for; all configured folders when no path is given."""
    folders = [
        ((root / folder).resolve(), name) for name, store in config.stores.items() for folder in store.migrations
    ]
    if not paths:
        return [_Source(_existing(folder), store) for folder, store in folders]
    found: list[_Source] = []
    for path in paths:
        whole = _existing(path).resolve()
        stores = [store for folder, store in folders if whole == folder or folder in whole.parents]
        inner = [_Source(folder, store) for folder, store in folders if whole in folder.parents]
        if not stores and not inner:
            raise _unmapped(path, root, config)
        found += [_Source(path, store) for store in stores] or inner
    return found


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ConfigError(
            f"migrations {shown(path.name)}",
            found="no such file or folder",
            expected="migrations to read",
            next_step="correct the path, or `migrations` in governance.yaml",
        )
    return path


def _unmapped(path: Path, root: Path, config: GovernanceConfig) -> ConfigError:
    folder = path if path.is_dir() else path.parent
    whole, base = folder.resolve(), root.resolve()
    named = whole.relative_to(base).as_posix() if whole.is_relative_to(base) else shown(folder.name)
    stores = " or ".join(sorted(config.stores)) or "a store"
    return ConfigError(
        f"migrations {named}",
        found="a path that belongs to no store",
        expected="a path below `migrations` of a store in governance.yaml",
        next_step=f"add `migrations: [{named}/]` under {stores} in governance.yaml",
    )


def _dialects(config: GovernanceConfig, store: str, dialect: str | None) -> tuple[str, ...]:
    """The dialect of a store; all of them where its URL is not in the file."""
    url = config.stores[store].url or ""
    word = dialect or url.split(":", 1)[0].split("+", 1)[0]
    if dialect is not None and dialect not in _DIALECT_OF:
        raise ConfigError(
            "dialect", found="an unknown word", expected=" or ".join(_DIALECT_OF), next_step="name one of them"
        )
    return (_DIALECT_OF[word],) if word in _DIALECT_OF else DIALECTS

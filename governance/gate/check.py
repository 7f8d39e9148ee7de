"""Checks a change of schema or policy; needs no database, network or model, and runs nothing of what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from governance.gate.baseline import Baseline, outside
from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.finding import GateFinding, Level
from governance.gate.history import read_history
from governance.gate.people_delta import other_people
from governance.gate.personal import guess
from governance.gate.policy_delta import compared, standing
from governance.gate.project import CheckProject
from governance.gate.readers import readers_of
from governance.gate.reads.files import text_in
from governance.gate.reads.order import in_order
from governance.gate.reads.snapshots import read_snapshot, since
from governance.gate.reads.sql import DIALECTS
from governance.gate.result import CheckResult
from governance.gate.rules.all import RULES
from governance.gate.rules.base import Item, View
from governance.gate.rules.gaps import gaps_of_undeclared
from governance.gate.schema import Schema
from governance.gate.shown import shown, shown_path, shown_ref
from governance.gate.sources import Sources, fixtures_of, judges_policies, relative, sources_of
from governance.gate.stanza import StanzaWriter
from governance.gate.suppressions import Suppression, settled, suppressions_in
from policies.config import GovernanceConfig
from policies.errors import ConfigError
from policies.nouns import LabelStatus

_DIALECT_OF = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
_REFS = frozenset({"former", "source", "target"})


def check(
    paths: Sequence[Path], project: CheckProject, *, dialect: str | None = None, baseline: Baseline | None = None
) -> CheckResult:
    """What a change does that catalog and policies do not provide for.

    Without paths, all that governance.yaml names is judged; with a base, only what differs from it. `dialect` is one of
    postgresql, mysql, sqlite for a store whose URL does not say. Raises ConfigError for a path that does not exist or
    belongs to no store.
    """
    work = _Work(project)
    for sources in sources_of(project, paths):
        work.store(sources, _dialects(project.config, sources.store, dialect))
    for path in fixtures_of(project, paths):
        work.fixture(path)
    if judges_policies(project, paths):
        work.policies()
    return work.result(baseline)


def judge(reading: Reading, store: str, project: CheckProject) -> CheckResult:
    """What some changes of one store do that catalog and policies do not provide for. Raises ConfigError."""
    work = _Work(project)
    work.reading(reading, store, _dialects(project.config, store, None))
    return work.result(None)


@dataclass
class _Work:
    """One check under way."""

    project: CheckProject
    found: list[tuple[GateFinding, View]] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    total: Reading = field(default_factory=Reading)
    files: int = 0

    def store(self, sources: Sources, dialects: tuple[str, ...]) -> None:
        """Judge the migrations and models of one store."""
        if not sources.judged:
            return
        view = self._view(sources.store, Schema(set(dialects) <= {"mysql", "sqlite"}), dialects)
        judged = self._replay(sources, dialects, view.schema)
        here = [each for each in view.schema.standing(lambda *place: _is_decided(view, *place)) if each.file in judged]
        of_migrations = self._look(here, view)
        known = {each.fingerprint for each, _ in of_migrations}
        described = self._described(sources, view)
        self.found += of_migrations
        self.found += [each for each in self._look(described, view) if each[0].fingerprint not in known]

    def reading(self, reading: Reading, store: str, dialects: tuple[str, ...]) -> None:
        """Judge changes that came from elsewhere."""
        view = self._view(store, Schema(set(dialects) <= {"mysql", "sqlite"}), dialects)
        for item in _in_one(reading):
            view.schema.add(item)
        self._count(reading)
        self.found += self._look(view.schema.standing(lambda *place: _is_decided(view, *place)), view)

    def fixture(self, path: Path) -> None:
        """Judge a file of seeds or test data."""
        text, named = text_in(path), relative(path, self.project.root)
        if text is None:
            return
        self._keep(text, named)
        self.files += 1
        view = self._view("", Schema(), DIALECTS)
        items = [
            SchemaChange(ChangeKind.LITERALS, "", "", named, number, texts=(line,))
            for number, line in enumerate(text.splitlines(), start=1)
        ]
        self.found += self._look(items, view)

    def policies(self) -> None:
        """Judge the policy folder and governance.yaml, as far as they differ from the base."""
        now, before = self.project.policies, self.project.before
        if now is None:
            return
        old = {each.key for each in standing(before)} if before is not None else set()
        items: list[Item] = [each for each in standing(now) if each.key not in old]
        if before is not None:
            items += [*compared(before, now), *other_people(before, now, self.project.on)]
        for name in ("access.csv", "catalog.yaml", "purposes.yaml", "retention.yaml"):
            self._keep(text_in(now.folder / name) or "", now.file(name))
        self._keep(text_in(self.project.root / "governance.yaml") or "", "governance.yaml")
        self.found += self._look(items, self._view("", Schema(), DIALECTS))

    def result(self, baseline: Baseline | None) -> CheckResult:
        """The findings in order, without those that are suppressed, switched off or of the baseline."""
        severity = self.project.config.check.severity
        self.found.sort(key=lambda each: each[0].order)
        views = {id(finding): view for finding, view in self.found}
        stay, silenced, complaints = settled((each for each, _ in self.found), self.suppressions, self.project.on)
        left = [(each, views[id(each)]) for each in stay]
        left += self._look(complaints, self._view("", Schema(), DIALECTS))
        left = [
            (_weighed(each, severity.get(each.rule)), view) for each, view in left if severity.get(each.rule) != "off"
        ]
        left.sort(key=lambda each: each[0].order)
        old: list[GateFinding] = []
        if baseline is not None:
            fresh, old = outside([each for each, _ in left], baseline)
            kept = {id(each) for each in fresh}
            left = [each for each in left if id(each[0]) in kept]
        writer = StanzaWriter(self.project.known.catalog, self.project.on)
        return CheckResult(
            tuple(self._finished(left, writer)),
            self.files,
            self.total.statements,
            len(self.total.changes),
            suppressed=len(silenced),
            baselined=len(old),
            unread=len(self.total.unread),
        )

    def _view(self, store: str, schema: Schema, dialects: Sequence[str]) -> View:
        known = self.project.known
        return View(
            store,
            known,
            ignore_case=set(dialects) <= {"mysql", "sqlite"},
            guess=lambda change: guess(change, known.taxonomy, known.laws),
            schema=schema,
        )

    def _replay(self, sources: Sources, dialects: tuple[str, ...], schema: Schema) -> frozenset[str]:
        """Let all migrations of a store happen in their order; gives the names of those that are judged."""
        root = self.project.root
        files = read_history(sources, root, self._top, dialects)
        judged: set[str] = set()
        for place in in_order([(path.as_posix(), file.link) for path, file in files]):
            path, file = files[place]
            for item in _in_one(file.reading):
                schema.add(item)
            if path in sources.judged:
                judged.add(relative(path, root))
                self._count(file.reading)
                self._keep(file.text, relative(path, root))
        return frozenset(judged)

    def _described(self, sources: Sources, view: View) -> list[Item]:
        """What the models of a store say that their base did not."""
        found: list[Item] = []
        for path in sources.models:
            if path not in sources.judged:
                continue
            named, text = relative(path, self.project.root), text_in(path)
            now = read_snapshot(path, named, text, sources.models)
            if now is None:
                continue
            self._count(now)
            self._keep(text or "", named)
            before = self.project.base.text(path) if self.project.base is not None else None
            old = read_snapshot(path, named, before, ()) if before is not None else None
            for item in _in_one(since(old, now)):
                found.append(item)
                if isinstance(item, SchemaChange) and item.kind is ChangeKind.ADD_FIELD:
                    view.schema.fields.setdefault(view.schema.key(item.dataset), {}).setdefault(
                        view.schema.key(item.field), item
                    )
        return found

    def _look(self, items: Iterable[Item], view: View) -> list[tuple[GateFinding, View]]:
        looked = (rule.look(item, view) for item in items for rule in RULES.values())
        return [(each, view) for each in looked if each is not None]

    def _count(self, reading: Reading) -> None:
        self.files += 1
        self.total += reading

    def _keep(self, text: str, named: str) -> None:
        self.suppressions += suppressions_in(text, named)

    def _top(self, path: Path) -> Path:
        """The folder above which no helper of a migration is looked for."""
        root = self.project.root.resolve()
        return root if root in path.parents else path.parent

    def _finished(self, found: Sequence[tuple[GateFinding, View]], stanzas: StanzaWriter) -> Iterator[GateFinding]:
        """The findings with catalog lines, which build on one another in this order; no value of a person is left."""
        for finding, view in found:
            nameable = shown(finding.dataset) == finding.dataset and shown(finding.field) == finding.field
            stanza, under = "", ""
            readers, missing = finding.readers, finding.missing
            if finding.category and finding.dataset:
                ref = view.ref(finding.dataset, finding.field)
                readers = readers_of(view.known, ref, finding.category)
                missing = gaps_of_undeclared(view.known, ref, readers=bool(readers))
                if nameable:
                    stanza, under = stanzas.declare(ref, finding.category)
            yield replace(
                finding,
                file=shown_path(finding.file),
                dataset=shown(finding.dataset),
                field=shown(finding.field),
                values={key: shown_ref(text) if key in _REFS else text for key, text in finding.values.items()},
                readers=readers,
                missing=missing,
                stanza=stanza,
                under=under,
            )


def _in_one(reading: Reading) -> list[SchemaChange | Unread]:
    return [*reading.changes, *reading.unread]


def _is_decided(view: View, dataset: str, name: str) -> bool:
    entry = view.decision(dataset, name)
    return entry is not None and entry.status is LabelStatus.CONFIRMED


def _weighed(finding: GateFinding, word: str | None) -> GateFinding:
    return replace(finding, level=Level(word)) if word is not None else finding


def _dialects(config: GovernanceConfig, store: str, dialect: str | None) -> tuple[str, ...]:
    """The dialect of a store; all of them where its URL is not in the file."""
    url = config.stores[store].url or ""
    word = dialect or url.split(":", 1)[0].split("+", 1)[0]
    if dialect is not None and dialect not in _DIALECT_OF:
        raise ConfigError(
            "dialect", found="an unknown word", expected=" or ".join(_DIALECT_OF), next_step="name one of them"
        )
    return (_DIALECT_OF[word],) if word in _DIALECT_OF else DIALECTS

"""A statement rewritten: every base table replaced by what a permit leaves of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from governance.access.permits import DatasetPermit, FieldRule, RowRule
from governance.guard import fences, hazards
from governance.guard.late import decide_late
from governance.guard.names import Use
from governance.guard.nodes import column, name, paren
from governance.guard.orders import settle_orders
from governance.guard.parsing import parse_statement, refused, render
from governance.guard.predicate_sql import AttributeSlot, Bindings
from governance.guard.schema import StoreSchema, TableShape
from governance.guard.scopes import CTE, Resolver
from governance.guard.sealed import KEY, NOTHING_SEALED, SealedOutput, Sealing, open_outputs
from governance.guard.spelled import keep_spelling
from governance.guard.ties import Ties
from governance.guard.totals import Totality
from governance.guard.treatments import Treating
from governance.ledger.events import EventObject
from policies.nouns import Action, DatasetRef, FieldRef
from policies.row_conditions import ExistsIn


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What runs in place of a statement."""

    sql: str
    """The generated text."""
    attributes: tuple[AttributeSlot, ...]
    """Bound values that follow the statement's own."""
    datasets: tuple[DatasetRef, ...]
    """What it reads, in the order of the statement."""
    asked: tuple[tuple[DatasetRef, Action | None], ...]
    """Each permit that it was made of: the dataset, and `write` or `delete`; None for the reading of its connection."""
    permits: tuple[DatasetPermit, ...]
    """The permits, in the same order."""
    objects: tuple[EventObject, ...]
    """Fields with treatments, for the ledger."""
    rules: tuple[str, ...]
    """Ids of the rules that took part, sorted."""
    omitted: tuple[FieldRef, ...]
    """Fields that `*` left out."""
    fenced: bool
    """Whether the derived tables are fenced."""
    reads: dict[str, frozenset[str]]
    """Table to the columns that the generated text may read, names folded."""
    sealed: tuple[SealedOutput, ...] = ()
    """Columns of the result that hold tokens; the keys of their records stand behind the visible columns."""
    width: int | None = None
    """How many columns are visible; None for all."""
    write: WritePlan | None = None
    """What it writes; None for a SELECT."""


@dataclass(frozen=True, slots=True)
class SealedCell:
    """A parameter that becomes a token before it is written."""

    field: FieldRef
    """The encrypted field."""
    type: str | None
    """The type of its clear values; None when the catalog does not say."""
    value: int
    """Which numbered parameter holds the value, from 0."""
    keys: tuple[int, ...]
    """Which hold the record's key, in key order."""
    index: int | None = None
    """Which one takes the blind-index cell; those behind the statement's own are filled by the guard."""
    subject: tuple[int, ...] | None = ()
    """Which hold the subject key, where the field is encrypted under its person's key; empty for any other field; None
    where the statement does not name the person, so that only a ready-made token can be written."""


@dataclass(frozen=True, slots=True)
class WritePlan:
    """What a statement writes, and how it is run."""

    action: Action
    """`write` or `delete`."""
    target: DatasetRef
    """The dataset."""
    returned: int
    """How many columns of the result are the statement's own."""
    checked: bool
    """Whether the last column says 1 of each row that was in scope when it was written, 0 of others."""
    many: bool
    """Whether one statement can take the rows of many sets of parameters."""
    shows_key: bool
    """Whether a key that the database generates may be told."""
    cells: tuple[SealedCell, ...]
    """Parameters to be encrypted."""
    added: int
    """How many parameters, for blind-index cells, follow the statement's own."""
    writes: Mapping[str, frozenset[str]]
    """Table to what may be done with it, `insert`, `delete` or `update FIELD`, names folded."""
    held: tuple[int, int] | None = None
    """Of a DELETE: how many columns of key and subject key stand behind its own; None where nobody asks for holds."""
    reached: tuple[DatasetRef, ...] = ()
    """Other datasets from which it takes rows along."""
    before: str | None = None
    """A SELECT with the same bound values that must give no row before it runs: those that would leave the scope."""
    key_returned: bool = False
    """Whether the key of a row inserted stands behind its own columns."""


Permit = Callable[..., DatasetPermit]
"""The permit of a dataset, for an action that writes or, without one, for the reading of the connection."""


class Rewriter:
    """Rewrites statements over one schema."""

    def __init__(
        self,
        schema: StoreSchema,
        permit: Permit,
        conditions: Callable[[DatasetRef], tuple[ExistsIn, ...]],
        sealing: Sealing = NOTHING_SEALED,
    ) -> None:
        self._schema = schema
        self._sealing = sealing
        self._permit = permit
        self._conditions = conditions

    def rewrite(self, sql: str, parameters: int, *, kinds: Sequence[str] = (), force_fence: bool = False) -> Rewritten:
        """What runs in place of a statement with so many numbered parameters; `kinds` tells what they are sent as.

        Raises StatementRefusedError, AccessRefusedError or SchemaDriftError.
        """
        try:
            tree = parse_statement(sql, self._schema.kind)
            if not isinstance(tree, exp.Query):
                raise refused("a statement that writes", "a SELECT", "guard.kind")
            return self._read(tree, sql, parameters, kinds, force_fence=force_fence)
        except RecursionError:
            raise too_deep() from None

    def _read(
        self, tree: exp.Query, sql: str, parameters: int, kinds: Sequence[str], *, force_fence: bool
    ) -> Rewritten:
        kind = self._schema.kind
        resolver = Resolver(self._schema, self._permit)
        outputs = resolver.resolve(tree)
        sealed = open_outputs(tree, outputs, resolver, self._sealing)
        bindings = Bindings(kind, parameters)
        fenced, derived = self._replaced(tree, resolver, bindings, kinds, force_fence=force_fence)
        check_tables(tree, derived)
        if kind != "postgresql":
            keep_spelling(tree, sql, kind)
        text = render(tree, kind)
        made = self._rewritten(text, resolver, bindings, fenced=fenced)
        return replace(made, sealed=sealed, width=len(outputs)) if sealed else made

    def _replaced(
        self,
        tree: exp.Query,
        resolver: Resolver,
        bindings: Bindings,
        kinds: Sequence[str],
        *,
        force_fence: bool,
        in_order: bool = True,
    ) -> tuple[bool, list[exp.Select]]:
        """Replace every base table of a resolved query; gives whether the derived tables are fenced, and them.

        `in_order` says whether the order of its rows is told.
        """
        kind = self._schema.kind
        totality = Totality(resolver, kinds, tree) if kind == "postgresql" else None
        blind = hazards.can_raise_in_mysql if kind == "mysql" else hazards.can_raise_in_sqlite
        raises = force_fence or (totality.can_raise() if totality else blind(tree))
        tempted = any(fences.has_tempting_index(use) for use in resolver.uses)
        ordered = hazards.depends_on_order(tree, kind) or (raises and hazards.stops_early(tree))
        ordered = ordered or (tempted and hazards.adds_up(tree)) or Ties(resolver, kind).decide(tree)
        if kind != "sqlite":
            fences.expand_groups(resolver, tree)
        fences.fix_limits(resolver, tree, kind, whole=in_order)
        if raises or ordered:
            fences.push_conditions(resolver, tree, totality)
        if ordered:
            settle_orders(resolver, tree, kind)
        if raises:
            decide_late(resolver, tree, totality.may_raise if totality else blind)
        joining = kind == "sqlite" and not any(each.side for each in tree.find_all(exp.Join))
        derived = [
            self._derived(use, bindings, raises=raises or ordered, ordered=ordered, joining=joining)
            for use in resolver.uses
        ]
        for use, each in zip(resolver.uses, derived, strict=True):
            _replace(use, each)
        return raises or ordered, derived

    def _derived(self, use: Use, bindings: Bindings, *, raises: bool, ordered: bool, joining: bool) -> exp.Select:
        fields = [
            each
            for each in use.table.fields
            if each in use.permit.fields and (each in use.needed or (use.star and each not in use.unstarred))
        ]
        derived = self._treating(use.table, use.permit, bindings).derived(fields, joining=joining)
        if use.within is not None:
            for part in self._treating(use.table, use.within, bindings).visible():
                derived.where(paren(part), copy=False)
        for place, each in enumerate(use.keys):
            derived.select(exp.Alias(this=column(each), alias=name(f"{KEY}{place}")), copy=False)
        for part in use.pushed:
            derived.where(paren(part), copy=False)
        if raises:
            fences.fence(derived, use, fields, self._schema.kind, sort=ordered)
        return derived

    def _treating(self, table: TableShape, permit: DatasetPermit, bindings: Bindings) -> Treating:
        return Treating(
            self._schema.kind,
            table,
            permit,
            self._conditions(permit.dataset),
            bindings,
            default_schema=self._schema.default_schema,
            encrypted=self._sealing.encrypted(table.dataset),
        )

    def _rewritten(self, text: str, resolver: Resolver, bindings: Bindings, *, fenced: bool) -> Rewritten:
        permits: dict[DatasetRef, DatasetPermit] = {use.permit.dataset: use.permit for use in resolver.uses}
        rules = {rule for use in resolver.uses for rule in _rules(use)}
        rules |= {each.rule_id for ref in permits for each in self._conditions(ref)}
        return Rewritten(
            text,
            tuple(bindings.slots),
            tuple(permits),
            tuple((each, None) for each in permits),
            tuple(permits.values()),
            _objects(resolver.uses),
            tuple(sorted(rules)),
            tuple(sorted(resolver.omitted)),
            fenced,
            self._reads(resolver.uses),
        )

    def _reads(self, uses: Sequence[Use]) -> dict[str, frozenset[str]]:
        fold = self._schema.folded
        reads: dict[str, set[str]] = {}
        for use in uses:
            conditions = self._conditions(use.permit.dataset)
            named = {field for condition in conditions for field in condition.fields} | set(use.permit.fields)
            named |= {*deciding_fields(use.permit), *use.table.primary_key, *use.keys}
            named |= row_fields(use.within) if use.within is not None else set()
            reads.setdefault(fold(use.table.name), set()).update(fold(field) for field in named)
            for condition in conditions:
                reads.setdefault(fold(condition.table), set()).update(fold(field) for field in condition.columns)
                if condition.packed is not None:
                    packed = (*condition.match, *condition.packed.columns)
                    reads.setdefault(fold(condition.packed.table), set()).update(fold(field) for field in packed)
        return {table: frozenset(fields) for table, fields in reads.items()}


def row_fields(permit: DatasetPermit) -> set[str]:
    """The fields that decide which rows a permit gives."""
    return _named([*permit.allow, *permit.deny, *permit.special])


def treatment_fields(permit: DatasetPermit) -> set[str]:
    """The fields that decide how a permit shows the fields of a row."""
    rules: list[RowRule | FieldRule] = []
    for name_, each in permit.fields.items():
        if not permit.is_clear(name_):
            rules += [*each.rules, *each.denies]
    return _named(rules)


def deciding_fields(permit: DatasetPermit) -> set[str]:
    """The fields that the permit's predicates name."""
    return row_fields(permit) | treatment_fields(permit)


def _named(rules: Sequence[RowRule | FieldRule]) -> set[str]:
    return {field for rule in rules if rule.rows is not None for field in rule.rows.fields}


def check_tables(tree: exp.Expr, derived: Sequence[exp.Expr]) -> None:
    """Return when every table that is left is one of ours: inside a derived table, or a CTE under our name."""
    ours = {id(table) for each in derived for table in each.find_all(exp.Table)}
    for table in tree.find_all(exp.Table):
        if id(table) not in ours and (table.db or not table.name.startswith(CTE)):
            raise refused("a table that the guard did not replace", "a simpler form", "guard.scope")


def too_deep() -> Exception:
    """The refusal of a statement that is nested too deep."""
    return refused("a statement that is nested too deep", "a simpler form", "guard.size")


def _replace(use: Use, derived: exp.Select) -> None:
    node = use.node
    standing = exp.Subquery(this=derived, alias=exp.TableAlias(this=name(use.alias)))
    if node.args.get("joins"):
        standing.set("joins", node.args["joins"])
    node.replace(standing)


def _shown(use: Use) -> list[str]:
    return [
        each
        for each in use.permit.fields
        if each in use.table.fields and (each in use.needed or (use.star and each not in use.unstarred))
    ]


def _rules(use: Use) -> list[str]:
    rules: list[RowRule | FieldRule] = [*use.permit.allow, *use.permit.deny, *use.permit.special]
    for each in _shown(use):
        rules += [*use.permit.fields[each].rules, *use.permit.fields[each].denies]
    return [rule.rule_id for rule in rules]


def _objects(uses: Sequence[Use]) -> tuple[EventObject, ...]:
    found: dict[EventObject, None] = {}
    for use in uses:
        ref = use.permit.dataset
        shown = _shown(use)
        if not shown:
            found[EventObject(str(ref))] = None
        for each in shown:
            for treatment in use.permit.fields[each].treatments:
                found[EventObject(str(FieldRef(ref.store, ref.dataset, each)), treatment)] = None
    return tuple(found)

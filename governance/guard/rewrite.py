"""A statement rewritten: every base table replaced by what a permit leaves of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from governance.access.permits import DatasetPermit, FieldRule, RowRule
from governance.guard import fences, hazards
from governance.guard.names import Use
from governance.guard.nodes import column, name, paren
from governance.guard.parsing import parse_statement, refused, render
from governance.guard.predicate_sql import AttributeSlot, Bindings
from governance.guard.schema import StoreSchema
from governance.guard.scopes import CTE, Resolver
from governance.guard.sealed import KEY, NOTHING_SEALED, SealedOutput, Sealing, open_outputs
from governance.guard.spelled import keep_spelling
from governance.guard.ties import Ties
from governance.guard.totals import Totality
from governance.guard.treatments import Treating
from governance.ledger.events import EventObject
from policies.nouns import DatasetRef, FieldRef
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
    permits: tuple[DatasetPermit, ...]
    """Of each dataset."""
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


class Rewriter:
    """Rewrites statements over one schema."""

    def __init__(
        self,
        schema: StoreSchema,
        permit: Callable[[DatasetRef], DatasetPermit],
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
        kind = self._schema.kind
        try:
            return self._rewrite(parse_statement(sql, kind), sql, parameters, kinds, force_fence=force_fence)
        except RecursionError:
            raise refused("a statement that is nested too deep", "a simpler form", "guard.size") from None

    def _rewrite(
        self, tree: exp.Query, sql: str, parameters: int, kinds: Sequence[str], *, force_fence: bool
    ) -> Rewritten:
        kind = self._schema.kind
        resolver = Resolver(self._schema, self._permit)
        outputs = resolver.resolve(tree)
        sealed = open_outputs(tree, outputs, resolver, self._sealing)
        totality = Totality(resolver, kinds, tree) if kind == "postgresql" else None
        raises = force_fence or (totality.can_raise() if totality else hazards.can_raise_in_sqlite(tree))
        tempted = any(fences.has_tempting_index(use) for use in resolver.uses)
        ordered = hazards.depends_on_order(tree, kind) or (raises and hazards.stops_early(tree))
        ordered = ordered or (tempted and hazards.adds_up(tree)) or Ties(resolver, kind).decide(tree)
        if kind == "postgresql":
            fences.expand_groups(resolver, tree)
        fences.fix_limits(resolver, tree, kind)
        if raises or ordered:
            fences.push_conditions(resolver, tree, totality)
        bindings = Bindings(kind, parameters)
        derived = {
            id(use): self._derived(use, bindings, raises=raises or ordered, ordered=ordered) for use in resolver.uses
        }
        for use in resolver.uses:
            _replace(use, derived[id(use)])
        _check_tables(tree, list(derived.values()))
        if kind == "sqlite":
            keep_spelling(tree, sql)
        text = render(tree, kind)
        made = self._rewritten(text, resolver, bindings, fenced=raises or ordered)
        return replace(made, sealed=sealed, width=len(outputs)) if sealed else made

    def _derived(self, use: Use, bindings: Bindings, *, raises: bool, ordered: bool) -> exp.Select:
        fields = [
            each
            for each in use.table.fields
            if each in use.permit.fields and (each in use.needed or (use.star and each not in use.unstarred))
        ]
        treating = Treating(
            self._schema.kind,
            use.table,
            use.permit,
            self._conditions(use.permit.dataset),
            bindings,
            default_schema=self._schema.default_schema,
            encrypted=self._sealing.encrypted(use.table.dataset),
        )
        derived = treating.derived(fields)
        for place, each in enumerate(use.keys):
            derived.select(exp.Alias(this=column(each), alias=name(f"{KEY}{place}")), copy=False)
        for part in use.pushed:
            derived.where(paren(part), copy=False)
        if raises:
            fences.fence(derived, use, fields, self._schema.kind, sort=ordered)
        return derived

    def _rewritten(self, text: str, resolver: Resolver, bindings: Bindings, *, fenced: bool) -> Rewritten:
        permits: dict[DatasetRef, DatasetPermit] = {use.permit.dataset: use.permit for use in resolver.uses}
        rules = {rule for use in resolver.uses for rule in _rules(use)}
        rules |= {each.rule_id for ref in permits for each in self._conditions(ref)}
        return Rewritten(
            text,
            tuple(bindings.slots),
            tuple(permits),
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
            named = {field for condition in conditions for field in condition.match.values()} | set(use.permit.fields)
            named |= {*_deciding_fields(use.permit), *use.table.primary_key, *use.keys}
            reads.setdefault(fold(use.table.name), set()).update(fold(field) for field in named)
            for condition in conditions:
                own = (*condition.match, *condition.among)
                reads.setdefault(fold(condition.table), set()).update(fold(field) for field in own)
        return {table: frozenset(fields) for table, fields in reads.items()}


def _deciding_fields(permit: DatasetPermit) -> set[str]:
    """The fields that the permit's predicates name."""
    rules: list[RowRule | FieldRule] = [*permit.allow, *permit.deny, *permit.special]
    for each in permit.fields.values():
        rules += [*each.rules, *each.denies]
    return {field for rule in rules if rule.rows is not None for field in rule.rows.fields}


def _check_tables(tree: exp.Query, derived: Sequence[exp.Select]) -> None:
    """Return when every table that is left is one of ours: inside a derived table, or a CTE under our name."""
    ours = {id(table) for each in derived for table in each.find_all(exp.Table)}
    for table in tree.find_all(exp.Table):
        if id(table) not in ours and (table.db or not table.name.startswith(CTE)):
            raise refused("a table that the guard did not replace", "a simpler form", "guard.scope")


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

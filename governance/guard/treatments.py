"""What a permit leaves of a table: the derived table that stands in a statement for the base table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from connectors.base import Field
from governance.access.permits import DatasetPermit, FieldPermit
from governance.guard.masks_sql import mask_sql
from governance.guard.nodes import ROW, TEMPORARY, case, column, every, name, number, paren, some, text
from governance.guard.predicate_sql import COLLATES, MOMENT, Bindings, PredicateSql, by_code_points
from governance.guard.schema import TableShape
from governance.protect.masks import MASKS, TEXT
from policies.errors import AccessRefusedError
from policies.row_conditions import ExistsIn, Packed

_TEXT_TYPES = ("TEXT", "VARCHAR", "CHAR", "CHARACTER", "CLOB", "NVARCHAR", "NCHAR", "STRING", "BPCHAR",
               "TINYTEXT", "MEDIUMTEXT", "LONGTEXT")  # fmt: skip
OURS = "gov_c"
"""The alias of a table of ours; further ones in the same derived table have a number behind it."""
_PLAIN = "gov_p"
NOTHING = "gov_nothing"
"""The one column of a derived table of which a statement needs no field."""


class Treating:
    """Makes the derived table of one dataset."""

    def __init__(
        self,
        kind: str,
        table: TableShape,
        permit: DatasetPermit,
        conditions: Sequence[ExistsIn],
        bindings: Bindings,
        *,
        default_schema: str,
        encrypted: Collection[str] = (),
    ) -> None:
        self._kind = kind
        self._table = table
        self._permit = permit
        self._conditions = conditions
        self._sql = PredicateSql(kind, table, bindings)
        self._bindings = bindings
        self._default_schema = default_schema
        self._encrypted = encrypted

    def derived(self, fields: Sequence[str], *, joining: bool = False) -> exp.Select:
        """SELECT treated fields FROM the table WHERE the row is visible.

        With `joining`, a condition that one row of ours at most can meet joins that row: SQLite walks a join in half
        the time of EXISTS. Not for the right side of an outer join, where SQLite would write all of it out.
        """
        joined = [each for each in self._conditions if joining and _can_join(each)]
        shown = [exp.Alias(this=self._treated(self._permit.fields[field]), alias=name(field)) for field in fields] or [
            exp.Alias(this=exp.Null(), alias=name(NOTHING))
        ]
        source = exp.Table(
            this=name(self._table.name),
            db=name(self._table.schema),
            alias=exp.TableAlias(this=name(ROW)),
        )
        sought = [self._sought(each, f"{OURS}{place or ''}") for place, each in enumerate(joined)]
        where = every([*self.visible(without=joined), *(part for _, met in sought for part in met)])
        made = exp.Select(
            expressions=shown, from_=exp.From(this=source), where=exp.Where(this=where) if where is not None else None
        )
        if joined:  # CROSS keeps SQLite from walking our table first, where it guesses from no statistics
            made.set("joins", [exp.Join(this=table, kind="CROSS") for table, _ in sought])
        return made

    def visible(self, *, without: Sequence[ExistsIn] = ()) -> list[exp.Expr]:
        """What a row must meet, all of it, to be visible: conditions on the fields of `gov_row`.

        Those in `without` are left out.
        """
        parts: list[exp.Expr] = []
        if all(rule.rows is not None for rule in self._permit.allow):
            admitted = some([self._sql.condition(rule.rows) for rule in self._permit.allow if rule.rows is not None])
            parts.append(admitted if admitted is not None else exp.false())
        for rule in (*self._permit.deny, *self._permit.special):
            if rule.rows is None:
                return [exp.false()]
            parts.append(exp.Is(this=paren(self._sql.condition(rule.rows)), expression=exp.false()))
        return [*parts, *(self._exists(each) for each in self._conditions if each not in without)]

    def _matching(self, condition: ExistsIn, alias: str) -> list[exp.Expr]:
        """What a row of ours must meet to match, under an alias of its table."""
        met = self._same_key(condition, alias)
        for ours, texts in condition.among.items():
            met.append(exp.In(this=column(ours, alias), expressions=[_literal(each) for each in texts]))
        if condition.ends is not None:
            met.append(self._goes_on(condition.ends, alias))
        return met

    def _matching_packed(self, condition: ExistsIn, packed: Packed, alias: str) -> list[exp.Expr]:
        """The same of the packed row; behind the first of its ends the condition itself decides."""
        shifted = paren(exp.BitwiseRightShift(this=column(packed.word, alias), expression=number(packed.shift)))
        found = paren(exp.BitwiseAnd(this=shifted, expression=number((1 << packed.bits) - 1)))
        ahead = exp.Or(this=self._goes_on(packed.until, alias), expression=self._exists_plainly(condition))
        enough = exp.GTE(this=found, expression=number(packed.least))
        return [*self._same_key(condition, alias), enough, paren(ahead)]

    def _same_key(self, condition: ExistsIn, alias: str) -> list[exp.Expr]:
        met: list[exp.Expr] = []
        for ours, field in condition.match.items():
            if field not in self._table.fields:
                raise _refused(self._table.dataset, f"a condition on a field `{field}` that the table does not have")
            met.append(exp.EQ(this=column(ours, alias), expression=self._by_code_points(field)))
            if self._kind == "mysql" and self._table.fields[field].type == "string":
                # Both sides: made into a semi-join, the comparison would take the collation of ours.
                met.append(exp.EQ(this=by_code_points(ours, alias), expression=by_code_points(field)))
        return met

    def _own_table(self, condition: ExistsIn, table: str, alias: str) -> exp.Table:
        temporary = TEMPORARY.get(self._kind, self._default_schema)
        return exp.Table(
            this=name(table),
            db=name(temporary if condition.temporary else self._default_schema),
            alias=exp.TableAlias(this=name(alias)),
        )

    def _sought(self, condition: ExistsIn, alias: str) -> tuple[exp.Table, list[exp.Expr]]:
        """The table of ours in which a matching row is looked for first, and what it must meet."""
        if condition.packed is not None and self._kind == "sqlite":
            packed = condition.packed
            return self._own_table(condition, packed.table, alias), self._matching_packed(condition, packed, alias)
        return self._own_table(condition, condition.table, alias), self._matching(condition, alias)

    def _exists_plainly(self, condition: ExistsIn) -> exp.Expr:
        """Whether the condition's own table holds a matching row."""
        return self._exists_in(self._own_table(condition, condition.table, _PLAIN), self._matching(condition, _PLAIN))

    def _exists_in(self, source: exp.Table, met: list[exp.Expr]) -> exp.Expr:
        where = every(met)
        if where is None:
            raise _refused(self._table.dataset, "a condition that asks nothing")
        inner = exp.Select(
            expressions=[exp.Literal.number(1)], from_=exp.From(this=source), where=exp.Where(this=where)
        )
        return exp.Exists(this=inner)

    def _exists(self, condition: ExistsIn) -> exp.Expr:
        exists = self._exists_in(*self._sought(condition, OURS))
        if condition.absent:
            exists = exp.Not(this=exists)
        if condition.spared is None:
            return exists
        unknown = sorted(condition.spared.fields - self._table.fields.keys())
        if unknown:
            raise _refused(self._table.dataset, "a condition on a field that the table does not have")
        return paren(exp.Or(this=paren(self._sql.condition(condition.spared)), expression=exists))

    def _goes_on(self, ends: str, alias: str) -> exp.Expr:
        """Whether a row of ours has no end, or one that lies ahead; the stamps compare by code points."""
        moment = self._bindings.placeholder(MOMENT)
        later: exp.Expr = exp.GT(this=column(ends, alias), expression=moment)
        if self._kind == "postgresql":
            stamped = exp.Collate(this=column(ends, alias), expression=name("C"))
            later = exp.GT(this=stamped, expression=exp.cast(moment, exp.DType.TEXT))
        return paren(exp.Or(this=exp.EQ(this=column(ends, alias), expression=text("")), expression=later))

    def _by_code_points(self, field: str) -> exp.Expr:
        if self._kind == "postgresql" and COLLATES in self._table.fields[field].native_type.upper():
            return exp.Collate(this=column(field), expression=name("C"))
        return column(field)

    def shown(self, field: str) -> exp.Expr:
        """A visible field as the permit shows it, over the fields of `gov_row`."""
        return self._treated(self._permit.fields[field])

    def _treated(self, permit: FieldPermit) -> exp.Expr:
        field = self._table.fields[permit.field]
        first = permit.rules[0]
        if self._permit.is_clear(permit.field):
            return column(field.name)
        if first.rows is None and not permit.denies:
            return self._treatment(field, first.treatment)
        branches: list[tuple[exp.Expr, exp.Expr]] = []
        for rule in permit.denies:
            if rule.rows is None:
                return self._null(field)
            open_row = exp.Is(this=paren(self._sql.condition(rule.rows)), expression=exp.false())
            branches.append((exp.Not(this=paren(open_row)), self._null(field)))
        for given in permit.rules:
            if given.rows is None:
                return case(branches, self._treatment(field, given.treatment))
            branches.append((self._sql.condition(given.rows), self._treatment(field, given.treatment)))
        return case(branches, self._null(field))

    def _treatment(self, field: Field, treatment: str) -> exp.Expr:
        if treatment == "clear":
            return column(field.name)
        if treatment == "null":
            return self._null(field)
        if not treatment.startswith("mask:"):
            raise _refused(self._table.dataset, f"treatment `{treatment}`, which queries cannot give yet")
        mask = treatment.removeprefix("mask:")
        keeps = mask not in MASKS or MASKS[mask].keeps(field.type)
        if not keeps or field.name in self._encrypted or not self._holds(field):
            return self._null(field)
        made = mask_sql(mask, self._kind, field.name, field.type)
        if made is None:
            raise _refused(self._table.dataset, f"treatment `{treatment}`, a mask that there is no SQL for")
        return made

    def _holds(self, field: Field) -> bool:
        """Whether the SQL of masks is written for the native type: an enumeration is a text by name only."""
        return self._kind == "sqlite" or field.type not in TEXT or field.native_type.upper().startswith(_TEXT_TYPES)

    def _null(self, field: Field) -> exp.Expr:
        """NULL of the field's own type, so that typed readers and set operations keep working."""
        if self._kind == "sqlite":
            return exp.Null()
        return case([(exp.false(), column(field.name))], None)


def _can_join(condition: ExistsIn) -> bool:
    return condition.single and not condition.absent and condition.spared is None


def _literal(value: str | int) -> exp.Expr:
    return exp.Literal.number(value) if isinstance(value, int) else text(value)


def _refused(dataset: str, found: str) -> AccessRefusedError:
    return AccessRefusedError(
        f"dataset {dataset}",
        found=found,
        expected="a permit that can be put into the query",
        next_step="mend the policy; until then the dataset is closed for this use",
        rule_ids=("guard.treatment",),
    )

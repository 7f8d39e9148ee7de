"""INSERT, UPDATE and DELETE rewritten: the base table stays the target, and only rows in scope are reached.

    UPDATE customers SET tier = 'gold' WHERE name = 'Ann'

becomes

    UPDATE "main"."customers" SET "tier" = 'gold'
    WHERE "id" IN (SELECT "gov_key_0" FROM (... what may be seen and written ...) AS "customers" WHERE "name" = 'Ann')
    RETURNING CASE WHEN ... still in scope ... THEN 1 ELSE 0 END AS "gov_ok"

so that conditions meet treated values, and whoever runs it takes everything back when a row left its scope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.guard import hazards
from governance.guard.after_image import hold_after, hold_now, target_named
from governance.guard.names import Use, unknown_field
from governance.guard.nodes import case, column, every, name, number
from governance.guard.parsing import Write, parse_statement, refused, render
from governance.guard.predicate_sql import Bindings
from governance.guard.rewrite import (
    Permit,
    Rewriter,
    Rewritten,
    check_tables,
    too_deep,
)
from governance.guard.schema import StoreSchema, TableShape, ascii_lower
from governance.guard.scopes import Resolver
from governance.guard.sealed import KEY, NOTHING_SEALED, Sealing
from governance.guard.write_cells import Parameters, cells_of_insert, cells_of_update, repeated
from governance.guard.write_rules import check_flow, check_reach, check_set, check_target, check_writable
from governance.guard.write_work import Asked, Work, finished
from policies.nouns import Action, DatasetRef, FieldRef
from policies.row_conditions import ExistsIn

OK = "gov_ok"
"""The last column of what a write returns: 1 for a row in scope."""


class StatementRewriter(Rewriter):
    """Rewrites statements that read or write over one schema."""

    def __init__(
        self,
        schema: StoreSchema,
        permit: Permit,
        conditions: Callable[[DatasetRef], tuple[ExistsIn, ...]],
        sealing: Sealing = NOTHING_SEALED,
    ) -> None:
        super().__init__(schema, permit, conditions, sealing)

    def rewrite(
        self, sql: str, parameters: int, *, kinds: Sequence[str] = (), force_fence: bool = False, rows: int = 1
    ) -> Rewritten:
        """What runs in place of a statement; with `rows`, an INSERT of one row written out for so many.

        Raises StatementRefusedError, AccessRefusedError or SchemaDriftError.
        """
        try:
            tree = parse_statement(sql, self._schema.kind)
            if isinstance(tree, exp.Query):
                return self._read(tree, sql, parameters, kinds, force_fence=force_fence)
            # In MariaDB, what only warns in a SELECT raises in a write, so each one is fenced.
            fence = force_fence or self._schema.kind == "mysql"
            return self._write(tree, parameters, kinds, force_fence=fence, rows=rows)
        except RecursionError:
            raise too_deep() from None

    def _write(self, tree: Write, parameters: int, kinds: Sequence[str], *, force_fence: bool, rows: int) -> Rewritten:
        self._normalise(tree)
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        table = self._table(target)
        asked = Asked(self._permit)
        work = Work(
            table,
            target.alias or target.name,
            DatasetRef(self._schema.store, table.dataset),
            Action.DELETE if isinstance(tree, exp.Delete) else Action.WRITE,
            asked,
            Bindings(self._schema.kind, parameters * rows),
            Resolver(self._schema, asked),
            Parameters(tree, parameters, self._schema.kind),
        )
        returning = tree.args.get("returning")
        if returning is not None and isinstance(tree, exp.Update) and self._schema.kind == "mysql":
            raise refused("UPDATE ... RETURNING", "UPDATE alone", "guard.write.returning", "read the rows after it")
        within = asked(work.ref, work.action)
        if isinstance(tree, exp.Insert):
            if target.alias:
                raise refused("another name for the table of an INSERT", "the table's own name", "guard.write.form")
            read = asked(work.ref) if returning is not None else None
            self._insert(tree, work, within, rows, kinds, force_fence=force_fence)
        else:
            read = asked(work.ref)
            self._change(tree, work, within, kinds, force_fence=force_fence)
        checked = self._return(tree, work, within, read)
        target.set("alias", None)
        target.set("this", name(table.name))
        target.set("db", name(table.schema))
        returned = tree.args.get("returning")
        check_tables(tree, [*work.derived, *work.own, target, *([returned] if returned is not None else [])])
        text = render(tree, self._schema.kind)
        base = self._rewritten(text, work.resolver, work.bindings, fenced=work.fenced)
        return finished(base, work, self._schema, within, read, self._conditions(work.ref), checked=checked)

    # --- the kinds

    def _insert(
        self,
        tree: exp.Insert,
        work: Work,
        within: DatasetPermit,
        rows: int,
        kinds: Sequence[str],
        *,
        force_fence: bool,
    ) -> None:
        source = tree.args.get("expression")
        named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        work.written = [self._field(work, each, within) for each in named]
        work.writes[work.table.name] = {"insert"}
        work.inserts = True
        if len(set(work.written)) < len(work.written) or (source is None) != (not named):
            raise refused("an INSERT without its fields, or with one twice", "each field once", "guard.write.form")
        indexes = set(self._sealing.index_of(work.table.dataset).values())
        check_writable(within, [each for each in work.written if each not in indexes])
        if source is None:
            return
        encrypted = self._sealing.encrypted(work.table.dataset) & set(work.written)
        if isinstance(source, exp.Values):
            if any(not isinstance(row, exp.Tuple) or len(row.expressions) != len(named) for row in source.expressions):
                raise refused("rows of another width", "a value for each field", "guard.write.form")
            work.cells, added = cells_of_insert(source, work.written, work.ref, self._sealing, work.parameters)
            for each in added:
                tree.this.append("expressions", name(each))
            work.many = len(source.expressions) == 1 and source.find(exp.Query) is None
            if rows > 1:
                source.set("expressions", repeated(source.expressions[0], rows, work.parameters, self._schema.kind))
        elif encrypted:
            raise refused(
                "INSERT ... SELECT into an encrypted field", "VALUES", "guard.write.encrypted", "insert row by row"
            )
        work.bindings = Bindings(self._schema.kind, work.parameters.count * rows)
        outputs = work.resolver.resolve(source)
        if not isinstance(source, exp.Values) and len(outputs) != len(named):
            raise refused("rows of another width", "a value for each field", "guard.write.form")
        check_flow(work.resolver, source, self._sealing)
        if work.resolver.uses or not isinstance(source, exp.Values):
            work.fenced, work.derived = self._replaced(
                source, work.resolver, work.bindings, kinds, force_fence=force_fence
            )

    def _change(
        self,
        tree: exp.Update | exp.Delete,
        work: Work,
        within: DatasetPermit,
        kinds: Sequence[str],
        *,
        force_fence: bool,
    ) -> None:
        """UPDATE and DELETE: the rows are chosen by a guarded SELECT, to which the new values belong at first."""
        table = work.table
        if not table.primary_key:
            raise refused("a table without a primary key", "one that tells its rows apart", "guard.write.key")
        items = list(tree.expressions) if isinstance(tree, exp.Update) else []
        for item in items:
            if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column) or item.this.table:
                raise refused("a SET of an unexpected form", "SET field = value", "guard.write.form")
        values = [item.expression for item in items]
        chosen = tree.this.copy()
        select = exp.Select(
            expressions=values or [exp.Literal.number(1)], from_=exp.From(this=chosen), where=tree.args.get("where")
        )
        work.resolver.resolve(select)
        use = next(each for each in work.resolver.uses if each.node is chosen)
        use.within, use.keys = within, table.primary_key
        if hazards.is_grouped(select):
            raise refused("an aggregate as a new value", "it in a sub-query", "guard.write.form")
        if isinstance(tree, exp.Update):
            work.written = [self._field(work, item.this.this, within) for item in items]
            if len(set(work.written)) < len(work.written):
                raise refused("a field that is set twice", "each field once", "guard.write.form")
            indexes = set(self._sealing.index_of(table.dataset).values())
            plain = [each for each in work.written if each not in indexes]
            check_set(table, use.permit, within, plain, self._conditions(work.ref))
            given = dict(zip(work.written, values, strict=True))
            work.cells, more = cells_of_update(
                given, select.args.get("where"), use, work.resolver, self._sealing, work.parameters
            )
            work.bindings = Bindings(self._schema.kind, work.parameters.count)
            for index, made in more.items():
                tree.append("expressions", exp.EQ(this=exp.Column(this=name(index)), expression=made))
            work.writes[table.name] = {f"update {each}" for each in (*work.written, *more)}
        else:
            work.writes[table.name] = {"delete"}
            for other, what in check_reach(self._schema, table, work.asked, self._conditions):
                work.writes.setdefault(other.name, set()).update(what)
                work.touched.append(other)
        check_flow(work.resolver, select, self._sealing, use)
        outer = [self._of_target(node, use, work) for value in values for node in value.find_all(exp.Column)]
        work.fenced, work.derived = self._replaced(
            select, work.resolver, work.bindings, kinds, force_fence=force_fence, in_order=False
        )
        for item, made in zip(items, list(select.expressions), strict=False):
            item.set("this", exp.Column(this=name(work.written[items.index(item)])))
            item.set("expression", made)
        for node in filter(None, outer):
            node.set("table", name(table.name))
        places = range(len(table.primary_key))
        select.set("expressions", [column(f"{KEY}{place}", use.alias) for place in places])
        select.set("order", None)
        keys: list[exp.Expr] = [column(each, table.name) for each in table.primary_key]
        left = keys[0] if len(keys) == 1 else exp.Tuple(expressions=keys)
        tree.set("where", exp.Where(this=exp.In(this=left, query=exp.Subquery(this=select))))

    def _of_target(self, node: exp.Column, use: Use, work: Work) -> exp.Column | None:
        """A name in a new value that means the target; it gets the table's own name when all is replaced."""
        if work.resolver.meant.get(id(node), (None, ""))[0] is not use:
            return None
        own = self._schema.folded(work.table.name)
        step = node.parent
        while step is not None:
            scope = work.resolver.scopes.get(id(step))
            if scope is not None and any(each.alias == own and each.use is not use for each in scope.sources):
                raise refused("a name in a sub-query that hides the table", "another name for it", "guard.write.form")
            step = step.parent
        return node

    # --- what comes back

    def _return(self, tree: Write, work: Work, within: DatasetPermit, read: DatasetPermit | None) -> bool:
        """Write out RETURNING: the statement's own columns, treated, and whether each row is in scope."""
        returning = tree.args.get("returning")
        shown: list[exp.Expr] = []
        if returning is not None and read is not None:
            treating = self._treating(work.table, read, work.bindings)
            for each in returning.expressions:
                for called, field_ in self._returned(each, work, read):
                    work.returned.append(field_)
                    made = self._requalified(treating.shown(field_), work)
                    shown.append(exp.Alias(this=made, alias=name(called)))
        parts = self._treating(work.table, within, work.bindings).visible()
        if read is not None:
            parts += self._treating(work.table, read, work.bindings).visible()
        parts = list({each.sql(): each for each in parts}.values())
        scope = every(parts)
        tree.set("returning", None)
        if isinstance(tree, exp.Delete):
            shown += self._for_holds(work)
        if self._schema.kind == "mysql" and not isinstance(tree, exp.Insert):
            self._hold_after(tree, work, parts)
            if not shown:
                return False
        if not shown and scope is None and isinstance(tree, exp.Insert):
            return False
        if self._schema.kind == "mysql" and isinstance(tree, exp.Insert) and len(work.table.primary_key) == 1:
            # The driver does not tell a generated key beside rows that come back.
            work.key_returned = True
            key = work.table.primary_key[0]
            shown.append(exp.Alias(this=column(key, work.table.name), alias=name(f"{KEY}0")))
        in_scope = case([(scope, number(1))], number(0)) if scope is not None else number(1)
        checked = exp.Alias(this=self._requalified(in_scope, work), alias=name(OK))
        tree.set("returning", exp.Returning(expressions=[*shown, checked]))
        return True

    def _for_holds(self, work: Work) -> list[exp.Expr]:
        """The key and the subject key of what is deleted, where holds are asked for."""
        if not self._sealing.holds:
            return []
        subject = tuple(each for each in self._sealing.subject_key(work.table.dataset) if each in work.table.fields)
        work.kept = work.table.primary_key, subject
        return [
            exp.Alias(this=column(each, work.table.name), alias=name(f"{KEY}{place}"))
            for place, each in enumerate((*work.table.primary_key, *subject))
        ]

    def _hold_after(self, tree: exp.Update | exp.Delete, work: Work, parts: list[exp.Expr]) -> None:
        """MariaDB's UPDATE returns nothing: its rows are held to the scope as it is and as it will be."""
        work.own += hold_now(tree, work.table, parts)
        if not isinstance(tree, exp.Update):
            return
        asking = hold_after(tree, work.table, parts, set(work.written))
        if asking is None:
            return
        work.own.append(tree.args["where"].this.expression)
        asked = asking.args["from_"].this
        asked.set("alias", None)
        asked.set("this", name(work.table.name))
        asked.set("db", name(work.table.schema))
        work.before = render(asking, self._schema.kind)

    def _returned(self, node: exp.Expr, work: Work, read: DatasetPermit) -> list[tuple[str, str]]:
        """The columns that one item of RETURNING gives: what it is called, and the field."""
        encrypted = self._sealing.encrypted(work.table.dataset)
        inner = node.this if isinstance(node, exp.Alias) else node
        if isinstance(inner, exp.Star) or (isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star)):
            for field_ in read.hidden:
                work.omitted[FieldRef(work.ref.store, work.ref.dataset, field_)] = read.hidden[field_]
            return [(each, each) for each in work.table.fields if each in read.fields and each not in encrypted]
        called = {self._schema.folded(each) for each in (work.alias, work.table.name)}
        if not isinstance(inner, exp.Column) or (inner.table and self._schema.folded(inner.table) not in called):
            raise refused("RETURNING of an expression", "bare fields of the table", "guard.write.returning")
        field_ = self._field(work, inner.this, read)
        if field_ not in read.fields:
            raise self._hidden(field_, read)
        if field_ in encrypted:
            raise refused("RETURNING of an encrypted field", "other fields", "guard.write.encrypted", "read it after")
        return [(node.alias if isinstance(node, exp.Alias) else field_, field_)]

    def _requalified(self, node: exp.Expr, work: Work) -> exp.Expr:
        """The same over the target itself, which no database lets us rename here."""
        return target_named(node, work.table)

    # --- names

    def _normalise(self, tree: exp.Expr) -> None:
        for node in tree.find_all(exp.Identifier):
            if self._schema.kind == "postgresql" and not node.args.get("quoted"):
                node.set("this", ascii_lower(node.name))
            node.set("quoted", True)

    def _table(self, node: exp.Expr) -> TableShape:
        plain = isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) and not node.args.get("joins")
        if not plain or (node.args.get("alias") is not None and node.args["alias"].columns):
            raise refused("a target that is no table", "a dataset of the catalog", "guard.write.form")
        table = self._schema.known(node.text("db") or None, node.name)
        self._schema.check(table.dataset)
        check_target(table)
        return table

    def _field(self, work: Work, node: exp.Expr, permit: DatasetPermit) -> str:
        folded = self._schema.folded(node.name)
        found = next((each for each in work.table.fields if self._schema.folded(each) == folded), None)
        if found is None:
            known = any(self._schema.folded(each) == folded for each in permit.hidden)
            raise self._hidden(node.name, permit) if known else unknown_field([], folded, self._schema)
        return found

    @staticmethod
    def _hidden(field_: str, permit: DatasetPermit) -> Exception:
        why = permit.hidden.get(field_, "not_in_catalog")
        return refused(
            f"a field that this use may not see ({why})", "fields that the policy gives", f"guard.hidden.{why}"
        )

    # --- the result

"""Names of a statement resolved scope by scope: which table, sub-query or CTE each name means.

Every table reference ends as one of two things: a use of a base table, to be replaced, or a CTE under a new name of
ours that no table has. What resolves to neither is refused, so that a name can never reach a table by another way than
was thought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.guard.names import Output, Scope, Source, Use, mark_nullable, renamed, unknown_field
from governance.guard.nodes import name as quoted
from governance.guard.parsing import refused
from governance.guard.schema import StoreSchema, TableShape, ascii_lower
from policies.nouns import DatasetRef, FieldRef

CTE = "gov_cte_"
"""What the new name of every CTE begins with; no statement can reach a table of such a name."""


@dataclass(slots=True, eq=False)
class _Cte:
    name: str
    columns: list[str | None] | None


_Env = Mapping[str, _Cte]


class Resolver:
    """Resolves one statement; changes its tree so that every name is exact and quoted."""

    def __init__(self, schema: StoreSchema, permit: Callable[[DatasetRef], DatasetPermit]) -> None:
        self._schema = schema
        self._permit = permit
        self._kind = schema.kind
        self._ctes = 0
        self._seen: set[int] = set()
        self.uses: list[Use] = []
        self.scopes: dict[int, Scope] = {}
        self.meant: dict[int, tuple[Use, str]] = {}
        self.bound: list[tuple[exp.Expr, Use, str]] = []
        self.omitted: dict[FieldRef, str] = {}

    def resolve(self, tree: exp.Query) -> list[Output]:
        """The statement's result columns. Raises StatementRefusedError, AccessRefusedError, SchemaDriftError."""
        for node in tree.find_all(exp.Identifier):
            if self._kind == "postgresql" and not node.args.get("quoted"):
                node.set("this", ascii_lower(node.name))
            node.set("quoted", True)
        outputs = self._query(tree, None, {})
        if any(id(table) not in self._seen for table in tree.find_all(exp.Table)):
            raise refused("a table in a place where no table is expected", "tables in FROM and JOIN", "guard.scope")
        return outputs

    # --- queries

    def _query(self, node: exp.Expr, parent: Scope | None, env: _Env) -> list[Output]:
        if not isinstance(node, exp.Query | exp.Values):
            raise refused("a sub-query of an unexpected form", "a SELECT", "guard.scope")
        env = env if isinstance(node, exp.Values) else self._with(node, parent, env)
        match node:
            case exp.Select():
                return self._select(node, parent, env)
            case exp.SetOperation():
                outputs = self._query(node.this, parent, env)
                self._query(node.expression, parent, env)
                return self._modifiers(node, outputs, parent, env)
            case exp.Subquery(this=exp.Query() as inner):
                return self._modifiers(node, self._query(inner, parent, env), parent, env)
            case exp.Values():
                return self._values(node, parent, env)
            case _:
                raise refused("a sub-query of an unexpected form", "a SELECT", "guard.scope")

    def _modifiers(self, node: exp.Query, outputs: list[Output], parent: Scope | None, env: _Env) -> list[Output]:
        """ORDER BY, LIMIT and OFFSET around a whole query: they know its result columns only."""
        scope = Scope(parent, aliases=self._names(outputs), outputs=outputs)
        self.scopes[id(node)] = scope
        self._order(node, scope, env)
        outer = Scope(parent)
        for part in ("limit", "offset"):
            self._walk(node.args.get(part), outer, env)
        return [Output(each.name) for each in outputs]

    def _values(self, node: exp.Values, parent: Scope | None, env: _Env) -> list[Output]:
        if self._kind == "mysql" and not isinstance(node.parent, exp.Insert | None):
            raise refused("VALUES as a table", "SELECT ... UNION ALL SELECT ...", "guard.form")
        rows = node.expressions
        width = len(rows[0].expressions) if rows and isinstance(rows[0], exp.Tuple) else 1
        for row in rows:
            self._walk(row, Scope(parent), env)
        return [Output(f"column{place + 1}") for place in range(width)]

    def _with(self, node: exp.Query, parent: Scope | None, env: _Env) -> _Env:
        clause = node.args.get("with_")
        if clause is None:
            return env
        recursive = bool(clause.args.get("recursive")) or self._kind == "sqlite"
        inner = dict(env)
        own = {self.folded(cte.alias): _Cte(self._new_name(), None) for cte in clause.expressions}
        if len(own) < len(clause.expressions):
            raise refused("two CTEs of one name", "one name each", "guard.scope")
        if recursive:
            inner.update(own)
        for cte in clause.expressions:
            called = self.folded(cte.alias)
            self._cte(cte, own[called], parent, inner, recursive=recursive)
            inner[called] = own[called]
        return inner

    def _cte(self, cte: exp.CTE, entry: _Cte, parent: Scope | None, env: _Env, *, recursive: bool) -> None:
        body = cte.this
        columns = [each.name for each in cte.args["alias"].columns]
        if recursive and isinstance(body, exp.SetOperation):
            env = self._with(body, parent, env)
            entry.columns = renamed(self._query(body.this, parent, env), columns)
            self._query(body.expression, parent, env)
            self._modifiers(body, [Output(each) for each in entry.columns], parent, env)
        else:
            entry.columns = renamed(self._query(body, parent, env), columns)
        cte.args["alias"].set("this", quoted(entry.name))

    def _new_name(self) -> str:
        self._ctes += 1
        return f"{CTE}{self._ctes}"

    def _select(self, node: exp.Select, parent: Scope | None, env: _Env) -> list[Output]:
        scope = Scope(parent)
        self.scopes[id(node)] = scope
        from_ = node.args.get("from_")
        if from_ is not None:
            self._source(from_.this, scope, env, node)
        self._joins(node, scope, env, node)
        for projection in node.expressions:
            scope.outputs += self._projection(projection, scope, env)
        scope.aliases = self._names(scope.outputs)
        anywhere = self._kind == "sqlite"
        late = self._kind != "postgresql"
        self._walk(node.args.get("distinct"), scope, env, aliases=True)
        self._walk(node.args.get("where"), scope, env, aliases=anywhere)
        self._walk(node.args.get("group"), scope, env, aliases=True)
        self._walk(node.args.get("having"), scope, env, aliases=late)
        for window in node.args.get("windows") or []:
            self._walk(window, scope, env)
        self._order(node, scope, env)
        for part in ("limit", "offset"):
            self._walk(node.args.get(part), Scope(parent), env)
        return scope.outputs

    def _projection(self, node: exp.Expr, scope: Scope, env: _Env) -> list[Output]:
        if isinstance(node, exp.Star):
            return [output for source in scope.sources for output in self._all_of(source)]
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            source = self._qualified(node, scope)
            return self._all_of(source)
        inner = node.this if isinstance(node, exp.Alias) else node
        self._walk(inner, scope, env)
        alias = node.alias if isinstance(node, exp.Alias) else None
        if isinstance(inner, exp.Column):
            use, field_ = self.meant.get(id(inner), (None, None))
            return [Output(alias or inner.name, use, field_)]
        return [Output(alias or self._made_up(inner))]

    def _made_up(self, node: exp.Expr) -> str | None:
        """The name that PostgreSQL gives a column without one; that of others is the text of the expression."""
        if self._kind != "postgresql":
            return None
        while isinstance(node, exp.Window | exp.Filter | exp.WithinGroup | exp.Paren | exp.Cast):
            node = node.this
        if isinstance(node, exp.Column):
            return node.name
        return str(node.this) if isinstance(node, exp.Anonymous) else None

    def _all_of(self, source: Source) -> list[Output]:
        if source.use is not None:
            source.use.star = True
            ref = source.use.permit.dataset
            for name, why in source.use.permit.hidden.items():
                self.omitted[FieldRef(ref.store, ref.dataset, name)] = why
        return [Output(name, source.use, name if source.use else None) for name in source.columns.values()]

    # --- FROM

    def _joins(self, node: exp.Expr, scope: Scope, env: _Env, select: exp.Select) -> None:
        conditions: list[exp.Expr] = []
        for join in node.args.get("joins") or []:
            before = list(scope.sources)
            self._source(join.this, scope, env, select)
            new = scope.sources[len(before) :]
            side = str(join.args.get("side") or "").upper()
            mark_nullable([*(new if side in ("LEFT", "FULL") else []), *(before if side in ("RIGHT", "FULL") else [])])
            if str(join.args.get("method") or "").upper() == "NATURAL":
                self._natural(before, new)
            for name in join.args.get("using") or []:
                self._using(name, before)
                self._using(name, new)
            if join.args.get("on") is not None:
                conditions.append(join.args["on"])
        for condition in conditions:
            self._walk(condition, scope, env)

    def _using(self, name: exp.Identifier, sources: list[Source]) -> None:
        folded = self.folded(name.name)
        hits = [source for source in sources if folded in source.columns]
        if not hits or any(folded in source.hidden for source in sources):
            raise unknown_field([source for source in sources if folded in source.hidden], folded, self._schema)
        for source in hits:
            self._need(source, folded, name)

    def _natural(self, before: list[Source], new: list[Source]) -> None:
        for one in before:
            for other in new:
                if (set(one.hidden) & {*other.hidden, *other.columns}) or (set(other.hidden) & set(one.columns)):
                    raise refused("NATURAL JOIN over fields that are hidden", "JOIN ... USING (field)", "guard.scope")
        for source in (*before, *new):
            if source.use is not None:
                source.use.star = True

    def _source(self, node: exp.Expr, scope: Scope, env: _Env, select: exp.Select) -> None:
        match node:
            case exp.Table():
                scope.sources.append(self._table(node, env, select))
            case exp.Subquery(this=exp.Table() | exp.Subquery(args={"alias": exp.TableAlias()}) as inner):
                if node.alias:
                    raise refused("a name for a group of joined tables", "a name for each table", "guard.scope")
                self._source(inner, scope, env, select)
            case exp.Subquery():
                outputs = self._query(_bare(node), scope.parent, env)
                scope.sources.append(self._derived(node, outputs))
            case exp.Lateral(this=exp.Subquery() as inner) if self._kind == "postgresql":
                outputs = self._query(_bare(inner), scope, env)
                scope.sources.append(self._derived(node, outputs))
            case exp.Values():
                scope.sources.append(self._derived(node, self._query(node, scope.parent, env)))
            case _:
                raise refused("something in FROM that is no table and no sub-query", "a table", "guard.scope")
        self._joins(node, scope, env, select)

    def _derived(self, node: exp.Expr, outputs: list[Output]) -> Source:
        alias = node.args.get("alias")
        names = renamed(outputs, [each.name for each in alias.columns] if alias else [])
        spelled = alias.name if alias else ""
        return Source(self.folded(spelled), self._folded_names(names), spelled=spelled)

    def _table(self, node: exp.Table, env: _Env, select: exp.Select) -> Source:
        self._seen.add(id(node))
        if not isinstance(node.this, exp.Identifier):
            raise refused("something in FROM that is no table and no sub-query", "a table", "guard.scope")
        schema, spelled = node.db or None, node.alias or node.name
        if schema is None and self.folded(node.name) in env:
            return self._cte_source(node, env[self.folded(node.name)], spelled)
        table = self._schema.known(schema, node.name)
        if node.args.get("alias") is not None and node.args["alias"].columns:
            raise refused("new column names for a table", "`AS` for each column in the SELECT", "guard.scope")
        return self._base(node, table, spelled, select)

    def _base(self, node: exp.Table, table: TableShape, spelled: str, select: exp.Select) -> Source:
        self._schema.check(table.dataset)
        permit = self._permit(DatasetRef(self._schema.store, table.dataset))
        use = Use(table, permit, node, spelled, select)
        self.uses.append(use)
        visible = [name for name in table.fields if name in permit.fields]
        hidden = {name: permit.hidden.get(name, "not_in_catalog") for name in table.fields if name not in permit.fields}
        folded = {self.folded(name): why for name, why in {**permit.hidden, **hidden}.items()}
        return Source(self.folded(spelled), self._folded_names(list(visible)), folded, use, spelled)

    def _cte_source(self, node: exp.Table, entry: _Cte, spelled: str) -> Source:
        if entry.columns is None:
            raise refused("a CTE that is used before it is written", "CTEs in the order of their use", "guard.scope")
        alias = node.args.get("alias")
        names = renamed(
            [Output(each) for each in entry.columns], [each.name for each in alias.columns] if alias else []
        )
        node.set("this", quoted(entry.name))
        if alias is None:
            node.set("alias", exp.TableAlias(this=quoted(spelled)))
        return Source(self.folded(spelled), self._folded_names(names), spelled=spelled)

    # --- expressions

    def _order(self, node: exp.Query, scope: Scope, env: _Env) -> None:
        order = node.args.get("order")
        for item in order.expressions if order is not None else []:
            inner = item.this if isinstance(item, exp.Ordered) else item
            bare = inner.this if isinstance(inner, exp.Collate) else inner
            if isinstance(bare, exp.Column) and not bare.table and self.folded(bare.name) in scope.aliases:
                bare.set("this", quoted(scope.aliases[self.folded(bare.name)]))
                hits = [source for source in scope.sources if self.folded(bare.name) in source.columns]
                for source in hits:
                    self._need(source, self.folded(bare.name), bare)
                continue
            self._walk(inner, scope, env, aliases=self._kind != "postgresql")

    def _walk(self, root: object, scope: Scope, env: _Env, *, aliases: bool = False) -> None:
        """Resolve every name of an expression. A stack instead of recursion: chains of AND and OR can be long."""
        waiting = [root]
        while waiting:
            node = waiting.pop()
            match node:
                case exp.Column():
                    self._column(node, scope, aliases=aliases)
                case exp.Star():
                    if not (isinstance(node.parent, exp.Anonymous) and node.parent.this == "count"):
                        raise refused("`*` in an expression", "`*` in the SELECT list or count(*)", "guard.scope")
                case exp.Query() | exp.Values():
                    self._query(node, scope, env)
                case exp.Table():
                    raise refused("a table in an expression", "tables in FROM and JOIN", "guard.scope")
                case exp.Collate():
                    waiting.append(node.this)
                case exp.Expr():
                    for child in reversed(list(node.args.values())):
                        waiting += reversed(child) if isinstance(child, list) else [child]
                case _:
                    pass

    def _qualified(self, node: exp.Column, scope: Scope) -> Source:
        wanted, schema = self.folded(node.table), node.args.get("db")
        step: Scope | None = scope
        while step is not None:
            for source in step.sources:
                if source.alias == wanted and (schema is None or self._lies_in(source, schema.name)):
                    node.set("table", quoted(source.spelled))
                    node.set("db", None)
                    return source
            step = step.parent
        raise refused("a field of something that FROM does not hold", "a name from FROM", "guard.scope")

    def _lies_in(self, source: Source, schema: str) -> bool:
        return source.use is not None and self.folded(source.use.table.schema) == self.folded(schema)

    def _column(self, node: exp.Column, scope: Scope, *, aliases: bool) -> None:
        if isinstance(node.this, exp.Star):
            raise refused("`*` in an expression", "`*` in the SELECT list or count(*)", "guard.scope")
        folded = self.folded(node.name)
        if node.table:
            source = self._qualified(node, scope)
            if folded not in source.columns:
                raise unknown_field([source] if folded in source.hidden else [], folded, self._schema)
            self._bind(node, [source], folded)
            return
        step: Scope | None = scope
        while step is not None:
            hidden = [source for source in step.sources if folded in source.hidden]
            if hidden:
                raise unknown_field(hidden, folded, self._schema)
            hits = [source for source in step.sources if folded in source.columns]
            if hits:
                self._bind(node, hits, folded)
                return
            if aliases and step is scope and folded in step.aliases:
                node.set("this", quoted(step.aliases[folded]))
                return
            step = step.parent
        raise unknown_field([], folded, self._schema)

    def _bind(self, node: exp.Column, sources: list[Source], folded: str) -> None:
        node.set("this", quoted(sources[0].columns[folded]))
        for source in sources:
            self._need(source, folded, node)
        use = sources[0].use
        if len(sources) == 1 and use is not None:
            self.meant[id(node)] = (use, sources[0].columns[folded])

    def _need(self, source: Source, folded: str, node: exp.Expr) -> None:
        if source.use is not None:
            source.use.needed[source.columns[folded]] = None
            self.bound.append((node, source.use, source.columns[folded]))

    # --- names

    def folded(self, name: str) -> str:
        """A name in the form in which the store compares names."""
        return self._schema.folded(name)

    def _folded_names(self, names: list[str] | list[str | None]) -> dict[str, str]:
        return {self.folded(each): each for each in names if each is not None}

    def _names(self, outputs: list[Output]) -> dict[str, str]:
        return {self.folded(each.name): each.name for each in outputs if each.name is not None}


def _bare(node: exp.Subquery) -> exp.Expr:
    """The query inside the parentheses of FROM; ORDER BY or LIMIT beside them are refused by the walk over it."""
    if any(node.args.get(part) for part in ("order", "limit", "offset", "with_")):
        raise refused("ORDER BY or LIMIT beside a sub-query", "them inside the sub-query", "guard.scope")
    inner: exp.Expr = node.this
    return inner

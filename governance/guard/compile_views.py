"""From the access policy to views: the same derived tables that the guard puts into statements.

A principal's attribute is a bound value in a statement. In a view it is looked up by `session_user`, which a client
cannot change; a setting of the session, which every client can set, would let him be anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.guard.compile_names import checked_name, made_name
from governance.guard.compiled import AttributeRow, Columns, CompiledPolicy, CompiledUse, CompiledView, LeftOut
from governance.guard.nodes import ROW, call, column, every, name, text
from governance.guard.parsing import dialect_of
from governance.guard.paths import closed
from governance.guard.predicate_sql import MOMENT, AttributeSlot, Bindings, attribute_value
from governance.guard.record_types import typed_attribute
from governance.guard.schema import StoreSchema, TableShape
from governance.guard.treatments import Treating
from policies.catalog import CatalogDataset, CatalogStore
from policies.errors import AccessRefusedError, GovernanceError
from policies.nouns import Action, DatasetRef, Scalar
from policies.row_conditions import ExistsIn

Conditions = Callable[[DatasetRef, str], tuple[ExistsIn, ...]]
"""What must hold of each row of a dataset for a purpose; raises AccessRefusedError where that cannot be told."""
ATTRIBUTES = "attributes"
"""The table that holds the attributes of people."""
_KIND = "postgresql"
_ATTRIBUTE = "gov_a"


@dataclass(frozen=True, slots=True)
class Compiling:
    """What a policy is compiled for."""

    policy: AccessPolicy
    """The policy."""
    schema: StoreSchema
    """The store as it is now."""
    catalog: CatalogStore
    """The store as it was reviewed."""
    conditions: Conditions
    """Consent and the like."""
    database: str
    """The name of the database."""
    action: Action = Action.READ
    """`read` or `export`."""
    login_prefix: str = ""
    """What stands before a user's name in the name of the database role."""

    def compiled(self) -> CompiledPolicy:
        """The policy as views. Raises AccessRefusedError for a name that PostgreSQL cannot keep."""
        store = self.schema.store
        left_out: list[LeftOut] = []
        slots: set[AttributeSlot] = set()
        uses = [use for use in self._uses(left_out, slots) if use.views]
        logins = {login for use in uses for login in use.logins}
        return CompiledPolicy(
            store=store,
            database=self.database,
            action=self.action,
            policy=self.policy.digest,
            owner=made_name((*self._said, "views"), (self.database,)),
            own_schema=self._own_schema,
            uses=tuple(sorted(uses, key=lambda each: each.schema)),
            attributes=tuple(self._attributes(logins, slots)),
            base_schemas=tuple(sorted({each.schema for each in self.schema.tables.values()})),
            left_out=tuple(left_out),
        )

    @property
    def _own_schema(self) -> str:
        return made_name((*self._said, "policy"))

    @property
    def _said(self) -> tuple[str, ...]:
        """How names for this store and action begin."""
        return (self.schema.store,) if self.action is Action.READ else (self.schema.store, self.action.value)

    def _login(self, user: str) -> str:
        return checked_name(self.login_prefix + user, "principals.yaml, a user's name with the prefix of logins")

    def _uses(self, left_out: list[LeftOut], slots: set[AttributeSlot]) -> Iterator[CompiledUse]:
        """Each purpose with each set of subjects to whom it is granted, and everybody of that set."""
        people: dict[tuple[str, ...], list[str]] = {}
        for user in sorted(self.policy.principals.principals):
            people.setdefault(self.policy.subjects(self.policy.principal(user)), []).append(user)
        for subjects, users in people.items():
            for purpose in sorted(self.policy.purposes.purposes):
                if self.policy.grants_purpose(subjects, purpose):
                    found = _Use(self, users[0], purpose, subjects, left_out, slots)
                    yield found.compiled(tuple(sorted(self._login(user) for user in users)))

    def _attributes(self, logins: set[str], slots: set[AttributeSlot]) -> Iterator[AttributeRow]:
        for user, attributes in sorted(self.policy.principals.principals.items()):
            login = self.login_prefix + user
            for slot in sorted(slots, key=lambda each: (each.name, each.type)):
                value = _written(attributes.get(slot.name), slot.type)
                if login in logins and value is not None:
                    yield AttributeRow(login, slot.name, slot.type, value)


@dataclass(frozen=True, slots=True)
class _Use:
    """One use in the making."""

    whole: Compiling
    user: str
    purpose: str
    subjects: tuple[str, ...]
    left_out: list[LeftOut]
    slots: set[AttributeSlot]

    def compiled(self, logins: tuple[str, ...]) -> CompiledUse:
        said = (*self.whole._said, self.purpose, *self.subjects)  # noqa: SLF001 one unit
        views = [view for ref in sorted(self.whole.policy.datasets) if (view := self._view(ref)) is not None]
        schema, role = made_name(said), made_name(said, (self.whole.database,))
        return CompiledUse(self.purpose, self.subjects, schema, role, logins, tuple(views))

    def _view(self, ref: DatasetRef) -> CompiledView | None:
        whole = self.whole
        permit = self._permit(ref)
        if permit is None or ref.dataset not in whole.catalog.datasets:
            return None
        try:
            whole.schema.check(ref.dataset)
            checked_name(ref.dataset, f"dataset {ref}")
            conditions = whole.conditions(ref, self.purpose)
            table = whole.schema.tables[ref.dataset]
            return self._over(ref, table, permit, conditions, whole.catalog.datasets[ref.dataset])
        except GovernanceError as refusal:
            self._leave_out(str(ref), f"found {refusal.found}; expected {refusal.expected}")
            return None

    def _permit(self, ref: DatasetRef) -> DatasetPermit | None:
        policy = self.whole.policy
        if ref.store != self.whole.schema.store:
            return None
        try:
            return closed(policy.permit(policy.principal(self.user), self.purpose, self.whole.action, ref))
        except AccessRefusedError:
            return None

    def _over(
        self,
        ref: DatasetRef,
        table: TableShape,
        permit: DatasetPermit,
        conditions: tuple[ExistsIn, ...],
        reviewed: CatalogDataset,
    ) -> CompiledView | None:
        encrypted = frozenset(name_ for name_, entry in reviewed.fields.items() if entry.encrypted)
        bindings = _LookedUp(self.whole._own_schema)  # noqa: SLF001 one unit
        treating = Treating(
            _KIND,
            table,
            permit,
            conditions,
            bindings,
            default_schema=self.whole.schema.default_schema,
            encrypted=encrypted,
        )
        fields = [each for each in table.fields if each in permit.fields and self._fits(ref, permit, each, encrypted)]
        if not fields:
            return None
        select = treating.derived(fields)
        self.slots.update(bindings.slots)
        made = dialect_of(_KIND).generate(select, comments=False, identify=True, normalize_functions=False)
        return CompiledView(ref, made, _reads(select))

    def _fits(self, ref: DatasetRef, permit: DatasetPermit, field: str, encrypted: frozenset[str]) -> bool:
        treatments = permit.fields[field].treatments
        why = None
        if "pseudonym" in treatments:
            why = "treatment `pseudonym`, which queries cannot give"
        elif field in encrypted and "clear" in treatments:
            why = "an encrypted field, which only the library opens"
        if why is not None:
            self._leave_out(f"{ref}.{field}", why)
        return why is None

    def _leave_out(self, place: str, why: str) -> None:
        self.left_out.append(LeftOut(self.purpose, self.subjects, place, why))


class _LookedUp(Bindings):
    """Attributes of who is connected, looked up where a statement of the guard would have bound values."""

    def __init__(self, schema: str) -> None:
        super().__init__(_KIND, 0)
        self._schema = schema

    def placeholder(self, slot: AttributeSlot) -> exp.Expr:
        """A sub-query that gives the attribute as text, or NULL; it names no row, so it runs once."""
        if slot == MOMENT:
            return _now()
        if slot not in self.slots:
            self.slots.append(slot)
        asked = [
            exp.EQ(this=column("login", _ATTRIBUTE), expression=exp.SessionUser()),
            exp.EQ(this=column("attribute", _ATTRIBUTE), expression=text(slot.name)),
            exp.EQ(this=column("kind", _ATTRIBUTE), expression=text(slot.type)),
        ]
        source = exp.Table(this=name(ATTRIBUTES), db=name(self._schema), alias=exp.TableAlias(this=name(_ATTRIBUTE)))
        return exp.Subquery(
            this=exp.Select(
                expressions=[column("value", _ATTRIBUTE)],
                from_=exp.From(this=source),
                where=exp.Where(this=every(list[exp.Expr](asked))),
            )
        )


def _now() -> exp.Expr:
    """The moment of the statement as events write it."""
    utc = call("pg_catalog.timezone", text("UTC"), call("pg_catalog.statement_timestamp"))
    return call("pg_catalog.to_char", utc, text('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))


def _reads(select: exp.Select) -> Columns:
    """By table the columns that a view's query names, those of the table of attributes left out."""
    found: dict[tuple[str, str], set[str]] = {}
    places: dict[str, tuple[str, str]] = {}
    for source in select.find_all(exp.Table):
        if source.alias != _ATTRIBUTE:
            found.setdefault((source.db, source.name), set())
            places[source.alias] = (source.db, source.name)
    for each in select.find_all(exp.Column):
        own = each.find_ancestor(exp.Select)
        if each.table == ROW:
            found[places[ROW]].add(each.name)
        elif each.table != _ATTRIBUTE and own is not None:
            source = own.args["from_"].this
            found[source.db, source.name].add(each.name)
    return {table: frozenset(columns) for table, columns in found.items()}


def _written(value: Scalar, kind: str) -> str | None:
    """An attribute as text that PostgreSQL reads as that kind; None when it is not of it."""
    found = typed_attribute(attribute_value(value, kind), kind)
    if found is None:
        return None
    written = str(found).lower() if isinstance(found, bool) else repr(found) if isinstance(found, float) else str(found)
    return None if "\0" in written else written

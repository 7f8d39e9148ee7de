"""What consent inside a query costs: `python tests/benchmarks/consent_join.py [--subjects 1000000] [--url URL]`.

Prints one JSON line for each query: CPU seconds of client and, for PostgreSQL, of its server, for a guarded marketing
query beside the same guarded query for a purpose that needs no consent. Every tenth person took consent back and every
person has a row for three purposes. Both queries give about as many rows: the one without consent leaves the same tenth
out by a field. Answers are checked against a hand-made join first. The bar is 1.3. Sides take turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from guard_select import NoLedger

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.consent.conditions import ConsentConditions
from governance.consent.packing import PACKED, Slots, packed_table, replace_packed
from governance.consent.projection import HEAD_SQL, ConsentProjection, ProjectionHead, head_of
from governance.consent.projection_tables import KeyKind, target_code
from governance.consent.tables import HEAD
from governance.consent.upkeep import ProjectionUpkeep
from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from governance.records.database import create_records
from policies.catalog import Catalog, parse_catalog
from policies.nouns import Action, DatasetRef, Principal
from policies.purposes import PurposesFile

FIELDS = ("id", "email", "region", "said")
ROUNDS = 5
LOT = 10_000
BAR = 1.3
_NAME = "gov_bench_consent"
_ALONE = "-c max_parallel_workers_per_gather=0"
"""What a parallel worker spent is gone when it ends, so the server's one process does all the work."""
QUERIES = {
    "rows": "SELECT id, email FROM customers WHERE said >= {least} AND region = 'EU'",
    "count": "SELECT count(*) FROM customers WHERE said >= {least} AND region = 'EU'",
}
HAND = {
    "rows": "SELECT c.id, c.email FROM customers c JOIN gov_consent g ON g.subject_key = c.id AND g.purpose ="
    " 'marketing.email' AND g.channel = 'email' AND g.state = 'given' WHERE c.region = 'EU'",
    "count": "SELECT count(*) FROM customers c JOIN gov_consent g ON g.subject_key = c.id AND g.purpose ="
    " 'marketing.email' AND g.channel = 'email' AND g.state = 'given' WHERE c.region = 'EU'",
}
PURPOSES = {
    "support": {"basis": {"gdpr": "contract"}},
    "marketing": {"basis": {"gdpr": "consent"}},
    "marketing.email": {"parent": "marketing", "channels": ["email"]},
    "marketing.sms": {"parent": "marketing", "channels": ["sms"]},
}
PROJECTED = (("marketing", "*"), ("marketing.email", "email"), ("marketing.sms", "sms"))


class OnePermit:
    """Every row and every field in clear, for everybody."""

    def __init__(self) -> None:
        fields = {name: FieldPermit(name, (FieldRule(name, "clear", None),)) for name in FIELDS}
        self._permit = DatasetPermit(
            DatasetRef("s", "customers"), Action.READ, "p", (RowRule("r", None),), (), (), fields, {}, "d"
        )

    def versions(self) -> dict[str, str]:
        """Digests of nothing."""
        return {"policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:  # noqa: ARG002 the protocol's form
        """The permit."""
        return self._permit


def catalog() -> Catalog:
    """A catalog with all fields reviewed."""
    fields = {name: {"id": f"f{place}", "category": "none", "status": "confirmed"}
              for place, name in enumerate(FIELDS, 1)}  # fmt: skip
    dataset = {"id": "d1", "subject_key": "id", "record_key": "id", "fields": fields}
    return parse_catalog(json.dumps({"version": 1, "stores": {"s": {"id": "s1", "datasets": {"customers": dataset}}}}))


def fill(engine: sa.Engine, subjects: int) -> None:
    """People, nine of ten in the EU, and their consent as the projection holds it."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {subjects}) SELECT i FROM n"
    if engine.dialect.name == "postgresql":
        numbers = f"SELECT generate_series(1, {subjects}) AS i"
    with engine.begin() as connection:
        for table in ("customers", "gov_consent", "gov_consent_epoch", PACKED):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        connection.exec_driver_sql(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, region TEXT, said INTEGER)"
        )
        connection.execute(
            sa.text(  # not sent as it stands: a driver's placeholders begin with %
                "INSERT INTO customers SELECT i, 'a' || i || '@example.org',"
                " CASE WHEN i % 7 = 0 THEN 'US' ELSE 'EU' END,"
                f" CASE WHEN i % 10 = 0 THEN 0 ELSE 1 END FROM ({numbers}) AS numbers"
            )
        )
    ConsentProjection("s", engine).create(KeyKind.INTEGER)
    with engine.begin() as connection:
        for purpose, channel in PROJECTED:
            connection.execute(
                sa.text(
                    "INSERT INTO gov_consent (subject_key, target, purpose, channel, form, state, ends, epoch)"
                    f" SELECT i, {target_code(purpose, channel)}, '{purpose}', '{channel}', 'given',"
                    f" CASE WHEN i % 10 = 0 THEN 'withdrawn' ELSE 'given' END, '', 1 FROM ({numbers}) AS numbers"
                )
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


def pack_all(engine: sa.Engine, subjects: int, slots: Slots) -> None:
    """What stands for everybody as the projection packs it, where the store holds that."""
    if not ConsentProjection("s", engine).packs:
        return
    table = packed_table(KeyKind.INTEGER)
    with engine.begin() as connection:
        for start in range(1, subjects + 1, LOT):
            people = []
            for number in range(start, min(start + LOT, subjects + 1)):
                state = "given" if number % 10 else "withdrawn"
                people.append((number, [(*place, "given", state, "") for place in PROJECTED]))
            replace_packed(connection, table, people, slots)


def conditions(records: sa.Engine, engine: sa.Engine, subjects: int) -> ConsentConditions:
    """Consent over records whose epoch the projection has, so that a statement asks and finds nothing to do."""
    purposes = PurposesFile.model_validate({"version": 1, "purposes": PURPOSES})
    upkeep = ProjectionUpkeep(records, purposes, None, clock=lambda: dt.datetime.now(dt.UTC))  # type: ignore[arg-type]  # nothing is unsealed here
    projection = ConsentProjection("s", engine)
    with records.begin() as connection:
        connection.execute(sa.update(HEAD).values(epoch=1, origin="e1"))
    with engine.connect() as connection:
        head = head_of(connection.exec_driver_sql(HEAD_SQL).first())
    if head is None or not projection.move(head, ProjectionHead(1, "e1", upkeep.tree, head.key_kind), (), wipe=False):
        raise SystemExit("the projection could not be made")
    pack_all(engine, subjects, upkeep.slots)
    return ConsentConditions(purposes, catalog(), upkeep, {"s": projection})


def _servers(admin: sa.Engine | None) -> float:
    """CPU seconds that the server processes of this benchmark have taken so far, as Linux counts them."""
    if admin is None:
        return 0.0
    with admin.connect() as connection:
        query = sa.text("SELECT pid FROM pg_stat_activity WHERE application_name = :name")
        pids = connection.execute(query, {"name": _NAME}).scalars().all()
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text(encoding="utf-8").split()[0]) for pid in pids) / 1e9


def _spent(act: Callable[[], object], admin: sa.Engine | None) -> float:
    client, server = time.process_time(), _servers(admin)
    act()
    spent = time.process_time() - client
    return spent + _servers(admin) - server


def measure(url: sa.URL, folder: str, subjects: int) -> None:
    """Check, measure and print."""
    postgres = url.get_backend_name() == "postgresql"
    plain = sa.create_engine(url)
    fill(plain, subjects)
    records = create_records(f"sqlite:///{Path(folder) / 'gov.db'}")
    asked = conditions(records, plain, subjects)
    named = url.update_query_dict({"application_name": _NAME, "options": _ALONE}) if postgres else url
    store = GuardedStore(
        "s",
        named.render_as_string(hide_password=False),
        permits=OnePermit(),
        catalog=catalog().stores["s"],
        recorder=NoLedger(),
        clock=lambda: dt.datetime.now(dt.UTC),
        predicate=asked,
    )
    person = Principal("a", frozenset(), {})
    without = store.engine(UseContext(person, "app", "support"))
    consenting = store.engine(UseContext(person, "app", "marketing.email"))
    admin = sa.create_engine(url) if postgres else None
    with without.connect() as one, consenting.connect() as other, plain.connect() as bare:
        for what, query in QUERIES.items():
            sides = {
                "without": lambda query=query: one.execute(sa.text(query.format(least=1))).all(),
                "consent": lambda query=query: other.execute(sa.text(query.format(least=0))).all(),
            }
            if (
                not sorted(sides["consent"]())
                == sorted(sides["without"]())
                == sorted(bare.execute(sa.text(HAND[what])))
            ):
                raise SystemExit("the sides differ")
            found: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(ROUNDS):
                for side, act in sides.items():
                    found[side].append(_spent(act, admin))
            seconds = {side: round(min(each), 4) for side, each in found.items()}
            ratio = round(seconds["consent"] / seconds["without"], 3)
            figure = f"guarded marketing {what} of {subjects} subjects, {url.get_backend_name()}, CPU, s"
            print(json.dumps({"figure": figure, **seconds, "ratio": ratio, "bar": BAR}))
    plain.dispose()
    store.close()
    records.dispose()
    if admin is not None:
        admin.dispose()


def main() -> None:
    """Measure on the store named, or on a new SQLite file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subjects", type=int, default=1_000_000)
    options.add_argument("--url")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(sa.make_url(given.url or f"sqlite:///{Path(folder) / 'bench.db'}"), folder, given.subjects)


if __name__ == "__main__":
    main()

"""One change in equivalent spellings gives the same findings; noise and damage never turn a finding into silence."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.gate.check import check
from governance.gate.known import read_known
from governance.gate.metadata import check_metadata
from governance.gate.project import CheckProject
from governance.gate.reads.files import read_file
from governance.gate.reads.snapshots import read_snapshot
from governance.protect.encrypted_type import Encrypted
from policies.config import GovernanceConfig

CONTEXT = Path(__file__).with_name("contexts") / "crm"
DAY = dt.date(2026, 11, 22)
HEAD = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'b'\ndown_revision = 'a'\ndef upgrade():\n"
TABLES = ("customers", "contacts", "orders", "leads")
NAMES = ("email", "religion", "ssn", "tier", "sku", "amount", "身份证号", "phone")


@cache
def known(url):
    stores = {"crm": {"url": f"{url}://h/d", "migrations": ["m"], "models": ["d"]}}
    config = GovernanceConfig.model_validate({"version": 1, "laws": ("gdpr", "pipl"), "stores": stores})
    return config, read_known(CONTEXT.joinpath, config, DAY)


def findings(folder, name, text, url="postgresql"):
    """What the check says of one file, without where."""
    for each in ("m", "d"):
        (folder / each).mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    config, policies = known(url)
    result = check([], CheckProject(folder, config, DAY, policies))
    (folder / name).unlink()
    return sorted((each.rule, each.level, each.dataset, each.field, each.category) for each in result.findings)


def spelled_adds(table, names, required):
    """New columns, in every spelling that there is."""
    null = " NOT NULL" if required else ""
    nullable = f", nullable={not required}"
    listed = ", ".join(f'"{name}" text{null}' for name in names)
    columns = [f"sa.Column({name!r}, sa.Text(){nullable})" for name in names]
    optional = "" if required else "?"
    prisma = "".join(f'  f{place} String{optional} @map("{name}")\n' for place, name in enumerate(names))
    model = "".join(f"    f{place} = sa.Column({name!r}, sa.Text(){nullable})\n" for place, name in enumerate(names))
    return {
        "m/create.sql": f'CREATE TABLE "{table}" ({listed})',
        "m/adds.sql": ";".join(f'ALTER TABLE "{table}" ADD COLUMN "{name}" text{null}' for name in names),
        "m/one.sql": f'ALTER TABLE "{table}" ' + ", ".join(f'ADD "{name}" text{null}' for name in names),
        "m/do.sql": f'DO $$ BEGIN CREATE TABLE "{table}" ({listed}); END $$',
        "m/create.py": f"{HEAD}    op.create_table({table!r}, {', '.join(columns)})\n",
        "m/adds.py": HEAD + "".join(f"    op.add_column({table!r}, {column})\n" for column in columns),
        "m/batch.py": f"{HEAD}    with op.batch_alter_table({table!r}) as b:\n"
        + "".join(f"        b.add_column({column})\n" for column in columns),
        "m/loop.py": f"{HEAD}    for name in {list(names)!r}:\n"
        f"        op.add_column({table!r}, sa.Column(name, sa.Text(){nullable}))\n",
        "m/text.py": f"TABLE = {table!r}\n{HEAD}    op.execute(f'CREATE TABLE \"{{TABLE}}\" ({listed})')\n",
        "d/model.py": f"class A(Base):\n    __tablename__ = {table!r}\n{model}",
        "d/table.py": f"a = sa.Table({table!r}, metadata, {', '.join(columns)})\n",
        "d/schema.prisma": f'model A {{\n{prisma}  @@map("{table}")\n}}\n',
    }


ADDS = st.tuples(
    st.sampled_from(TABLES), st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), st.booleans()
)


@settings(deadline=None, max_examples=6)
@given(ADDS)
def test_new_columns(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("adds")
    told = {name: findings(folder, name, text) for name, text in spelled_adds(*drawn).items()}
    assert len({tuple(each) for each in told.values()}) == 1, told
    shutil.rmtree(folder)


OTHERS = {
    "renamed": [
        ("m/a.sql", "ALTER TABLE customers RENAME COLUMN email TO contact"),
        ("m/a.py", HEAD + "    op.alter_column('customers', 'email', new_column_name='contact')"),
        ("m/b.py", HEAD + "    op.execute(sa.text('ALTER TABLE customers RENAME email TO contact'))"),
    ],
    "dropped": [
        ("m/a.sql", "ALTER TABLE orders DROP COLUMN IF EXISTS placed_at"),
        ("m/a.py", HEAD + "    with op.batch_alter_table('orders') as b:\n        b.drop_column('placed_at')"),
        ("m/b.sql", "ALTER TABLE orders ADD x int, DROP placed_at CASCADE"),
    ],
    "table dropped": [
        ("m/a.sql", "DROP TABLE contacts"),
        ("m/a.py", HEAD + "    op.drop_table('contacts')"),
    ],
    "table renamed": [
        ("m/a.sql", "ALTER TABLE orders RENAME TO purchases"),
        ("m/a.py", HEAD + "    op.rename_table('orders', 'purchases')"),
    ],
    "retyped": [
        ("m/a.sql", "ALTER TABLE customers ALTER COLUMN ssn SET DATA TYPE text"),
        ("m/a.py", HEAD + "    op.alter_column('customers', 'ssn', type_=sa.Text())"),
    ],
    "foreign key dropped": [
        ("m/a.sql", "ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey"),
        ("m/a.py", HEAD + "    op.drop_constraint('orders_customer_id_fkey', 'orders', type_='foreignkey')"),
        ("m/b.py", HEAD + "    op.drop_constraint('orders_customer_id_fkey', table_name='orders')"),
    ],
    "index": [
        ("m/a.sql", "CREATE INDEX ix ON customers (ssn)"),
        ("m/a.py", HEAD + "    op.create_index('ix', 'customers', ['ssn'])"),
        ("m/b.py", HEAD + "    op.create_unique_constraint('u', 'customers', columns=['ssn'])"),
    ],
    "copied": [
        ("m/a.sql", "UPDATE customers SET tier = customers.email"),
        ("m/b.sql", "UPDATE public.customers AS c SET tier = (SELECT d.email FROM customers d WHERE d.id = c.id)"),
        ("m/a.py", HEAD + "    bind = op.get_bind()\n    bind.execute(sa.text('UPDATE customers SET tier = email'))"),
    ],
    "granted": [
        ("m/a.sql", "GRANT SELECT ON customers TO PUBLIC"),
        ("m/b.sql", 'grant select on table only_this, "customers" to public; DROP TABLE only_this'),
        ("m/a.py", HEAD + "    op.execute('GRANT SELECT ON ' + 'customers TO PUBLIC')"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", [each for each in OTHERS if each != "granted"])
def test_other_changes(tmp_path, what):
    told = [findings(tmp_path, name, text) for name, text in OTHERS[what]]
    assert told[0]
    assert all(each == told[0] for each in told), told


def test_grants_however_they_are_written(tmp_path):
    for name, text in OTHERS["granted"]:
        assert ("GOV010", "error", "customers", "", "") in findings(tmp_path, name, text)


# Damage

PYTHON = st.sampled_from(
    [
        "op.add_column", "sa.Column", "(", ")", "'email'", ",", "\n    ", ":", "if x", "for a in b", "[", "]", "lambda",
        "*", "=", "op.execute", "f'{x}'", "with op.batch_alter_table('t') as b", "return", "b.add_column", "#", '"""',
    ]
)  # fmt: skip
ADDED = "op.add_column('leads', sa.Column('religion', sa.Text()))"
RELIGION = ("GOV003", "error", "leads", "religion", "user.demographic.religious_belief")


def is_told(found):
    """Whether the finding is there, or it is said that something was not understood."""
    return RELIGION in found or any(rule == "GOV002" for rule, *_ in found)


@settings(deadline=None, max_examples=20)
@given(st.lists(PYTHON, max_size=15).map(" ".join), st.booleans())
def test_noise_in_python_never_silences_a_finding(tmp_path_factory, noise, before):
    body = f"    {noise}\n    {ADDED}\n" if before else f"    {ADDED}\n    {noise}\n"
    assert is_told(findings(tmp_path_factory.mktemp("noise"), "m/a.py", HEAD + body))


DATABASES = ("postgresql", "mysql", "sqlite")
SQL = "CREATE TABLE ALTER ADD COLUMN religion text IF EXISTS leads AS SELECT DO RENAME TO BEGIN END FUNCTION TRIGGER ON"
SQL += " $$ ( ) , ; ' \" ` -- /* */ * \\ GRANT PUBLIC UPDATE SET = INSERT INTO VALUES NEW é PREPARE EXECUTE DELIMITER"


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(SQL.split()), max_size=15).map(" ".join),
    st.sampled_from(["postgresql", "mysql", "sqlite"]),
)
def test_noise_before_a_statement_never_silences_it(tmp_path_factory, noise, url):
    folder = tmp_path_factory.mktemp("noise")
    if not noise.strip().startswith(("--", "/*")) and "-- " not in f"{noise} ":
        noise += "\n"
    text = f"{noise}\n;\nALTER TABLE leads ADD COLUMN religion text;"
    found = findings(folder, "m/a.sql", text, url)
    assert is_told(found) or _is_hidden(noise)


def _is_hidden(noise):
    """Whether the noise opens a comment or a text that swallows the rest: then nothing of it runs either."""
    return "/*" in noise or any(noise.count(sign) % 2 for sign in ("'", '"', "`", "$$"))


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["a.prisma", "a.proto", "a.json", "a.yaml", "a.py"]), st.text(max_size=60), st.integers(0, 2**30)
)
def test_no_description_crashes_its_reader(name, text, seed):
    words = ["model A {", "}", "message {", "string a = 1;", "properties:", '"', "'", "[", "]", "openapi:", "models:"]
    words += ["- name", "columns", "class A(Base):", "Column(", "\n", "  ", "{", ","]
    drawn = random.Random(seed)
    mixed = " ".join(drawn.choice(words) for _ in range(12)) + text
    read_snapshot(Path(name), name, mixed, ())


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=80))
def test_no_file_crashes_its_reader(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("odd")
    for name in ("a.sql", "a.py"):
        (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        read_file(folder / name, name, ("postgres", "mysql", "sqlite"))


# Models against migrations


def standing_models():
    """The tables of the context as models have them."""
    made = sa.MetaData()
    entries = known("postgresql")[1].catalog.stores["crm"].datasets
    for table in ("customers", *sorted(entries.keys() - {"customers"})):
        columns = [
            sa.Column(name, Encrypted(sa.String()) if entry.encrypted else sa.Text(), primary_key=name == "id")
            for name, entry in entries[table].fields.items()
            if name != "customer_id"
        ]
        if "customer_id" in entries[table].fields:
            columns.append(sa.Column("customer_id", sa.ForeignKey("customers.id", name=f"{table}_customer_id_fkey")))
        sa.Table(table, made, *columns)
    return made


def without(old, *, table=None, column=None, reference=None, index=None, add=None, clear=None):
    """A copy of models with one change."""
    made = sa.MetaData()
    for each in old.sorted_tables:
        if each.name == table and not (column or reference or index or add or clear):
            continue
        mine = each.name == table
        columns = []
        for one in each.columns:
            if mine and one.name == column:
                continue
            keys = [sa.ForeignKey("customers.id")] if one.foreign_keys and not (mine and reference) else []
            kind = sa.Text() if mine and one.name == clear else one.type
            columns.append(sa.Column(one.name, kind, *keys, primary_key=one.primary_key))
        if mine and add:
            columns.append(sa.Column(add, sa.Text()))
        sa.Table(each.name, made, *columns, *([sa.Index("ix", index)] if mine and index else []))
    return made


FIELDS = {table: tuple(entry.fields) for table, entry in known("postgresql")[1].catalog.stores["crm"].datasets.items()}
CHANGES = st.one_of(
    st.sampled_from(sorted(FIELDS)).flatmap(
        lambda table: st.tuples(
            st.sampled_from(["column", "index"]),
            st.just(table),
            st.sampled_from([each for each in FIELDS[table] if each != "id"]),
        )
    ),
    st.tuples(st.just("add"), st.sampled_from(TABLES), st.sampled_from(NAMES)),
    st.tuples(st.just("table"), st.sampled_from(["orders", "contacts", "products"]), st.just("")),
    st.tuples(st.just("reference"), st.sampled_from(["orders", "contacts"]), st.just("customer_id")),
    st.tuples(st.just("clear"), st.just("customers"), st.just("ssn")),
)  # fmt: skip
SPELLED = {
    "column": ("ALTER TABLE {0} DROP COLUMN {1}", "op.drop_column('{0}', '{1}')"),
    "index": ("CREATE INDEX ix ON {0} ({1})", "op.create_index('ix', '{0}', ['{1}'])"),
    "add": ('ALTER TABLE {0} ADD COLUMN "{1}" text', "op.add_column('{0}', sa.Column('{1}', sa.Text()))"),
    "table": ("DROP TABLE {0}", "op.drop_table('{0}')"),
    "reference": (
        "ALTER TABLE {0} DROP CONSTRAINT {0}_{1}_fkey",
        "op.drop_constraint('{0}_{1}_fkey', '{0}', type_='foreignkey')",
    ),
    "clear": ("ALTER TABLE {0} ALTER COLUMN {1} TYPE text", "op.alter_column('{0}', '{1}', type_=sa.Text())"),
}


@settings(deadline=None, max_examples=60)
@given(CHANGES)
def test_models_and_migrations_of_one_change_say_the_same(tmp_path_factory, drawn):
    what, table, field = drawn
    if what == "add" and field in FIELDS.get(table, ()):
        return
    folder = tmp_path_factory.mktemp("both")
    sql, call = SPELLED[what]
    told = [
        findings(folder, "m/a.sql", sql.format(table, field)),
        findings(folder, "m/a.py", HEAD + "    " + call.format(table, field)),
    ]
    old = standing_models()
    if table not in old.tables:
        sa.Table(table, old, sa.Column("id", sa.Integer(), primary_key=True))
    config, policies = known("postgresql")
    project = CheckProject(folder, config, DAY, policies)
    result = check_metadata(without(old, table=table, **({what: field} if field else {})), "crm", project, base=old)
    told.append(sorted((each.rule, each.level, each.dataset, each.field, each.category) for each in result.findings))
    assert told[0] == told[1] == told[2], told
    shutil.rmtree(folder)

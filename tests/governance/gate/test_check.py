"""The check as a whole: files and stores, catalog lines that can be pasted, nothing leaked, nothing crashes."""

from __future__ import annotations

import datetime as dt
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.gate.check import check
from governance.gate.finding import Level
from governance.gate.project import project_of
from governance.gate.reads.sql import read_sql
from governance.gate.result import sarif_rules
from governance.gate.rules.all import RULES
from policies.catalog import parse_catalog
from policies.config import GovernanceConfig
from policies.errors import ConfigError
from policies.nouns import FieldRef, LabelStatus
from policies.vocabulary import LANGUAGES

DAY = dt.date(2026, 11, 22)


def config(**stores):
    entries = {
        name: {"url": url, "migrations": folders}
        for name, (url, *folders) in (stores or {"crm": ("postgresql://h/d", "migrations/")}).items()
    }
    for entry in entries.values():
        entry["migrations"] = tuple(entry["migrations"])
    return GovernanceConfig.model_validate({"version": 1, "laws": ("gdpr", "pipl"), "stores": entries})


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(folder, files, catalog="", paths=(), stores=None, **options):
    write(folder, files)
    found = [folder / path for path in paths]
    return check(found, project_of(parse_catalog(catalog), stores or config(), folder, DAY), **options)


def told(result):
    return [(each.place, each.rule, f"{each.store}.{each.dataset}.{each.field}") for each in result.findings]


FILES = {
    "migrations/V1__a.sql": "CREATE TABLE customers (id int, email text,\n  religion text);",
    "migrations/V2__b.sql": "ALTER TABLE customers\n  ADD COLUMN phone text;\nDO $$ x $$;",
    "migrations/sub/V3__c.sql": "ALTER TABLE staff ADD COLUMN ssn text",
}


def test_every_configured_folder_is_read_and_findings_are_in_order_of_place(tmp_path):
    assert told(run(tmp_path, FILES)) == [
        ("migrations/V1__a.sql:1", "GOV001", "crm.customers.email"),
        ("migrations/V1__a.sql:2", "GOV003", "crm.customers.religion"),
        ("migrations/V2__b.sql:2", "GOV001", "crm.customers.phone"),
        ("migrations/V2__b.sql:3", "GOV002", "crm.."),
        ("migrations/sub/V3__c.sql:1", "GOV001", "crm.staff.ssn"),
    ]


def test_one_file_can_be_checked_alone(tmp_path):
    result = run(tmp_path, FILES, paths=["migrations/V2__b.sql"])
    assert {each.file for each in result.findings} == {"migrations/V2__b.sql"}
    assert result.files == 1


def test_a_folder_above_the_configured_ones_stands_for_them(tmp_path):
    assert told(run(tmp_path, FILES, paths=["."])) == told(run(tmp_path, FILES))


def test_a_folder_of_two_stores_is_checked_for_both(tmp_path):
    stores = config(crm=("sqlite:///a.db", "migrations"), copy=("env:URL", "migrations"))
    result = run(tmp_path, {"migrations/a.sql": "ALTER TABLE t ADD COLUMN email text"}, stores=stores)
    assert [each.store for each in result.findings] == ["copy", "crm"]


def test_a_path_of_no_store_names_the_line_to_add(tmp_path):
    with pytest.raises(ConfigError) as refused:
        run(tmp_path, {**FILES, "other/x.sql": "SELECT 1"}, paths=["other/x.sql"])
    assert "`migrations: [other/]` under crm" in refused.value.next_step


@pytest.mark.parametrize("path", ["migrations/gone.sql", "gone"])
def test_a_missing_path_is_refused(tmp_path, path):
    with pytest.raises(ConfigError, match="no such file"):
        run(tmp_path, FILES, paths=[path])


def test_a_missing_configured_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        run(tmp_path, {})


def test_an_unknown_dialect_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="dialect"):
        run(tmp_path, FILES, dialect="oracle")


def test_a_store_whose_dialect_is_not_in_the_file_is_read_in_every_one(tmp_path):
    text = 'ALTER TABLE `t` ADD COLUMN `email` TEXT COMMENT \'x\';\nALTER TABLE "t" ADD COLUMN "phone" text;'
    result = run(tmp_path, {"migrations/a.sql": text}, stores=config(crm=("env:CRM", "migrations")))
    assert [each.field for each in result.findings] == ["email", "phone"]


def test_an_unreadable_file_is_a_finding_and_the_rest_is_read(tmp_path):
    write(tmp_path, FILES)
    (tmp_path / "migrations/V0__x.sql").write_bytes(b"\xff\xfe\x00")
    result = run(tmp_path, {})
    assert result.findings[0].place == "migrations/V0__x.sql:1"
    assert len(result.findings) == 6


def test_only_errors_fail(tmp_path):
    quiet = run(tmp_path, {"migrations/a.sql": "ALTER TABLE t ADD COLUMN country text"})
    assert [each.level for each in quiet.findings] == [Level.WARNING]
    assert not quiet.failed
    assert run(tmp_path, FILES).failed


# Catalog lines


def paste(catalog, stanza, under):
    """Put lines right below the key that they belong to, as a person would."""
    lines, place = catalog.splitlines(), -1
    for depth, key in enumerate(under.split(".")):
        heads = (f"{'  ' * depth}{key}:", f'{"  " * depth}"{key}":')
        place = next(at for at in range(place + 1, len(lines)) if lines[at].startswith(heads))
    return "\n".join([*lines[: place + 1], *stanza.splitlines(), *lines[place + 1 :], ""])


KNOWN = """version: 1
stores:
  crm:
    id: s4
    datasets:
      customers:
        id: d7
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          old: {id: f9, category: none, status: confirmed}
      orders:
        id: d2
"""
ODD = 'CREATE TABLE "客户 资料" (email text, "on" text, "Home Address" text, "身份证号" text, "e-mail" text)'


@pytest.mark.parametrize("catalog", ["version: 1\nstores:\n", KNOWN])
def test_pasting_every_stanza_gives_a_catalog_that_silences_the_check(tmp_path, catalog):
    files = {
        **FILES,
        "migrations/V4__d.sql": ODD,
        "migrations/V5__e.sql": "ALTER TABLE orders ADD email text; ALTER TABLE customers ADD email text;",
    }
    before = parse_catalog(catalog) if "crm" in catalog else parse_catalog("")
    result = check_with(tmp_path, files, before)
    for each in result.findings:
        if each.stanza:
            catalog = paste(catalog, each.stanza, each.under)
    after = parse_catalog(catalog)
    left = check_with(tmp_path, files, after).findings
    assert {each.rule for each in left} == {"GOV002", "GOV005"}  # what is declared has no purpose and period yet
    for each in result.findings:
        if each.rule != "GOV002":
            entry = after.field(FieldRef(each.store, each.dataset, each.field))
            assert entry is not None
            assert (entry.category, entry.status, entry.at) == (each.category, LabelStatus.CONFIRMED, DAY)


def check_with(folder, files, catalog):
    write(folder, files)
    return check([], project_of(catalog, config(), folder, DAY))


def test_ids_follow_the_highest_that_was_ever_given(tmp_path):
    result = run(tmp_path, {"migrations/a.sql": "ALTER TABLE customers ADD COLUMN email text"}, catalog=KNOWN)
    assert result.findings[0].stanza.strip().startswith("email: {id: f10, ")
    assert result.findings[0].under == "stores.crm.datasets.customers.fields"


def test_a_new_dataset_gets_the_next_id(tmp_path):
    result = run(tmp_path, {"migrations/a.sql": "ALTER TABLE staff ADD COLUMN email text"}, catalog=KNOWN)
    assert "id: d8" in result.findings[0].stanza


def test_a_field_that_comes_twice_is_declared_once(tmp_path):
    text = "ALTER TABLE t ADD COLUMN email text;\nALTER TABLE t ADD COLUMN email text;"
    result = run(tmp_path, {"migrations/a.sql": text})
    assert [bool(each.stanza) for each in result.findings] == [True, False]


# Forms


def test_the_json_form_is_stable(tmp_path):
    document = run(tmp_path, FILES).to_json()
    assert document["schema"] == "governance.check/1"
    assert document["summary"] == {
        "files": 3,
        "statements": 4,
        "changes": 5,
        "errors": 5,
        "warnings": 0,
        "suppressed": 0,
        "baselined": 0,
        "unread": 1,
        "verdict": "block",
        "by_rule": {rule: {"GOV001": 3, "GOV002": 1, "GOV003": 1}.get(rule, 0) for rule in RULES},
    }
    assert document["findings"][0] | {"stanza": None, "fingerprint": None} == {
        "rule": "GOV001",
        "level": "error",
        "file": "migrations/V1__a.sql",
        "line": 1,
        "store": "crm",
        "dataset": "customers",
        "field": "email",
        "entity": "EMAIL_ADDRESS",
        "category": "user.contact.email",
        "sensitivity": "confidential",
        "confidence": 0.85,
        "message": "adds crm.customers.email, personal data by its name (EMAIL_ADDRESS, user.contact.email, confidence "
        "0.85); the catalog has no decision about it",
        "readers": [],
        "missing": ["purpose", "retention", "protection", "subject_key"],
        "stanza": None,
        "under": "stores",
        "fingerprint": None,
    }


def test_equal_input_gives_equal_bytes(tmp_path):
    assert json.dumps(run(tmp_path, FILES).to_json()) == json.dumps(run(tmp_path, FILES).to_json())


def test_sarif_results_name_rule_place_and_a_fingerprint_that_survives_moves(tmp_path):
    first = run(tmp_path, FILES).to_sarif_results()
    files = {**FILES, "migrations/V1__a.sql": "\n\n" + FILES["migrations/V1__a.sql"]}
    moved = run(tmp_path, files).to_sarif_results()
    assert [each["partialFingerprints"] for each in first] == [each["partialFingerprints"] for each in moved]
    location = moved[0]["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "migrations/V1__a.sql"}, "region": {"startLine": 3}}
    assert {each["ruleId"] for each in first} <= {each["id"] for each in sarif_rules()}
    assert all(each["help"]["text"] and each["shortDescription"]["text"] for each in sarif_rules())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_messages_are_there_in_every_language(tmp_path, lang):
    files = {**FILES, "migrations/z.sql": "ALTER TABLE customers RENAME COLUMN old TO new"}
    result = run(tmp_path, files, catalog=KNOWN.replace("category: none", "category: user.name"))
    messages = [each.message(lang) for each in result.findings]
    assert {each.rule for each in result.findings} == {"GOV001", "GOV002", "GOV003", "GOV004"}
    assert all(message and "{" not in message for message in messages)


# Nothing leaks, nothing crashes


def test_values_in_migrations_are_in_no_finding_and_no_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    marker = "ann@planted.example"
    files = {
        "migrations/a.sql": f"INSERT INTO t VALUES ('{marker}');\nFROBNICATE '{marker}';\nDO $$ '{marker}' $$;\n"
        f"ALTER TABLE t ADD COLUMN {marker} text;\nALTER TABLE t ADD \"{marker}\" text COMMENT 'email';\n"
        f"CREATE TABLE \"{marker}\" (email text);\nALTER TABLE t ALTER COLUMN x SET DEFAULT '{marker}'",
        f"migrations/{marker}.py": f"from alembic import op\ndef upgrade():\n    op.execute(f'{marker} {{x}}')\n",
        f"migrations/{marker}.xml": "",
    }
    result = run(tmp_path, files)
    text = json.dumps([result.to_json(), result.to_sarif_results()]) + caplog.text + repr(result)
    assert len(result.findings) > 5
    assert "planted" not in text


def test_a_migration_is_never_run(tmp_path):
    trap = tmp_path / "trap"
    act = f"open({str(trap)!r}, 'w')\n"
    text = f"{act}revision = down_revision = 'a'\nfrom alembic import op\ndef upgrade():\n    {act}"
    run(tmp_path, {"migrations/a.py": text})
    assert not trap.exists()


@pytest.mark.parametrize("parts", [["presidio_analyzer", "spacy", "casbin", "cryptography", "alembic"]])
def test_a_check_loads_no_heavy_part(parts):
    code = f"import sys, governance.gate.check; sys.exit(str([p for p in {parts} if p in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


WORDS = "CREATE TABLE ALTER ADD COLUMN email text IF EXISTS t AS SELECT DO RENAME TO CHANGE int 0 é 客 {{x}}"
SIGNS = """( ) , ; ' " ` $$ -- /* */ * \\"""
PIECES = st.sampled_from((WORDS + " " + SIGNS).split())


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=25))
def test_no_text_crashes_the_reader(pieces):
    read_sql(" ".join(pieces), "f.sql")


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_noise_after_a_statement_never_silences_it(noise):
    reading = read_sql(f"ALTER TABLE t ADD COLUMN email text;\n{noise}", "f.sql")
    assert reading.unread or any(each.field == "email" for each in reading.changes)


COLUMNS = st.lists(
    st.sampled_from(["email", "phone", "religion", "sku", "amount", "身份证号"]), min_size=1, max_size=4, unique=True
)


@settings(deadline=None, max_examples=30)
@given(COLUMNS)
def test_equivalent_spellings_give_the_same_findings(tmp_path_factory, names):
    listed = ", ".join(f'"{name}" text' for name in names)
    alembic = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n"
    columns = [f"sa.Column({name!r}, sa.Text())" for name in names]
    spellings = {
        "create.sql": f"CREATE TABLE t ({listed})",
        "adds.sql": ";".join(f'ALTER TABLE t ADD COLUMN "{name}" text' for name in names),
        "one.sql": "ALTER TABLE t " + ", ".join(f'ADD "{name}" text' for name in names),
        "create.py": f"{alembic}    op.create_table('t', {', '.join(columns)})\n",
        "adds.py": alembic + "".join(f"    op.add_column('t', {column})\n" for column in columns),
        "loop.py": f"{alembic}    for name in {names!r}:\n        op.add_column('t', sa.Column(name, sa.Text()))\n",
        "batch.py": f"{alembic}    with op.batch_alter_table('t') as b:\n"
        + "".join(f"        b.add_column({column})\n" for column in columns),
        "execute.py": f"{alembic}    op.execute('CREATE TABLE t ({listed})')\n",
    }
    found = set()
    for name, text in spellings.items():
        folder = tmp_path_factory.mktemp("spelling")
        result = run(folder, {f"migrations/{name}": text})
        found.add(tuple(sorted((each.rule, each.dataset, each.field, each.category) for each in result.findings)))
    assert len(found) == 1

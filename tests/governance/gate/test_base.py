"""A check against a base, in a real git repository: only what the branch changes, of every kind of file."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest

from governance.gate.check import check
from governance.gate.finding import Level
from governance.gate.project import open_project
from policies.errors import ConfigError
from policies.vocabulary import LANGUAGES

CONTEXT = Path(__file__).with_name("contexts") / "crm"
DAY = dt.date(2026, 11, 22)
CONFIG = """version: 1
laws: [gdpr, pipl]
stores:
  crm: {url: "postgresql://h/d", migrations: [migrations/], models: app.py}
check: {fixtures: [seeds]}
"""
MODEL = """class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer)
    ssn = Column(Encrypted(String))
    fax = Column(String, info="phone")
"""


def git(folder, *arguments):
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("origin")
    shutil.copytree(CONTEXT, folder / "policies")
    for name, text in {
        "governance.yaml": CONFIG,
        "app.py": MODEL,
        "migrations/V1.sql": "CREATE TABLE old (id int, email text);\nGRANT SELECT ON customers TO PUBLIC;",
        "migrations/V2.sql": "ALTER TABLE notes ADD CONSTRAINT of FOREIGN KEY (c) REFERENCES customers (id)",
        "seeds/a.csv": "kim.lee@kimlee-shop.de",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    return folder


@pytest.fixture
def branch(origin, tmp_path):
    folder = tmp_path / "branch"
    git(tmp_path, "clone", str(origin), str(folder))
    git(folder, "checkout", "-b", "change")
    return folder


def told(folder, *paths, base="main"):
    result = check([folder / path for path in paths], open_project(folder / "governance.yaml", DAY, base))
    return [(each.place, each.rule, each.dataset, each.field) for each in result.findings]


def test_nothing_changed_finds_nothing(branch):
    assert told(branch) == []


def test_without_a_base_everything_is_judged(branch):
    found = told(branch, base=None)
    assert {place.split(":")[0] for place, *_ in found} >= {"app.py", "migrations/V1.sql", "seeds/a.csv"}


def test_a_new_migration_alone_is_judged_on_the_schema_of_the_old_ones(branch):
    text = "ALTER TABLE notes DROP CONSTRAINT of;\nCREATE VIEW v AS SELECT * FROM old;\nALTER TABLE old ADD phone text;"
    (branch / "migrations" / "V3.sql").write_text(text)
    assert told(branch) == [
        ("migrations/V3.sql:1", "GOV012", "notes", ""),
        ("migrations/V3.sql:2", "GOV001", "v", "email"),
        ("migrations/V3.sql:3", "GOV001", "old", "phone"),
    ]
    git(branch, "add", ".")
    git(branch, "commit", "-m", "two")
    assert len(told(branch)) == 3
    assert told(branch, base="HEAD") == []


def test_of_a_model_only_what_is_new_or_retyped_is_judged(branch):
    text = MODEL.replace("Encrypted(String)", "String(20)") + "    religion2 = Column(String, comment='religion')\n"
    (branch / "app.py").write_text(text)
    assert told(branch) == [
        ("app.py:4", "GOV006", "customers", "ssn"),
        ("app.py:6", "GOV003", "customers", "religion2"),
    ]


def test_of_policies_only_what_changes_is_judged(branch):
    access = branch / "policies" / "access.csv"
    access.write_text(access.read_text() + "p, support, analytics, read, crm.products, clear, allow,\n")
    keep = branch / "policies" / "retention.yaml"
    keep.write_text(keep.read_text().replace("P6Y", "P9Y"))
    assert told(branch) == [
        ("policies/access.csv:7", "GOV016", "products", "id"),
        ("policies/access.csv:7", "GOV016", "products", "title"),
        ("policies/retention.yaml:3", "GOV019", "orders", ""),
    ]
    assert told(branch, "policies") == told(branch)
    assert told(branch, "migrations") == []


def test_a_declared_field_is_judged_with_its_line(branch):
    catalog = branch / "policies" / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace("status: proposed", "status: confirmed"))
    found = [each for each in told(branch) if each[1] == "GOV005"]
    assert found == [("policies/catalog.yaml:23", "GOV005", "customers", "phone")]


def test_keys_that_mean_other_people_are_judged_at_their_line(branch):
    catalog = branch / "policies" / "catalog.yaml"
    text = catalog.read_text().replace("    id: s1\n", "    id: s1\n    persons: orders\n")
    catalog.write_text(text.replace("subject_key: customer_id", "subject_key: id", 1))
    found = check([], open_project(branch / "governance.yaml", DAY, "main")).findings
    persons, key = (each for each in found if each.rule == "GOV024")
    assert (persons.place, persons.store, persons.dataset) == ("policies/catalog.yaml:5", "crm", "")
    assert (key.place, key.store, key.dataset) == ("policies/catalog.yaml:27", "crm", "orders")
    assert {each.level for each in (persons, key)} == {Level.ERROR}
    assert key.message("en") == (
        "crm.orders: `subject_key` was customer_id and becomes id; consents, restrictions and erasures recorded so far "
        "then mean other people or nobody: keep it, or move them first and suppress this finding with reason and date"
    )
    assert key.message("zh-Hans") == (
        "crm.orders：`subject_key` 由 customer_id 变为 id；此前记录的同意、限制处理和删除将指向其他人，"
        "或不再指向任何人：请保持原样，或先迁移这些记录，再注明理由和日期忽略此发现"
    )
    assert key.message("zh-Hant") == (
        "crm.orders：`subject_key` 由 customer_id 變為 id；先前記錄的同意、停止處理利用與刪除將指向其他人，"
        "或不再指向任何人：請維持原狀，或先移轉這些紀錄，再註明理由與日期忽略此發現"
    )
    assert [persons.message(lang).split("persons` ")[1][:9] for lang in LANGUAGES] == [
        "names ord",
        "指明 orders",
        "指明 orders",
    ]


def test_changes_of_the_base_itself_are_not_the_branchs(branch, origin):
    git(branch, "checkout", "main")
    (branch / "migrations" / "V9.sql").write_text("ALTER TABLE old ADD COLUMN iban text")
    git(branch, "add", ".")
    git(branch, "commit", "-m", "others")
    git(branch, "checkout", "change")
    assert told(branch) == []


@pytest.mark.parametrize("base", ["origin/gone", "--help", "", "v1..main"])
def test_a_base_that_is_not_there_is_refused_with_the_line_to_add(branch, base):
    with pytest.raises(ConfigError) as refused:
        told(branch, base=base)
    assert "fetch-depth: 0" in refused.value.next_step


def test_a_base_outside_a_repository_is_refused(tmp_path):
    shutil.copytree(CONTEXT, tmp_path / "policies")
    (tmp_path / "governance.yaml").write_text("version: 1")
    with pytest.raises(ConfigError, match="no git repository"):
        told(tmp_path)

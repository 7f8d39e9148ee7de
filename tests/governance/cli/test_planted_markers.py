"""No personal value leaves through any command, in any format, at any log level: rule 1 of the design."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audits.rendering import FORMATS, formats_for
from governance.cli.main import COMMANDS, main

MARKER = re.compile(
    r"zebulon|quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|19491231|5678 ?9011|zorblatt|0440532013",
    re.IGNORECASE,
)
COMMAND_LINES = [
    "break-glass open --as alice --minutes 5 --reason planted.marker@zebra-quagga.example --purpose support",
    "break-glass close 4929-1234-5678-9011 --as alice",
    "break-glass list",
    "break-glass list --format json",
    "calibrate --answers answers.yaml",
    "calibrate --answers answers.yaml --format json",
    "scan --full --save-baseline",
    "scan --full --fail-on-drift",
    *(f"scan --full --format {form}" for form in formats_for("scan")),
    *(f"scan --full --path exports --format {form}" for form in formats_for("scan")),
    "scan --full --url sqlite:///crm.db --format json",
    *(f"audit access --format {form}" for form in formats_for("access")),
    *(f"audit retention --format {form}" for form in formats_for("retention")),
    "audit all --output audit",
    "audit evidence --output evidence.zip",
    "audit evidence --output evidence.zip --format json",
    "audit verify evidence.zip",
    "audit verify evidence.zip --format json",
    "audit review open --reviewer alice --due 2999-12-31",
    "audit review open --reviewer planted.marker@zebra-quagga.example --due 2999-12-31",
    "audit review decide 4929-1234-5678-9011 access:1 --as alice --keep --reason planted.marker@zebra-quagga.example",
    "audit review close 4929-1234-5678-9011 --as alice",
    *(f"audit review show --format {form}" for form in formats_for("review")),
    "audit training attest --as alice --course planted.marker@zebra-quagga.example",
    "audit training attest --as planted.marker@zebra-quagga.example --course privacy",
    "audit training attest --as alice --course privacy --day planted.marker@zebra-quagga.example",
    *(f"audit training show --format {form}" for form in formats_for("training")),
    "audit incident open crm.customers --aware 2026-11-01 --reason happened-so",
    "audit incident open crm.customers --aware planted.marker@zebra-quagga.example --reason happened-so",
    "audit incident open planted.marker@zebra-quagga.example --aware 2026-11-01 --reason happened-so",
    "audit incident open crm.customers --rows zebra-quagga.example --aware 2026-11-01 --reason happened-so",
    "audit incident open crm.customers --rows id=='4929-1234-5678-9011' --aware 2026-11-01 --reason happened-so",
    "audit incident open crm.customers --compromised-key 4929-1234-5678-9011 --aware 2026-11-01 --reason happened-so",
    "audit incident open --accessed-by zebulon --from 20261101 --until 20261102 --aware 20261102 --reason happened-so",
    "audit incident notify planted.marker@zebra-quagga.example planted.marker@zebra-quagga.example",
    "audit incident open nowhere --aware 2026-11-01 --reason planted.marker@zebra-quagga.example",
    "audit incident contain 4929-1234-5678-9011 --reason planted.marker@zebra-quagga.example",
    "audit incident close 4929-1234-5678-9011 --reason planted.marker@zebra-quagga.example",
    *(f"audit incident show --format {form}" for form in formats_for("incident")),
    *(f"audit fairness --format {form}" for form in formats_for("fairness")),
    (
        "audit automated declare planted.marker@zebra-quagga.example --purpose support --reads crm.customers"
        " --effect none --logic happened-so"
    ),
    (
        "audit automated declare limit --purpose zebra-quagga.example --reads planted.marker@zebra-quagga.example"
        " --effect none --logic planted.marker@zebra-quagga.example"
    ),
    (
        "audit automated declare limit --purpose support --reads crm.customers --effect legal"
        " --logic planted.marker@zebra-quagga.example"
    ),
    "audit automated ask limit --reason planted.marker@zebra-quagga.example --law planted.marker@zebra-quagga.example",
    "audit automated ask limit --reason planted.marker@zebra-quagga.example --request 4929-1234-5678-9011",
    "audit automated ask limit --reason planted.marker@zebra-quagga.example",
    "audit automated decide 4929-1234-5678-9011 upheld --as alice --reason planted.marker@zebra-quagga.example",
    "audit automated end 4929-1234-5678-9011 --reason planted.marker@zebra-quagga.example",
    *(f"audit automated show --format {form}" for form in formats_for("automated")),
    "audit dpia open planted.marker@zebra-quagga.example",
    "audit dpia open support --answers begun.yaml",
    "audit dpia sign 4929-1234-5678-9011 --as alice --answers answers.yaml",
    "audit dpia close planted.marker@zebra-quagga.example --reason planted.marker@zebra-quagga.example",
    *(f"audit dpia show --format {form}" for form in formats_for("dpia")),
    *(f"audit ropa --format {form}" for form in formats_for("ropa")),
    "audit ropa --form planted.marker@zebra-quagga.example",
    "catalog show",
    "catalog diff",
    "catalog show --format json",
    "catalog export --format json",
    "check",
    "check --format json",
    "check --format sarif",
    *(
        f"consent show --subject planted.marker@zebra-quagga.example --purpose marketing.email --format {form}"
        for form in ("text", "json", "csv")
    ),
    "consent record --subject planted.marker@zebra-quagga.example --purpose marketing.email --kind objected",
    "consent record --subject 7 --purpose marketing.email --proof planted.marker@zebra-quagga.example",
    *(f"consent notices --format {form}" for form in ("text", "json", "csv")),
    "doctor",
    "doctor --format json",
    "job list",
    "job list --format json",
    "job show nosuch",
    "keys list",
    "keys list --format json",
    "keys destroy --subject planted.marker@zebra-quagga.example --store crm --yes",
    "keys restore-check",
    "keys restore-check --format json",
    "ledger show",
    "ledger show --format json",
    "ledger verify --format json",
    "ledger checkpoint",
    "policy lint --format json",
    "policy explain alice read crm.customers --purpose support",
    *(f"policy who crm.customers --format {form}" for form in formats_for("grants")),
    *(f"policy what alice --format {form}" for form in formats_for("grants")),
    *(f"policy diff policies --format {form}" for form in formats_for("exposure")),
    *(f"protect status --format {form}" for form in formats_for("protection")),
    *(f"quality crm --format {form}" for form in formats_for("quality")),
    "quality crm files",
    "quality crm --work-list rows.csv --as alice --purpose support",
    "quality crm --work-list rows.csv --as mallory --purpose support",
    "policy test",
    "policy test --format json",
    "redact marked.jsonl --spans --models off",
    "redact marked.jsonl --models off",
    "redact marked.jsonl --models off --operator pseudonym",
    "request open access --law gdpr --subject planted.marker@zebra-quagga.example",
    "request open complaint --law gdpr --subject 7 --received 2025-01-31",
    "request open complaint --law lex --subject 7 --contact planted.marker@zebra-quagga.example --note zorblatt",
    "request answer nosuch --note zorblatt",
    "request open access --law gdpr --subject 7 --cause planted.marker@zebra-quagga.example",
    "request list",
    "request list --format json",
    "request list --overdue --format csv",
    "request answer 11010519491231002X",
    *(f"audit requests --format {form}" for form in formats_for("requests")),
    "retention plan",
    "retention plan customers-ten-years --format json",
    "retention holds",
    "retention holds --format json",
    "retention why crm.customers 1",
    "retention why crm.customers planted.marker@zebra-quagga.example --format json",
    "retention hold crm.customers --record planted.marker@zebra-quagga.example --reason claim",
    "retention templates --format json",
    "subject map",
    "subject map --format json",
    "subject find planted.marker@zebra-quagga.example",
    "subject find planted.marker@zebra-quagga.example --format json",
    "subject find 欧阳测桩 --kind name --format json",
    "subject find 欧阳测桩 --kind email",
    "subject find crm:planted.marker@zebra-quagga.example --kind key",
    "subject export planted.marker@zebra-quagga.example --output pack --as alice --purpose support",
    "subject restrict planted.marker@zebra-quagga.example --reason legal_claims",
    "subject restrict crm:planted.marker@zebra-quagga.example --kind key --reason legal_claims --format json",
    "subject restrict crm:7 --kind key --reason planted.marker@zebra-quagga.example",
    "subject unrestrict crm:7 --kind key --subject planted.marker@zebra-quagga.example --told",
    "subject reapply crm",
    "backup drill record crm --backup-of 2026-11-20",
    "backup drill list --format json",
]
REFUSED = [
    "SELECT national_id FROM customers WHERE national_id = '11010519491231002X'",
    "SELECT name FROM customers WHERE name = 'Zebulon Quagmire' AND 1 = ",
    "UPDATE customers SET name = 'Zebulon Quagmire'",
    "SELECT CAST(name AS INTEGER) / 0, notes FROM customers",
    "SELECT load_extension('Zebulon Quagmire')",
]


@pytest.fixture(scope="module")
def lived_in(shared_project: Path) -> Path:
    """A project whose ledger already holds uses and refusals."""
    for statement in ("SELECT email, phone FROM customers", *REFUSED):
        main(["query", "crm", statement, "--as", "alice", "--purpose", "support"])
    (shared_project / "answers.yaml").write_text("crm.customers.email: yes\n", encoding="utf-8")
    main(["query", "crm", "SELECT id FROM customers", "--as", "mallory", "--purpose", "support"])
    marked = json.dumps({"id": "1", "text": "planted.marker@zebra-quagga.example, +49 1512 7654321"})
    (shared_project / "marked.jsonl").write_text(marked + "\n", encoding="utf-8")
    main(["query", "crm", "SELECT id FROM customers", "--as", "Zebulon Quagmire", "--purpose", "support"])
    return shared_project


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_no_planted_value_is_printed_in_any_format(lived_in: Path, run, line: str) -> None:
    found = run("--log-level", "debug", *line.split())
    assert found.code in (0, 1, 2)
    assert "internal error" not in found.err
    shown = found.out + found.err
    if line.startswith("audit access"):  # a report on people shows who asked, from the erasable table
        shown = shown.replace("Zebulon Quagmire", "")
    assert not MARKER.search(shown), MARKER.search(shown)


@pytest.mark.parametrize("statement", REFUSED)
def test_a_refused_statement_is_not_repeated(lived_in: Path, run, statement: str) -> None:
    found = run("--log-level", "debug", "query", "crm", statement, "--as", "alice", "--purpose", "support")
    assert found.code == 1
    assert not MARKER.search(found.out + found.err)


def test_a_masked_query_shows_the_mask_and_not_the_value(lived_in: Path, run) -> None:
    found = run("query", "crm", "SELECT email, phone FROM customers", "--as", "alice", "--purpose", "support")
    assert found.code == 0
    assert "p***@" in found.out
    assert "planted.marker" not in found.out
    assert "7654321" not in found.out


def test_the_records_on_disk_hold_no_planted_value_but_what_people_typed_which_can_be_erased(
    lived_in: Path, run, tmp_path: Path
) -> None:
    run("scan", "--full")
    run("audit", "access")
    copy = tmp_path / "gov.db"
    with closing(sqlite3.connect(lived_in / ".governance" / "gov.db")) as records:
        records.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as erased:
        typed = {text for (text,) in erased.execute("SELECT text FROM gov_ledger_name WHERE text LIKE '%planted%'")}
        erased.execute("DELETE FROM gov_ledger_name")
        erased.commit()
        erased.execute("VACUUM")
    assert typed <= {"planted.marker@zebra-quagga.example"}
    others = (each for each in (lived_in / ".governance").rglob("*") if not each.name.startswith("gov.db"))
    for file in filter(Path.is_file, (copy, *others)):
        content = file.read_bytes()
        for marker in ("planted.marker", "欧阳测桩", "zorblatt", "11010519491231002X", "0440532013"):
            assert marker.encode() not in content, (file.name, marker)


def test_the_walk_covers_every_command_and_format() -> None:
    first = {line.split()[0] for line in COMMAND_LINES} | {"query"}
    # two print names of files alone, and copies have a store of their own to try: their tests read what they print
    assert first == set(COMMANDS) - {"demo", "init", "mask"}
    used = {line.split("--format ")[1] for line in COMMAND_LINES if "--format" in line}
    assert set(FORMATS) <= used

"""What the commands say exists in every language: each is run in a project, and no English word may be left over."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.cli.init import FILES
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.opening.doctor import EXTRAS
from policies.retention_templates import template_text, templates
from policies.vocabulary import Words
from policies.yaml_files import parse_yaml

CHINESE = ("zh-Hans", "zh-Hant")
RETENTION = """
retention templates
retention init --output first.yaml
retention plan
retention plan customers-ten-years
retention why crm.customers 1
retention why crm.customers 9
retention why crm.customers 999
HOLD=retention hold crm.customers --record 1 --reason pending
retention holds
retention plan customers-ten-years --format json --output plan.json
retention release {HOLD}
JOB=retention run --plan plan.json
retention plan
"""
JOBS = """
job list
job show {JOB}
job certificate {JOB}
"""
KEYS = """
KEY=keys create crm.customers
keys list
keys rotate crm.customers
keys rotate --kek
keys destroy --key {KEY}
keys destroy --key {KEY} --yes
keys backup keys.backup
keys restore-check keys.backup
keys restore-check
"""
LEDGER = """
ledger show --last 40
ledger verify
ledger checkpoint --output checkpoint
ledger verify --checkpoint checkpoint
EVENT=ledger show --last 1
ledger prove --id {EVENT} --output proof.json
ledger verify --proof proof.json
ledger export --output ledger.jsonl
ledger verify --export ledger.jsonl
ledger close-period --output closed
ledger periods
ledger erase --principal nobody
ledger erase --principal mallory
"""
DATA = """
scan --store crm --output report.txt
scan --store crm --save-baseline --output report.txt
scan --store crm --fail-on-drift --output report.txt
catalog show
catalog review --confirm crm.customers.national_id --by dpo
catalog review --reject crm.customers.card --by dpo --dry-run
catalog export --format csv --output map.csv
catalog diff --store crm
quality crm --output report.txt
query crm "SELECT id FROM customers" --as alice --purpose support
query crm "SELECT id FROM customers WHERE id = 4" --as alice --purpose support --explain
protect plan
protect encrypt crm customers email --key dataset --format json --output encrypt.json
protect encrypt crm customers email
protect run --plan encrypt.json
protect status crm --output report.txt
redact note.txt --models off
redact note.txt --models off --output clean.txt
mask crm copy --init
policy lint
policy test
policy explain alice read crm.customers.email --purpose support
check
"""
CONSENT = """
consent record --subject 4711 --store-key crm=4 --purpose marketing.email --channel email
consent withdraw --subject 4711 --purpose marketing.email --channel email
consent show --subject 4711 --purpose marketing.email --channel email
consent export --format jsonl --output events.jsonl
consent import events.jsonl
consent do-not-contact list.txt --purpose marketing
consent notices
consent coverage --output report.txt
consent drift --output report.txt
"""
ACTS = """
REVIEW=audit review open --reviewer alice --due 2999-12-31
GRANT=audit review show --format json
audit review decide {REVIEW} {GRANT} --as alice --keep --reason long-enough-a-reason
INCIDENT=audit incident open crm.customers --aware 2026-11-01 --reason long-enough-a-reason
audit incident assess {INCIDENT}
audit incident contain {INCIDENT} --reason long-enough-a-reason
audit incident notify {INCIDENT} gdpr-persons --not-needed --reason long-enough-a-reason
audit incident notify {INCIDENT} gdpr-authority
ASSESSMENT=audit dpia open support --answers support.yaml
audit dpia close {ASSESSMENT} --reason long-enough-a-reason
audit automated declare limit --purpose support --reads crm.customers --logic rules-by-income --effect significant
ASKED=audit automated ask limit --law gdpr --reason long-enough-a-reason
audit automated decide {ASKED} upheld --as alice --reason long-enough-a-reason
audit automated end limit --reason long-enough-a-reason
audit all --output audit --without scan --without quality
audit evidence --output evidence.zip
audit verify evidence.zip
backup drill record crm --backup-of 2026-11-20 --on 2026-11-21 --minutes 42 --checked rows --checked reapply
backup drill list
break-glass list
"""
OPENING = """
init
init another
doctor
"""
GROUPS = {
    "retention": RETENTION,
    "jobs": JOBS,
    "keys": KEYS,
    "ledger": LEDGER,
    "data": DATA,
    "consent": CONSENT,
    "acts": ACTS,
    "opening": OPENING,
}
"""Command lines, in the order in which they are run in one project; `NAME=` keeps the first id that one prints."""
KEPT = {
    actor(): "who runs the tests",
    "alice": "a user of the project",
    "email": "a channel, as `--channel` takes it",
    "support": "a purpose and a role of the project",
    "UTC": "a time zone",
    "close": "a kind of event, as `--kind` takes it",
    "checkpoint": "a file",
    "closed": "a file",
    "crm": "a store of the project",
    "customers": "a dataset of the project",
    "decision": "a kind of event, as `--kind` takes it",
    "clear": "a treatment, as the policy has it",
    "file": "a provider of keys, as governance.yaml has it",
    "files": "a store of the project",
    "gdpr": "a law, by its id",
    "id": "a column of the project",
    "json": "a format, as `--format` takes it",
    "kept": "part of the name of a test",
    "ledger": "what a key is of, by its name",
    "masked": "the name of a test",
    "none": "the category of what is harmless",
    "out": "part of the name of a test",
    "pipl": "a law, by its id",
    "project": "what a key is of, by its name",
    **dict.fromkeys(
        (*EXTRAS, "python", "pycasbin", "sqlalchemy", "sqlglot", "sqlite"), "a package or an extra, by its name"
    ),
    **dict.fromkeys(
        ("AWS", "CRM", "Cloud", "Google", "KMS", "MariaDB", "MySQL", "PostgreSQL", "XLSX", "asyncio"),
        "what others call a thing",
    ),
    **dict.fromkeys(
        ("access", "automated", "consent", "dpia", "fairness", "grants", "incident", "protection", "requests"),
        "a report, as its file is named",
    ),
    **dict.fromkeys(
        ("retention", "review", "ropa", "training"),
        "a report, as its file is named",
    ),
}
"""Words that stay as they are, with why."""
_SOURCES = sorted((each.source for each in templates(dt.date(2026, 11, 29)).values()), key=len, reverse=True)
CITED = re.compile("|".join(("`[^`]*`", r"\bp, .*", r"^[ +-].*\{.*", r"^\+{3}.*", *map(re.escape, _SOURCES))))
"""Commands and settings as they are typed, lines of the user's files, articles of laws as they are cited."""
SIGNED = re.compile("(事后查明|事後查明)，.*")
"""Facts of a signed certificate, as they stand in it."""
NAMED = re.compile(r"[!-~]*[\d_./:=@-][!-~]*")
"""Ids, places, times, paths and options."""
_ID = re.compile(r"\b[0-9a-f]{16,}\b")
_IDS = {"GRANT": re.compile(r"access:[0-9a-f]+")}


def _said(folder: Path, lang: str, capfd: pytest.CaptureFixture[str]) -> Iterator[tuple[str, int, str]]:
    """Each command line with its exit code and what it said, in a language."""
    ids: dict[str, str] = {}
    for group in GROUPS.values():
        for line in group.split("\n"):
            if not line:
                continue
            name, sign, rest = line.partition("=") if re.match(r"[A-Z]+=", line) else ("", "", line)
            capfd.readouterr()
            code = main(shlex.split(rest.format(**ids)))
            printed = capfd.readouterr()
            if sign:
                ids[name] = _IDS.get(name, _ID).search(printed.out).group()
            yield rest, code, printed.out + printed.err


@pytest.mark.parametrize("lang", CHINESE)
def test_no_command_leaves_an_english_word(
    project: Path, lang: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_LANG", lang)
    monkeypatch.setenv("GOVERNANCE_BACKUP_PASSPHRASE", "zhengque-horse-battery")
    Path("note.txt").write_text("a.b@example.com", encoding="utf-8")
    Path("list.txt").write_text("4711\n", encoding="utf-8")
    left = []
    for line, code, said in _said(project, lang, capfd):
        if code not in (0, 1):
            left.append((line, said))
        for each in said.splitlines() if "--format json" not in line else ():
            words = re.findall(r"[A-Za-z]{2,}", NAMED.sub(" ", SIGNED.sub(" ", CITED.sub(" ", each))))
            left += [(line, each)] if set(words) - KEPT.keys() else []
    assert not left, "\n".join(f"{line}: {each}" for line, each in left)


def test_a_template_is_about_what_the_pack_says_in_english() -> None:
    for name, each in templates(dt.date(2026, 11, 29)).items():
        assert Words().say(f"retention.about_{name}") == each.about


@pytest.mark.parametrize("lang", CHINESE)
def test_a_new_project_means_the_same_in_every_language(
    tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("en", lang):
        monkeypatch.setenv("GOVERNANCE_LANG", each)
        assert main(["init", str(tmp_path / each)]) == 0
    for name in FILES:
        english, told = ((tmp_path / each / name).read_text(encoding="utf-8") for each in ("en", lang))
        assert english != told
        assert "[[" not in english + told
        assert _meaning(name, english) == _meaning(name, told)


def _meaning(name: str, text: str) -> object:
    """What a file says to the machine; what a purpose is for is said to people."""
    if name.endswith(".csv"):
        return [line for line in text.splitlines() if not line.startswith("#")]
    document = parse_yaml(text, name)
    for each in (document.get("purposes") or {}).values():
        each.pop("text", None)
    return document


@pytest.mark.parametrize("lang", CHINESE)
def test_first_rules_differ_in_their_comments_alone(lang: str) -> None:
    day = dt.date(2026, 11, 29)
    names = [*templates(day)]
    english, told = (template_text(day, names, Words(each)) for each in ("en", lang))
    assert english != told
    assert parse_yaml(english, "rules") == parse_yaml(told, "rules")

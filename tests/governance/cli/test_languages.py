"""What the commands say exists in every language: each is run in a project, and no English word may be left over."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.cli.main import main
from governance.cli.project_option import actor
from policies.retention_templates import templates
from policies.vocabulary import Words

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
GROUPS = {"retention": RETENTION, "jobs": JOBS, "keys": KEYS, "ledger": LEDGER}
"""Command lines, in the order in which they are run in one project; `NAME=` keeps the first id that one prints."""
KEPT = {
    actor(): "who runs the tests",
    "UTC": "a time zone",
    "close": "a kind of event, as `--kind` takes it",
    "checkpoint": "a file",
    "closed": "a file",
    "crm": "a store of the project",
    "customers": "a dataset of the project",
    "decision": "a kind of event, as `--kind` takes it",
    "delete": "the name of a step, as its plan and the ledger have it",
    "file": "a provider of keys, as governance.yaml has it",
    "files": "a store of the project",
    "ledger": "what a key is of, by its name",
    "project": "what a key is of, by its name",
}
"""Words that stay as they are, with why."""
_SOURCES = sorted((each.source for each in templates(dt.date(2026, 11, 29)).values()), key=len, reverse=True)
CITED = re.compile("|".join(("`[^`]*`", *map(re.escape, _SOURCES))))
"""Commands and settings as they are typed; articles of laws as they are cited."""
SIGNED = re.compile("(事后查明|事後查明)，.*")
"""Facts of a signed certificate, as they stand in it."""
NAMED = re.compile(r"\S*[\d_./:=@-]\S*")
"""Ids, places, times, paths and options."""
_ID = re.compile(r"\b[0-9a-f]{16,}\b")


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
                ids[name] = _ID.search(printed.out).group()  # type: ignore[union-attr]
            yield rest, code, printed.out + printed.err


@pytest.mark.parametrize("lang", CHINESE)
def test_no_command_leaves_an_english_word(
    project: Path, lang: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_LANG", lang)
    monkeypatch.setenv("GOVERNANCE_BACKUP_PASSPHRASE", "zhengque-horse-battery")
    left = []
    for line, code, said in _said(project, lang, capfd):
        assert code in (0, 1), (line, said)
        for each in said.splitlines():
            words = re.findall(r"[A-Za-z]{2,}", NAMED.sub(" ", SIGNED.sub(" ", CITED.sub(" ", each))))
            left += [(line, each)] if set(words) - KEPT.keys() else []
    assert not left, "\n".join(f"{line}: {each}" for line, each in left)


def test_a_template_is_about_what_the_pack_says_in_english() -> None:
    for name, each in templates(dt.date(2026, 11, 29)).items():
        assert Words().say(f"retention.about_{name}") == each.about

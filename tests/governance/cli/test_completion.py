"""TAB offers names of the project's own policy, and stays silent when it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from governance.cli.main import cli

pytestmark = pytest.mark.usefixtures("shared_project")


def offered(*words: str) -> list[str]:
    *before, typed = words
    completing = ShellComplete(cli, {}, "governance", "_GOVERNANCE_COMPLETE")
    return [each.value for each in completing.get_completions(list(before), typed)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pol",), ["policy"]),
        (("policy", "com"), ["compile"]),
        (("policy", "what", "al"), ["alice"]),
        (("policy", "explain", "mal"), ["mallory"]),
        (("policy", "explain", "alice", "ex"), ["export"]),
        (("policy", "explain", "alice", "read", "crm.customers.em"), ["crm.customers.email"]),
        (
            ("policy", "explain", "alice", "read", "crm.customers", "--purpose", "marketing"),
            ["marketing", "marketing.email"],
        ),
        (("policy", "who", "spec"), ["special"]),
        (("policy", "who", "category:user.contact.em"), ["category:user.contact.email"]),
        (("policy", "compile", "c"), ["crm"]),
        (("policy", "compile", "crm", "--tar"), ["--target"]),
        (("policy", "what", "nobody"), []),
    ],
)
def test_what_begins_so_is_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


@pytest.mark.parametrize("config", ["nosuch.yaml", "broken.yaml"])
def test_nothing_is_offered_when_the_project_cannot_be_read(shared_project: Path, capfd, config: str) -> None:
    (shared_project / "broken.yaml").write_text("version: [", encoding="utf-8")
    assert offered("--config", config, "policy", "what", "al") == []
    assert capfd.readouterr() == ("", "")

from __future__ import annotations

import click
import pytest

from governance.cli.main import COMMANDS, cli, main
from policies.errors import AccessRefusedError, ConfigError, GovernanceError, TamperedError

PARTS = {"found": "a thing", "expected": "another", "next_step": "mend it"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessRefusedError("place", **PARTS), 1),
        (TamperedError("place", **PARTS), 1),
        (ConfigError("place", **PARTS), 2),
        (GovernanceError("place", **PARTS), 2),
        (ValueError("marker-4711 in a foreign message"), 2),
        (KeyboardInterrupt(), 130),
        (click.UsageError("wrong words"), 2),
        (BrokenPipeError(), 0),
    ],
)
def test_each_error_has_its_exit_code_and_shows_no_foreign_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    @click.command("doctor")
    def failing() -> None:
        raise error

    monkeypatch.setattr(type(cli), "get_command", lambda *_: failing)
    assert main(["doctor"]) == code
    shown = capsys.readouterr()
    assert "marker-4711" not in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("arguments", [["--wrong"], ["nothing"], ["scan", "--sample", "0"], ["query", "crm"]])
def test_wrong_usage_exits_two(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_a_missing_configuration_names_the_next_step(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ledger", "show"]) == 2
    assert "governance init" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_overview_exists_and_helps(name: str, capsys) -> None:
    assert main([name, "--help"]) == 0
    assert "Usage: governance" in capsys.readouterr().out


def test_completion_scripts_can_be_made(monkeypatch, capsys) -> None:
    from click.shell_completion import get_completion_class

    for shell in ("bash", "zsh", "fish"):
        found = get_completion_class(shell)
        assert found is not None
        assert "_GOVERNANCE_COMPLETE" in found(cli, {}, "governance", "_GOVERNANCE_COMPLETE").source()

"""The root of the command: finds the sub-command's file when it is asked for, and turns errors into exit codes.

Exit codes: 0 done; 1 a gate was asked for and did not pass, or access was refused; 2 it could not be told (usage,
configuration, a store that is down, an internal error); 130 interrupted. 2 beats 1.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from governance.version import __version__
from policies.errors import AccessRefusedError, GovernanceError, TamperedError

COMMANDS = {
    "audit": "Reports for officers: who saw what, what is due.",
    "backup": "Keep evidence of restore tests.",
    "break-glass": "Open a purpose for emergencies, for some minutes.",
    "calibrate": "Judge the labels of a scan on your own data.",
    "catalog": "Show, compare and review the data map.",
    "check": "Stop a migration that adds undeclared personal data.",
    "consent": "Record, withdraw and show consent.",
    "demo": "Make a demo project and walk through it.",
    "doctor": "Check stores, keys, records and extras.",
    "init": "Write a commented set of files for a new project.",
    "job": "List, approve and certify bulk jobs.",
    "keys": "List, rotate, destroy and back up keys.",
    "ledger": "Show and verify the record of every decision.",
    "mask": "Copy a store safely for test or analytics.",
    "policy": "Check and explain the access policy.",
    "protect": "Encrypt columns, and say which fields are encrypted, masked or clear.",
    "quality": "Measure how good the data is: complete, valid, fresh, once, consistent.",
    "query": "Run one guarded SELECT.",
    "redact": "Take personal data out of text, CSV and JSON lines.",
    "request": "Register what people ask for and complain about, in time.",
    "retention": "Plan and run what is due, hold what must stay.",
    "scan": "Find personal data in stores.",
    "subject": "Find one person everywhere; after a restore, take away again what was taken away.",
}
"""Each command with its line in the overview; its file is loaded only when it is run."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, from its file."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"governance.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table above instead of from the files."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:\n\n\b\n  governance demo demo --walk\n  governance scan --url sqlite:///crm.db\n"
    '  governance query crm "SELECT name, email FROM customers" --as alice --purpose support\n',
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("governance.yaml"),
    show_default=True,
    envvar="GOVERNANCE_CONFIG",
    help="The project's configuration.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    envvar="GOVERNANCE_LOG_LEVEL",
    help="What is logged to standard error; never a personal value.",
)
@click.version_option(__version__, prog_name="governance")
@click.pass_context
def cli(ctx: click.Context, config: Path, log_level: str) -> None:
    """Find personal data in customer stores, guard every use of it, prove what happened."""
    from governance.cli.logs import set_up_logging

    set_up_logging(log_level)
    ctx.obj = config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process, and give its exit code."""
    try:
        outcome = cli.main(args=arguments, prog_name="governance", standalone_mode=False)
    except click.exceptions.Exit as cause:
        return cause.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted", 130)
    except click.ClickException as cause:
        cause.show()
        return 2
    except (AccessRefusedError, TamperedError) as cause:
        return _say(str(cause), 1)
    except GovernanceError as cause:
        return _say(str(cause), 2)
    except BrokenPipeError:
        return 0
    except UnicodeError:
        return _say(_NO_TEXT, 2)
    except Exception as cause:  # noqa: BLE001 the outermost frame: nothing may print a foreign message, which can hold values
        return _say(_internal(cause), 2)
    return outcome if isinstance(outcome, int) else 0


_NO_TEXT = (
    "arguments and files: found bytes that are no text in UTF-8; expected UTF-8. "
    "Next: name the file that was meant, or type the argument in a terminal that is set to UTF-8"
)


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"governance: {message}\n")
    return code


def _internal(cause: BaseException) -> str:
    """Where an unexpected error arose, by file and line; its message may hold values and is left out."""
    frames = traceback.extract_tb(cause.__traceback__)[-4:]
    where = " > ".join(
        f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno}" for frame in frames
    )
    return (
        f"internal error {type(cause).__name__} at {where}; nothing was decided by it. "
        "Next: report these places; the message is withheld because it may hold personal values"
    )

"""Where results go: data to standard output or a file, words to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from governance.writing import replace_file, replace_file_with_bytes
from policies.errors import ConfigError
from policies.vocabulary import LANGUAGES, Words

if TYPE_CHECKING:
    from audits.report import Report

Command = TypeVar("Command", bound=Callable[..., Any])

BOOK = "xlsx"
"""The form that is no text."""
_LANG = "governance.lang"
"""Where a command's context keeps its language."""
REPORT_FORMATS = ("text", "json", "html", "markdown", "csv", BOOK)
"""The forms of a report; `xlsx` needs `--output`."""


def examples(*lines: str) -> str:
    """The end of a command's help: how it is used, one line each."""
    return "\n".join(["Examples:", "", "\b", *(f"  governance {line}" for line in lines)])


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format` with the formats that a command serves, the first as default."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Form of the result.",
    )
    return option if BOOK not in formats else lambda command: option(_with_a_file(command))


def _with_a_file(command: Command) -> Command:
    """A command that refuses a workbook without `--output` before it reads anything."""

    @wraps(command)
    def checked(*args: Any, **options: Any) -> Any:
        if options["form"] == BOOK and options["output"] is None:
            raise ConfigError(
                f"--format {BOOK}",
                found="no --output",
                expected="a file to write the workbook to: it is no text for a terminal",
                next_step=f"add `--output FILE.{BOOK}`",
            )
        return command(*args, **options)

    return cast("Command", checked)


def output_option(command: Command) -> Command:
    """`--output FILE`."""
    return click.option(
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the result to this file instead of standard output.",
    )(command)


def lang_option(command: Command) -> Command:
    """`--lang`."""
    return _lang(command, taken=True)


def remembered_lang_option(command: Command) -> Command:
    """`--lang` of a command that takes no such value: what it says asks `words` for the language."""
    return _lang(command, taken=False)


def _lang(command: Command, *, taken: bool) -> Command:
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        envvar="GOVERNANCE_LANG",
        expose_value=taken,
        callback=_remember,
        help="Language of the result.",
    )(command)


def _remember(context: click.Context, _: click.Parameter, lang: str) -> str:
    context.meta[_LANG] = lang
    return lang


def emit_report(report: Report, form: str, lang: str, output: Path | None) -> None:
    """Write a report in a format and language; a file gets the encoding that its readers expect.

    Raises ConfigError for a workbook without a file to write it to, InstallationError without the extra `xlsx`.
    """
    from audits.rendering import render, render_bytes

    if output is None:
        emit(render(report, form, lang), None)
        return
    replace_file_with_bytes(output, (render_bytes(report, form, lang),))
    say_written(output)


def emit(text: str, output: Path | None, *, encoding: str = "utf-8") -> None:
    """Write a finished result. A file is replaced as a whole, after everything else went well."""
    if output is None:
        click.echo(text, nl=bool(text) and not text.endswith("\n"))
        return
    replace_file(output, text, encoding=encoding)
    say_written(output)


def emit_lines(lines: Iterable[str], output: Path | None) -> None:
    """Write a finished result of lines."""
    emit("\n".join(lines), output)


def say_written(path: Path) -> None:
    """Name a file that was written, in the language of the running command."""
    say(words().say("cli.wrote", path=path))


def words() -> Words:
    """The words of the language that the running command was asked for; English outside a command."""
    context = click.get_current_context(silent=True)
    return Words(context.meta.get(_LANG, "en") if context else "en")


def say(message: str) -> None:
    """A word for the person at the terminal, on standard error."""
    sys.stderr.write(message + "\n")

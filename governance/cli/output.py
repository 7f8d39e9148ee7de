"""Where results go: data to standard output or a file, words to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from governance.writing import replace_file
from policies.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from audits.report import Report

Command = TypeVar("Command", bound=Callable[..., Any])


def examples(*lines: str) -> str:
    """The end of a command's help: how it is used, one line each."""
    return "\n".join(["Examples:", "", "\b", *(f"  governance {line}" for line in lines)])


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format` with the formats that a command serves, the first as default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Form of the result.",
    )


def output_option(command: Command) -> Command:
    """`--output FILE`."""
    return click.option(
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the result to this file instead of standard output.",
    )(command)


def lang_option(command: Command) -> Command:
    """`--lang`."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        envvar="GOVERNANCE_LANG",
        help="Language of the result.",
    )(command)


def emit_report(report: Report, form: str, lang: str, output: Path | None) -> None:
    """Write a report in a format and language; a file gets the encoding that its readers expect."""
    from audits.rendering import format_named, render

    emit(render(report, form, lang), output, encoding=format_named(form, report.kind).encoding)


def emit(text: str, output: Path | None, *, encoding: str = "utf-8") -> None:
    """Write a finished result. A file is replaced as a whole, after everything else went well."""
    if output is None:
        click.echo(text, nl=bool(text) and not text.endswith("\n"))
        return
    replace_file(output, text, encoding=encoding)
    say(f"wrote {output}")


def say(message: str) -> None:
    """A word for the person at the terminal, on standard error."""
    sys.stderr.write(message + "\n")

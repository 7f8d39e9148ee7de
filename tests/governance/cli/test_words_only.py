"""No command says English of its own: whatever it prints stands in the words of three languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import governance.cli
from governance.cli.main import cli
from policies.vocabulary import areas

SOURCES = sorted(Path(str(governance.cli.__file__)).parent.glob("*.py"))
SAYING = {"append", "echo", "emit", "prompt", "say"}
"""Functions whose arguments a person reads as they are."""
SAID_AS_IT_IS = {
    "governance {line}": "a command line in the help",
    "governance.cli.{name}": "the name of a module",
    "governance: {message}": "an error, which is English",
    (
        "internal error {} at {where}; nothing was decided by it. "
        "Next: report these places; the message is withheld because it may hold personal values"
    ): "an error, which is English",
    "<{} of {}>": "a log, which is English",
    "uid-{}": "the name of a user that the system has no name for",
    "category:{key}": "what a shell completes, as it is typed",
    "scan {}": "who decided, in JSON and CSV",
    "governance check": "who decided, in the catalog",
    "catalog.yaml reviewed": "the name of a file in a difference",
}
"""Texts with English words that a command may hold, with why; what is filled in stands as `{}` or its name."""
WITHOUT = {
    ("audit", "automated", "declare"): "prints an id",
    ("audit", "training", "attest"): "prints an id, a course and a day",
    ("backup", "drill", "record"): "prints an id",
    ("consent", "record"): "prints an id",
    ("consent", "withdraw"): "prints an id",
    ("keys", "create"): "prints an id",
    ("retention", "hold"): "prints an id",
    ("retention", "release"): "says nothing",
}
"""Commands without `--lang`, with why."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_KEY = re.compile(rf"(?:{'|'.join(areas())})\.[a-z_{{}}.]+")


def _shape(node: ast.expr) -> str:
    """A text as it stands, an f-string with a name or nothing for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    parts = []
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            parts.append(f"{{{each.value.id if isinstance(each.value, ast.Name) else ''}}}")
        else:
            parts.append(_shape(each))
    return "".join(parts)


def _is_english(shape: str, *, said: bool) -> bool:
    """Whether a text has words; a constant only where it has several, or is said at once."""
    if _KEY.fullmatch(shape) or not _WORD.search(re.sub(r"\{[a-z_]*\}", " ", shape)):
        return False
    return said or " " in shape.strip()


def _texts(node: ast.AST, *, inside: bool = False) -> Iterator[tuple[int, str]]:
    """Texts of functions that are no docstring, no argument of an error, an option or `Words.say`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) or (isinstance(node, ast.FunctionDef) and child in node.decorator_list):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Call) and ast.unparse(child.func).endswith((".say", "Option", ".option", ".argument")):
            continue
        if isinstance(child, ast.JoinedStr) or (isinstance(child, ast.Constant) and isinstance(child.value, str)):
            said = isinstance(child, ast.JoinedStr) or isinstance(node, ast.Yield) or _says(node)
            if inside and _is_english(shape := _shape(child), said=said):
                yield child.lineno, shape
            if isinstance(child, ast.JoinedStr):
                filled = [each.value for each in child.values if isinstance(each, ast.FormattedValue)]
                yield from _texts(ast.Tuple(filled), inside=inside)
            continue
        yield from _texts(child, inside=inside or isinstance(child, ast.FunctionDef | ast.Lambda))


def _says(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAYING


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_command_says_nothing_in_english_of_its_own(path: Path) -> None:
    found = list(_texts(ast.parse(path.read_text(encoding="utf-8"))))
    assert [each for each in found if each[1].strip() not in {text.strip() for text in SAID_AS_IT_IS}] == []


def test_every_exception_is_still_needed() -> None:
    found = {text.strip() for path in SOURCES for _, text in _texts(ast.parse(path.read_text(encoding="utf-8")))}
    assert {text.strip() for text in SAID_AS_IT_IS} <= found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('emit("closed", None)', ["closed"]),
        ('say(f"{count} rows")', ["{count} rows"]),
        ('lines.append("done")', ["done"]),
        ('yield "done"', ["done"]),
        ('lines = ["no rules"]', ["no rules"]),
        ('lines = [f"job {each.id}"]', ["job {}"]),
        ('emit(words.say("job.told_count", count=1), None)', []),
        ('emit(text if form == "json" else "", None)', []),
        ('raise click.UsageError("give one of both")', []),
        ('"""What it gives."""', []),
        ('yield f"{each}  {words.say(key)}"', []),
    ],
)
def test_what_is_found_and_what_is_not(line: str, found: list[str]) -> None:
    assert [text for _, text in _texts(ast.parse(f"def command():\n    {line}\n"))] == found


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from _commands(below, (*path, name))


def test_every_command_that_says_something_takes_a_language() -> None:
    without = {path for path, each in _commands(cli) if "lang" not in {option.name for option in each.params}}
    assert without == WITHOUT.keys()

"""The reference pages say what the code says: run with GOVERNANCE_WRITE_DOCS=1 to write them anew."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import click
import pytest

from governance.access.lint import lint_rules
from governance.cli.main import cli
from policies import (
    access_tests,
    catalog,
    config,
    consent_map,
    copy_rules,
    erasure_rules,
    errors,
    fairness_rules,
    lifecycle,
    notices,
    organisation,
    principals,
    purposes,
    quality_rules,
    retention_file,
    retention_starts,
    separation,
    subject_joins,
)
from policies.taxonomy import load_taxonomy
from policies.yaml_files import FileModel

DOCS = Path(__file__).resolve().parents[2] / "docs"
TODAY = dt.date(2026, 11, 22)
MADE = (
    "<!-- Written from the code by tests/docs/test_reference.py; run it with GOVERNANCE_WRITE_DOCS=1 to renew it. -->\n"
)


def _commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    """A command and all below it, each in the context in which it would be called."""
    settings = {"max_content_width": 100, "terminal_width": 100, **command.context_settings}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from _commands(found, context, each)


def commands_page() -> str:
    parts = [MADE, "# Commands\n"]
    for context in _commands(cli, None, "governance"):
        path = context.command_path
        depth = "#" * min(len(path.split()) + 1, 4)
        parts.append(f"{depth} {path}\n\n```text\n{context.command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _docstrings(model: type[FileModel]) -> dict[str, str]:
    """The text under each field of a model, those of the models that it extends included."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, FileModel) and each is not FileModel:
            found |= _own_docstrings(each)
    return found


def _own_docstrings(model: type[FileModel]) -> dict[str, str]:
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for one, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
            assert isinstance(after.value, ast.Constant)
            found[one.target.id] = " ".join(str(after.value.value).split())
    return found


def _models(module: ModuleType) -> Iterator[type[FileModel]]:
    for _, value in inspect.getmembers(module, inspect.isclass):
        if issubclass(value, FileModel) and value.__module__ == module.__name__:
            yield value


def settings_page() -> str:
    parts = [MADE, "# Settings\n", "Every key of the files that people write. Unknown keys are refused.\n"]
    every = (
        config,
        catalog,
        subject_joins,
        purposes,
        notices,
        principals,
        separation,
        access_tests,
        retention_file,
        retention_starts,
        lifecycle,
        quality_rules,
        fairness_rules,
        copy_rules,
        organisation,
        consent_map,
        erasure_rules,
    )
    for module in every:
        assert module.__doc__
        parts.append(f"## {module.__name__.removeprefix('policies.')}\n\n{module.__doc__.splitlines()[0]}\n")
        for model in _models(module):
            assert model.__doc__
            said = _docstrings(model)
            rows = [f"| `{name}` | {said[name]} |" for name in model.model_fields]
            parts.append(f"### {model.__name__}\n\n{model.__doc__.splitlines()[0]}\n\n| key | meaning |\n|---|---|")
            parts[-1] += "\n" + "\n".join(rows) + "\n"
    return "\n".join(parts)


def errors_page() -> str:
    assert errors.__doc__
    tree = errors.__doc__.split("\n\n")
    return "\n".join(
        [
            MADE,
            "# Errors\n",
            "Each message names the place, what was found, what was expected and the next step.\n",
            f"```text\n{tree[1]}\n```\n",
        ]
    )


def _laws(special: Mapping[str, str]) -> str:
    return ", ".join(f"{law} {article}" for law, article in sorted(special.items()))


def categories_page() -> str:
    taxonomy = load_taxonomy(TODAY)
    rows = [
        f"| `{key}` | {each.sensitivity.word} | {_laws(each.special)} |"
        for key, each in sorted(taxonomy.categories.items())
    ]
    entities = [f"| `{entity}` | `{key}` |" for entity, key in sorted(taxonomy.entities.items())]
    return "\n".join(
        [
            MADE,
            "# Data categories\n",
            f"Edition {taxonomy.version}. Keys of the fideslang taxonomy (CC BY 4.0) with leaves of our own.\n",
            "| category | sensitivity | special under |\n|---|---|---|",
            *rows,
            "\n## What a scan calls them\n",
            "| entity | category |\n|---|---|",
            *entities,
            "",
        ]
    )


def lint_page() -> str:
    rules = [f"## {rule.rule_id}\n\n{inspect.getdoc(rule.find)}\n" for rule in lint_rules()]
    return "\n".join([MADE, "# Rules of `governance policy lint`\n", *rules])


PAGES = {
    "reference/commands.md": commands_page,
    "reference/settings.md": settings_page,
    "reference/errors.md": errors_page,
    "categories.md": categories_page,
    "reference/policy-lint.md": lint_page,
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    text = PAGES[name]().rstrip() + "\n"
    if os.environ.get("GOVERNANCE_WRITE_DOCS") == "1":
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == text


def test_every_option_has_help() -> None:
    for context in _commands(cli, None, "governance"):
        for parameter in context.command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (context.command_path, parameter.name)


def test_every_command_shows_how_it_is_used() -> None:
    for context in _commands(cli, None, "governance"):
        if not isinstance(context.command, click.Group):
            assert context.command.epilog, context.command_path
            assert "Examples:" in context.command.epilog, context.command_path


def test_every_error_stands_in_the_tree() -> None:
    assert errors.__doc__
    for name, value in inspect.getmembers(errors, inspect.isclass):
        if issubclass(value, Exception):
            assert re.search(rf"\b{name}\b", errors.__doc__), name


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"

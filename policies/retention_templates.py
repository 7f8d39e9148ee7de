"""Beginnings of retention rules, from the pack: what laws say of how long records are kept, with article and date."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable

from policies.errors import BadInputError, PackError
from policies.lifecycle import PeriodText
from policies.pack_loader import load_pack
from policies.verdicts import Kind
from policies.vocabulary import Words
from policies.yaml_files import FileModel, check_model


class Template(FileModel):
    """One beginning of a rule."""

    law: str
    """The law that it belongs to."""
    kind: Kind
    """`duty` or `limit`."""
    period: PeriodText
    """How long."""
    about: str
    """Which records are meant."""
    basis: str
    """On what ground."""
    source: str
    """The article."""
    as_of: dt.date
    """The day from which the text of that article holds."""
    confidence: str
    """`text` (read in the act itself), `secondary` or `memory`."""


class _Templates(FileModel):
    templates: dict[str, Template]
    """By name."""


def templates(on: dt.date, law: str | None = None) -> dict[str, Template]:
    """The templates in force on a day, of one law or all, by name. Raises PackError."""
    found = check_model(_Templates, load_pack("retention", on).body, "pack retention", error=PackError).templates
    return {name: each for name, each in sorted(found.items()) if law is None or each.law == law}


def template_text(on: dt.date, names: Iterable[str], words: Words) -> str:
    """A commented first `retention.yaml`: the named templates as rules to finish, all others as comments.

    Raises BadInputError for a name that there is not.
    """
    every, chosen = templates(on), list(names)
    unknown = [name for name in chosen if name not in every]
    if unknown:
        raise BadInputError(
            "retention templates",
            found="a name of no template",
            expected=" or ".join(every),
            next_step="see `governance retention templates`",
        )
    version = load_pack("retention", on).version
    rules = "\n".join(_rule(name, every[name], words) for name in chosen)
    rest = "\n".join(_rule(name, each, words) for name, each in every.items() if name not in chosen)
    told = (
        words.say("retention.template_head", version=version),
        words.say("retention.template_kinds", **_STARTS),
        words.say("retention.template_actions"),
    )
    head = "".join(f"# {line}\n" for line in told)
    body = f"rules:\n{textwrap.indent(rules, '  ')}" if chosen else "rules: {}\n"
    comments = textwrap.indent(textwrap.indent(rest, "  "), "# ", lambda _: True).replace("# \n", "#\n")
    return f"{head}version: 1\n{body}{comments}"


_STARTS = {"event": "{event: }", "last": "{last: []}", "end": "{contract_end: }"}
"""How a start that is no field is written."""


def _rule(name: str, each: Template, words: Words) -> str:
    about = words.say(
        "retention.template_about",
        about=words.say(f"retention.about_{name}"),
        day=each.as_of,
        confidence=words.say(f"retention.confidence_{each.confidence}"),
    )
    said = [
        f"{name}:",
        f"  # {about}",
        f"  kind: {each.kind}",
        f"  dataset: STORE.DATASET        # {words.say('retention.template_dataset')}",
        f"  start: FIELD                  # {words.say('retention.template_start')}",
        f"  period: {each.period}",
        *(["  action: review"] if each.kind == "limit" else []),
        f"  basis: {each.basis}",
        f'  source: "{each.source}"',
    ]
    return "\n".join(said) + "\n"

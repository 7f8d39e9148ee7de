"""What the commands of `governance keys` say, in the words of a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.formats.widths import pad

if TYPE_CHECKING:
    from governance.flows.protect.restoring_keys import KeyCheck
    from policies.vocabulary import Words


def keys_said(
    rows: Sequence[Mapping[str, Any]], subjects: Mapping[str, int], providers: Sequence[str], words: Words
) -> Iterator[str]:
    """A line for each key, how many persons have one, and what opens the keyring."""
    for each in rows:
        age = "-" if each["age_days"] is None else str(each["age_days"])
        yield words.say(
            "keys.listed",
            id=each["id"],
            use=pad(words.say(f"keys.use_{each['use']}"), 13),
            of=pad(each["of"], 20),
            state=pad(words.say(f"keys.state_{each['state']}"), 10),
            age=pad(age, 5, right=True),
            uses=pad(str(each["uses"]), 12, right=True),
        )
    yield words.say("keys.persons", active=subjects["active"], destroyed=subjects["destroyed"])
    yield words.say("keys.opened_by", providers=words.say("report.comma").join(providers))


def destroyed_said(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """A line for each key that is gone: when the last backup dies, and what went with the key."""
    for each in rows:
        yield words.say(
            "keys.destroyed",
            key=each["key"] or words.say("keys.destroyed_before"),
            day=each["backups_end"],
            cells=each["index_cells"],
            pairs=each["pairs"],
            event=each["event"],
        )


def check_said(found: KeyCheck, words: Words) -> Iterator[str]:
    """How many keys were looked at, and what is wrong with which."""
    yield words.say("keys.checked", keys=found.keys, subjects=found.subjects, problems=len(found.problems))
    for each in found.problems:
        key = each.key or words.say("keys.several", count=each.count)
        use = words.say(f"keys.use_{each.use}")
        yield words.say("keys.problem", kind=words.say(f"keys.problem_{each.kind}"), use=use, key=key)
    if found.destroyed:
        yield words.say("keys.destroyed_again", count=found.destroyed)

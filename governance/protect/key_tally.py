"""Which keys a field's tokens name, and whether they can still be read with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse

PersonStates = Callable[[Sequence[str]], Mapping[str, KeyState]]
"""The states of those keys of an id that belong to persons."""


@dataclass(slots=True)
class KeyTally:
    """Tokens of one field by key."""

    keys: Counter[str] = field(default_factory=Counter)
    """By id of a key of the field's own dataset."""
    persons: Counter[str] = field(default_factory=Counter)
    """Of persons' keys, by the state of the key: `active`, `destroyed`."""
    person_keys: int = 0
    """How many persons' keys they name."""
    elsewhere: int = 0
    """Those that name a key of another dataset, and do not decrypt here."""
    unknown: int = 0
    """Those that name a key that nobody has."""


def tally(
    parts: Iterable[Mapping[str, int]], *, key_of: str, keys: Mapping[str, KeyInfo], person_states: PersonStates
) -> KeyTally:
    """The tokens of a field, given by key id in parts, whose data key serves `key_of` (`s1/d1`)."""
    found = KeyTally()
    for part in parts:
        others = [each for each in part if each not in keys]
        states = person_states(others) if others else {}
        for key_id, tokens in part.items():
            _count(found, key_id, tokens, key_of, keys, states)
    return found


def _count(
    found: KeyTally,
    key_id: str,
    tokens: int,
    key_of: str,
    keys: Mapping[str, KeyInfo],
    states: Mapping[str, KeyState],
) -> None:
    info, state = keys.get(key_id), states.get(key_id)
    if state is not None:
        found.persons[state.value] += tokens
        found.person_keys += 1
    elif info is None or info.use is not KeyUse.DATA:
        found.unknown += tokens
    elif info.of != key_of:
        found.elsewhere += tokens
    else:
        found.keys[key_id] += tokens

"""Internal subject keys as people write them: `crm:42`, `crm.customers:42`, `crm:["EU", 7]`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from governance.requests.subject_map import SubjectMap
from governance.requests.traced import Identifier, RecordKey, Trace
from policies.errors import BadInputError
from policies.nouns import DatasetRef

_WHOLE = re.compile(r"-?\d{1,18}")


def read_key(text: str, known: SubjectMap) -> tuple[DatasetRef, RecordKey]:
    """The dataset of persons and the key. Raises BadInputError where it cannot be told which persons are meant."""
    place, _, written = text.partition(":")
    store, _, dataset = place.partition(".")
    persons = [space for space in known.persons() if space.store == store and (not dataset or space.dataset == dataset)]
    if not written or len(persons) != 1:
        raise BadInputError(
            "subject key",
            found=f"{len(persons)} datasets of persons by what stands before the colon" if written else "no key",
            expected="STORE:KEY, or STORE.DATASET:KEY in a store with several kinds of persons",
            next_step="see `governance subject map`",
        )
    return persons[0], _parts(written)


def key_identifiers(trace: Trace) -> list[Identifier]:
    """The subject keys of a trace as identifiers that find the person again, each with its kind of person if known."""
    if trace.spaces:
        places = {str(space).rstrip("."): keys for space, keys in trace.spaces.items()}
    else:
        places = dict(trace.subject_keys)
    return [Identifier("key", written_key(place, key)) for place in places for key in sorted(places[place], key=str)]


def written_key(place: str, key: Sequence[Any]) -> str:
    """A subject key as `subject find --kind key` takes it, of a store or dataset of persons."""
    return f"{place}:{key[0]}" if len(key) == 1 else f"{place}:{json.dumps(list(key))}"


def _parts(written: str) -> RecordKey:
    if written.startswith("["):
        try:
            parts = json.loads(written)
        except ValueError:
            parts = None
        if isinstance(parts, list) and parts and all(isinstance(each, str | int) for each in parts):
            return tuple(parts)
        raise BadInputError(
            "subject key",
            found="a key of several parts that is no JSON list",
            expected='STORE:["EU", 7]',
            next_step="write it as a JSON list of texts and whole numbers",
        )
    return (int(written) if _WHOLE.fullmatch(written) and str(int(written)) == written else written,)

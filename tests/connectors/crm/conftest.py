"""Each request that a test sends to the invented account is judged by the vendor's description, where that is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import referee
from .zoho_account import Account, Asked, Told

_judged: set[object] = set()


@pytest.fixture(autouse=True)
def refereed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    """The requests of a test; a fault of one of them fails it."""
    heard: list[Asked] = []
    answer = Account.answer

    def listening(self: Account, asked: Asked) -> Told:
        if asked.path.startswith("/crm/"):
            heard.append(asked)
        return answer(self, asked)

    monkeypatch.setattr(Account, "answer", listening)
    yield heard
    if not referee.DESCRIPTION.is_dir():
        return
    faults = []
    for asked in heard:
        shape = referee.shape(asked)
        if shape not in _judged:
            _judged.add(shape)
            faults += [fault for fault in (referee.fault_of(asked),) if fault]
            faults += [f"{asked.method} {asked.path}: {name} in the query" for name in referee.strangers(asked)]
    assert faults == []

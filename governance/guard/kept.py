"""A bounded memory of values by key: one that was not used for long goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Kept(Generic[_Key, _Value]):
    """The values used last. May be shared by threads.

    While half of the room is free nothing has to go soon, and a use is not noted: no lock is taken.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._half = most // 2
        self._lock = threading.Lock()
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self.get: Callable[[_Key], _Value | None] = self._values.get
        """The value of a key; None without one."""

    def __len__(self) -> int:
        return len(self._values)

    def put(self, key: _Key, value: _Value) -> None:
        """Keep a value, and forget the one whose last noted use was longest ago when there are too many."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            if len(self._values) > self._half:
                self.get = self._noted

    def _noted(self, key: _Key) -> _Value | None:
        value = self._values.get(key)
        if value is not None:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
        return value

"""The pack `opt_out`: signals that a browser sends for a person, and what each one ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import check_model


class OptOutSignal(BaseModel):
    """One signal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: str
    """The request header that carries it."""
    value: str
    """The one value that means it."""
    law: str
    """The law that makes it binding."""
    kind: str
    """The kind of consent event that it is recorded as."""
    about: tuple[Literal["sale", "sharing"], ...]
    """Uses that it ends."""
    basis: str
    """What the law says, in short."""
    source: str
    """The article."""
    as_of: dt.date
    """Since when it stands so."""
    confidence: str
    """As in a pack's head."""

    def is_in(self, headers: Mapping[str, str]) -> bool:
        """Whether a request carries it; names of headers are compared without regard to case.

        >>> opt_out_signal("gpc", dt.date(2026, 11, 22)).is_in({"sec-gpc": "1"})
        True
        """
        wanted = self.header.lower()
        return any(name.lower() == wanted and value.strip() == self.value for name, value in headers.items())


class _Signals(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    signals: dict[str, OptOutSignal]


@cache
def opt_out_signal(name: str, on: dt.date) -> OptOutSignal:
    """The signal of a name as it stands on a day. Raises PackError for an unknown one."""
    found = check_model(_Signals, load_pack("opt_out", on).body, "pack opt_out", error=PackError).signals
    if name not in found:
        raise PackError(
            "pack opt_out", found="no such signal", expected=" or ".join(sorted(found)), next_step="name one of them"
        )
    return found[name]

"""Why the use of a person's data may have to stop, from the pack `restriction`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from policies.errors import ConfigError, PackError
from policies.pack_loader import load_pack

PACK = "restriction"
"""The pack of reasons."""


def reasons_on(day: dt.date) -> Mapping[str, Mapping[str, str]]:
    """The reasons in force on a day: code to law and article. Raises PackError."""
    reasons = load_pack(PACK, day).body.get("reasons")
    if not isinstance(reasons, dict) or not all(isinstance(each, dict) and each for each in reasons.values()):
        raise PackError(
            f"pack {PACK}", found="reasons of another form", expected="code to law and article", next_step="mend it"
        )
    return reasons


def check_reason(reason: str, day: dt.date) -> str:
    """The reason, when it is one of those in force on a day. Raises ConfigError, which does not repeat it."""
    known = reasons_on(day)
    if reason not in known:
        raise ConfigError(
            "restriction reason",
            found="a text that is no reason of the pack",
            expected=" or ".join(sorted(known)),
            next_step="name one of these; nothing was recorded",
        )
    return reason

"""Whether the packages that would be imported are the ones of this distribution.

Three of our package names are common words, so a folder of the user's on the import path can hide them; whoever ran the
stranger's code instead would have no guard at all. This file therefore imports none of them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

NEIGHBOURS = ("audits", "connectors", "policies")
"""The import packages that stand beside `governance`."""


def refuse_intruders() -> None:
    """Check that each neighbour comes from this distribution.

    Raises ImportError that names the intruder; it is no GovernanceError, since that class lives in a package which may
    be the intruder.
    """
    home = Path(__file__).resolve().parent.parent
    for name in NEIGHBOURS:
        found = _folder(name)
        if found is None or found.parent != home:
            raise ImportError(
                f"package `{name}`: found {found or 'none'}; expected the one beside {home / 'governance'}. "
                "Next: rename that folder, or start from another one, so that it is not on the import path"
            )


def _folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    if spec.origin:
        return Path(spec.origin).resolve().parent
    return Path(next(iter(spec.submodule_search_locations or ()), ".")).resolve()

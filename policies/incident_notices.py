"""What a notice of an incident must say, by law and by whom it is for, from the pack `incident_notices`. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model

Item = Literal["advice", "cause", "consequences", "contact", "kinds", "measures", "nature", "people", "records"]


class IncidentNotice(FileModel):
    """One notice."""

    laws: tuple[str, ...]
    """The laws that ask for it."""
    tell: Literal["authority", "persons"]
    """Whom it is for."""
    items: tuple[Item, ...]
    """What it must say, in its order."""
    article: str
    """The article."""
    as_of: dt.date
    """The day from which the text of that article holds."""
    confidence: Literal["text", "secondary", "memory"]
    """`text` (read in the act itself), `secondary` or `memory`."""


class _Notices(FileModel):
    notices: dict[str, IncidentNotice]
    """By name."""


def incident_notices(on: dt.date) -> dict[str, IncidentNotice]:
    """The notices in force on a day, by name. Raises PackError."""
    body = load_pack("incident_notices", on).body
    return check_model(_Notices, body, "pack incident_notices", error=PackError).notices

"""Every rule by id."""

from __future__ import annotations

from collections.abc import Mapping

from governance.gate.rules.base import Rule, registry
from governance.gate.rules.gov001 import UndeclaredPersonalField
from governance.gate.rules.gov002 import NotUnderstood
from governance.gate.rules.gov003 import UndeclaredSpecialField
from governance.gate.rules.gov004 import RenamedAway

RULES: Mapping[str, Rule] = registry(
    [UndeclaredPersonalField(), NotUnderstood(), UndeclaredSpecialField(), RenamedAway()]
)
"""The rules that a check runs."""

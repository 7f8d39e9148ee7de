"""Every rule by id."""

from __future__ import annotations

from collections.abc import Mapping

from governance.gate.rules.base import Rule, registry
from governance.gate.rules.gov001 import UndeclaredPersonalField
from governance.gate.rules.gov002 import NotUnderstood
from governance.gate.rules.gov003 import UndeclaredSpecialField
from governance.gate.rules.gov004 import RenamedAway
from governance.gate.rules.gov005 import IncompleteDeclaration
from governance.gate.rules.gov006 import TurnedClear
from governance.gate.rules.gov007 import ProtectedCopied
from governance.gate.rules.gov008 import OpenedByView
from governance.gate.rules.gov009 import RoleReadsRestricted
from governance.gate.rules.gov010 import OpenToPublic
from governance.gate.rules.gov011 import RuleLost
from governance.gate.rules.gov012 import ErasurePathLost
from governance.gate.rules.gov013 import EvidenceAltered
from governance.gate.rules.gov014 import ClearIndex
from governance.gate.rules.gov015 import WholeRowsKept
from governance.gate.rules.gov020 import WeakerKeys
from governance.gate.rules.gov021 import PersonalValues
from governance.gate.rules.gov022 import RequiredWithoutPurpose
from governance.gate.rules.gov023 import BadSuppression
from governance.gate.rules.policy_rules import (
    ExposesMore,
    KeptLonger,
    OtherPeople,
    PurposeWithoutBasis,
    WideOverSpecial,
)

RULES: Mapping[str, Rule] = registry(
    [
        UndeclaredPersonalField(), NotUnderstood(), UndeclaredSpecialField(), RenamedAway(), IncompleteDeclaration(),
        TurnedClear(), ProtectedCopied(), OpenedByView(), RoleReadsRestricted(), OpenToPublic(), RuleLost(),
        ErasurePathLost(), EvidenceAltered(), ClearIndex(), WholeRowsKept(), ExposesMore(), WideOverSpecial(),
        PurposeWithoutBasis(), KeptLonger(), WeakerKeys(), PersonalValues(), RequiredWithoutPurpose(), BadSuppression(),
        OtherPeople(),
    ]
)  # fmt: skip
"""The rules that a check runs."""

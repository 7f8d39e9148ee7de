"""A privacy and compliance governance layer for customer data: find, guard, prove.

    from governance import Governance

    gov = Governance.open("governance.yaml")
    with gov.session("crm", principal="alice", purpose="support") as db:
        rows = db.scalars(select(Customer).where(Customer.region == "EU")).all()

Public names are loaded when they are first used, so that `import governance` stays as light as SQLAlchemy and Click.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from governance.version import __version__

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.protect.encrypted_type import Encrypted
    from governance.protect.search import IndexCell
    from policies.errors import AccessRefusedError, GovernanceError, StatementRefusedError
    from policies.nouns import Action, DatasetRef, FieldRef, Principal, Sensitivity

__all__ = [
    "AccessRefusedError",
    "Action",
    "DatasetRef",
    "Encrypted",
    "FieldRef",
    "Governance",
    "GovernanceError",
    "IndexCell",
    "Principal",
    "Sensitivity",
    "StatementRefusedError",
    "__version__",
]

_HOMES = {
    "AccessRefusedError": "policies.errors",
    "Action": "policies.nouns",
    "DatasetRef": "policies.nouns",
    "Encrypted": "governance.protect.encrypted_type",
    "FieldRef": "policies.nouns",
    "Governance": "governance.app",
    "GovernanceError": "policies.errors",
    "IndexCell": "governance.protect.search",
    "Principal": "policies.nouns",
    "Sensitivity": "policies.nouns",
    "StatementRefusedError": "policies.errors",
}


def __getattr__(name: str) -> Any:
    """A public name, from its home. Raises ImportError when a stranger's package stands where one of ours should."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module("governance.installation").refuse_intruders()
    return getattr(importlib.import_module(_HOMES[name]), name)

"""All forms, the commonest first."""

from __future__ import annotations

from governance.scan.forms.addresses import ADDRESSES
from governance.scan.forms.base import Form
from governance.scan.forms.contacts import CONTACTS
from governance.scan.forms.names import NAMES
from governance.scan.forms.numbers import NUMBERS
from governance.scan.forms.phones import PHONES

FORMS: tuple[Form, ...] = (*CONTACTS, *PHONES, *NAMES, *ADDRESSES, *NUMBERS)
"""Every form; a value that two of them tell belongs to the first."""

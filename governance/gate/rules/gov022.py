"""GOV022: a field must be filled for which there is no purpose."""

from __future__ import annotations

from governance.gate.changes import SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.gaps import gaps_of
from governance.gate.rules.undeclared import NEW_FIELDS


class RequiredWithoutPurpose:
    """A personal field is required and nothing says what for.

    What: A new field that the catalog declares as personal is `NOT NULL` without a default, or listed under `required`
        of a schema, and no policy line gives it for a purpose that admits its kind.
    Why: What must be filled in is collected from everybody. ISO/IEC 27701 (7.4.1, limit collection) and GDPR
        Art. 5(1)(c) ask for a purpose first.
    Example: `ALTER TABLE customers ADD COLUMN religion text NOT NULL`
    Fix: Make the field optional, or declare the purpose and give the field for it in policies/access.csv.
    Since: 0.2
    """

    id = "GOV022"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a required field without a purpose."""
        if not isinstance(item, SchemaChange) or item.kind not in NEW_FIELDS or not item.required:
            return None
        if "purpose" not in gaps_of(view.known, view.ref(item.dataset, item.field)):
            return None
        return finding(self.id, Level.ERROR, item, view)

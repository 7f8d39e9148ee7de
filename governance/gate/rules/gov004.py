"""GOV004: a renaming that leaves decisions of the catalog behind."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View
from policies.nouns import LabelStatus
from policies.taxonomy import HARMLESS


class RenamedAway:
    """A declared field or dataset gets a new name that the catalog does not have.

    What: A migration renames a field or a table about which the catalog holds decisions, and the catalog has nothing
        under the new name.
    Why: Policy lines, masks, retention rules and consent hang on the name. After the renaming the guard closes the
        field or the whole dataset, and what was decided about it is lost from reports.
    Example: `ALTER TABLE customers RENAME COLUMN email TO contact`
    Fix: Rename the entry in policies/catalog.yaml in the same change and keep its id: encrypted values are bound to it.
        Then run `governance policy lint`, which names the policy lines that must follow.
    Since: 0.1
    """

    id = "GOV004"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a renaming of something declared to something undeclared."""
        if not isinstance(item, SchemaChange) or not self._leaves_behind(item, view):
            return None
        return GateFinding(
            rule=self.id,
            level=Level.ERROR,
            file=item.file,
            line=item.line,
            store=view.store,
            dataset=item.dataset,
            field=item.field,
            confidence=1.0,
            values={"former": item.former},
        )

    def _leaves_behind(self, item: SchemaChange, view: View) -> bool:
        if item.kind is ChangeKind.RENAME_DATASET:
            return bool(view.fields(item.former)) and not view.fields(item.dataset)
        if item.kind is not ChangeKind.RENAME_FIELD or view.decision(item.dataset, item.field) is not None:
            return False
        former = view.decision(item.dataset, item.former)
        return former is not None and former.status is LabelStatus.CONFIRMED and former.category != HARMLESS

"""The questions on contact that `Governance` answers beside its guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from governance.app import Governance
    from governance.consent.asking_again import MayAsk
    from governance.flows.consent.contacting import Facts, MayContact


class Contacts:
    """What `Governance` inherits to say who may be contacted; `channel` is `*` for a use on no channel."""

    def may_contact(self, subject: str, purpose: str, channel: str = "*", known: Facts | None = None) -> MayContact:
        """Whether a person, by internal subject key, may be contacted now, with rules, articles and events.

        `known` states law, age, country and categories; without a law each law in force must allow it. Side effect: an
        event `consent.judged` in the ledger. Raises ConfigError, RecordsError or LedgerError.
        """
        from governance.flows.consent.contacting import UNKNOWN_FACTS, may_contact

        return may_contact(cast("Governance", self), subject, purpose, channel, known or UNKNOWN_FACTS)

    def may_contact_many(
        self: Self,
        subjects: pa.Table | pa.RecordBatch | Sequence[str],
        purpose: str,
        channel: str = "*",
        known: Facts | None = None,
    ) -> pa.Table:
        """The same of many people, as columns `allowed`, `state`, `rule` and `until` in the order of `subjects`.

        Those are internal subject keys, or a table with `subject` and, where known, `law`, `age` and `country`. Side
        effect: one event with counts. Raises as `may_contact`, and BadInputError for another form.
        """
        from governance.flows.consent.contacting import UNKNOWN_FACTS
        from governance.flows.consent.contacting_many import may_contact_many

        return may_contact_many(cast("Governance", self), subjects, purpose, channel, known or UNKNOWN_FACTS)

    def may_ask(self, subject: str, purpose: str, channel: str = "*", known: Facts | None = None) -> MayAsk:
        """Whether a person may be asked for consent now; a law can forbid it after a no, as CCPA does for 12 months.

        Side effect and errors as `may_contact`.
        """
        from governance.flows.consent.contacting import UNKNOWN_FACTS, may_ask

        return may_ask(cast("Governance", self), subject, purpose, channel, known or UNKNOWN_FACTS)

"""What the ledger has on a use that just ended: fields with their treatments, who decided, what was left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.nouns import FieldRef
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.ledger.events import Event


@dataclass(frozen=True, slots=True)
class UseExplained:
    """One use, told in words."""

    event: str
    """The id of its decision in the ledger."""
    fields: tuple[tuple[str, str], ...]
    """Each field that was read with each treatment that it can have had, in the order of the statement."""
    rules: tuple[tuple[str, str], ...]
    """Each rule that decided, with its line of the policy; empty for one that is no line, such as consent."""
    omitted: tuple[tuple[str, str], ...]
    """Each field that `*` left out, with why."""

    def say(self, words: Words) -> Iterator[str]:
        """Lines for a terminal."""
        yield words.say("cli.explain_decision", event=self.event)
        for name in ("fields", "rules", "omitted"):
            pairs = getattr(self, name)
            if pairs:
                widest = max(len(name) for name, _ in pairs)
                yield words.say(f"cli.explain_{name}")
                yield from (f"  {name:<{widest}}  {said}".rstrip() for name, said in pairs)


def explain_use(
    gov: Governance,
    statement: str,
    *,
    principal: str,
    purpose: str,
    since: dt.datetime,
    omitted: Sequence[FieldRef],
    lang: str = "en",
) -> UseExplained | None:
    """What the ledger has on the last use of a statement since a moment; None when it reads no dataset."""
    event = _decision(gov, statement, principal, since)
    if event is None:
        return None
    lines = {rule.rule_id: ", ".join(("p", *rule.values)) for rule in gov.policy_files.policy.lines.rules}
    fields = dict.fromkeys((each.ref, each.treatment) for each in event.objects if each.treatment is not None)
    words = Words(lang)
    why = {str(ref): gov.explain(principal, str(event.action), str(ref), purpose) for ref in omitted}
    return UseExplained(
        event.id,
        tuple((ref, str(treatment)) for ref, treatment in fields),
        tuple((rule, lines.get(rule, "")) for rule in event.rules),
        tuple(
            (ref, words.say(f"access.reason_{each.reason}", special=", ".join(each.special)))
            for ref, each in why.items()
        ),
    )


def _decision(gov: Governance, statement: str, principal: str, since: dt.datetime) -> Event | None:
    who, said = gov.ledger.find("principal", principal), gov.ledger.statement_hash(statement)
    found = [each for each in gov.ledger.events("decision", since=since, principal=who) if each.statement == said]
    return found[-1] if found else None

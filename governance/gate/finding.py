"""What a check says: rule, place, evidence, and the catalog lines that settle it."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from governance.gate.readers import Reader
from policies.vocabulary import Words


class Level(enum.StrEnum):
    """How much a finding weighs: an error stops the change."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFinding:
    """One statement about one place of a migration; it holds names of the user's schema and no text of the file."""

    rule: str
    """The rule's id, such as `GOV001`."""
    level: Level
    """How much it weighs."""
    file: str
    """The migration, as a path with `/`, relative to `governance.yaml` where it lies below it."""
    line: int
    """Where in it, from 1."""
    store: str
    """The store that the migration is for."""
    dataset: str = ""
    """The dataset, or its shape where the name looks like a value of a person; empty when it is not known."""
    field: str = ""
    """The field, in the same way; empty for a finding about a dataset or a statement."""
    entity: str = ""
    """What the field seems to hold."""
    category: str = ""
    """The data category that it stands for."""
    sensitivity: str = ""
    """The category's sensitivity."""
    confidence: float = 0.0
    """How sure the rule is, 0 to 1; 1 for what is read off the file."""
    values: Mapping[str, str] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    """What the message has to fill in beside the above; `what` is the key of a text of its own."""
    readers: tuple[Reader, ...] = ()
    """Who would see the field once it is declared."""
    missing: tuple[str, ...] = ()
    """What nobody decided about the field yet, as in `rules.gaps.GAPS`."""
    stanza: str = ""
    """Lines of catalog.yaml to paste, indented to fit; empty where none helps or an earlier finding has them."""
    under: str = ""
    """The key of catalog.yaml below which they go, such as `stores.crm.datasets.customers.fields`."""

    @property
    def order(self) -> tuple[str, int, str, str, str, str]:
        """Findings are sorted by place, then rule, then what they are about."""
        return (self.file, self.line, self.rule, self.store, self.dataset, self.field)

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def fingerprint(self) -> str:
        """Names the finding across commits: rule and what it is about, not the line."""
        named = self.values.get("what", "") + self.values.get("about", "")
        about = (self.rule, self.store, self.file if not self.dataset else "", self.dataset, self.field, named)
        return hashlib.sha256("\0".join(about).encode()).hexdigest()[:32]

    def message(self, lang: str = "en") -> str:
        """What it says, in one sentence."""
        shown = {
            "ref": ".".join(each for each in (self.store, self.dataset, self.field) if each),
            "entity": self.entity,
            "category": self.category,
            "confidence": f"{self.confidence:.2f}",
        }
        words = Words(lang)
        values = {**shown, **self.values}
        for key in [each for each in values if each.endswith("_words")]:
            values[key] = _listed(words, values[key].split(","))
        if "what" in values:
            values["what"] = words.say(values["what"], **values)
        return words.say(f"gate.{self.rule.lower()}", **values)

    def notes(self, lang: str = "en") -> tuple[str, ...]:
        """What follows for a field that nobody declared: who would see it, and what is not decided."""
        words = Words(lang)
        found = [
            words.say(
                "gate.readable_clear" if each.treatment == "clear" else "gate.readable_masked",
                roles=_joined(words, each.roles),
                purpose=each.purpose,
                treatment=each.treatment,
            )
            for each in self.readers
        ]
        if self.missing:
            found.append(words.say("gate.nothing_declared", missing=_listed(words, self.missing)))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "rule": self.rule,
            "level": str(self.level),
            "file": self.file,
            "line": self.line,
            "store": self.store,
            "dataset": self.dataset or None,
            "field": self.field or None,
            "entity": self.entity or None,
            "category": self.category or None,
            "sensitivity": self.sensitivity or None,
            "confidence": self.confidence,
            "message": self.message(),
            "readers": [
                {"purpose": each.purpose, "treatment": each.treatment, "roles": list(each.roles)}
                for each in self.readers
            ],
            "missing": list(self.missing),
            "stanza": self.stanza or None,
            "under": self.under or None,
            "fingerprint": self.fingerprint,
        }

    def to_sarif(self) -> dict[str, Any]:
        """A `result` object of SARIF 2.1.0."""
        text = "\n".join((self.message(), *self.notes()))
        if self.stanza:
            text += f"\n\ncatalog.yaml, below `{self.under}`:\n\n{self.stanza}"
        return {
            "ruleId": self.rule,
            "level": str(self.level),
            "message": {"text": text},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": self.file}, "region": {"startLine": self.line}}}
            ],
            "partialFingerprints": {"governance/v1": self.fingerprint},
        }


def _listed(words: Words, keys: Sequence[str]) -> str:
    return _joined(words, [words.say(f"gate.word_{key}") for key in keys])


def _joined(words: Words, texts: Sequence[str]) -> str:
    return words.say("gate.comma").join(texts)

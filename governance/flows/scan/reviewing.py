"""From proposals to decisions in `catalog.yaml`, each step recorded; and how a scan differs from the decisions."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from governance.flows.scan.catalog_editing import EMPTY, About, Decision, decide
from governance.ledger.events import EventDraft, EventObject
from governance.scan.drift import Drift, DriftKind, compare
from governance.scan.proposals import DatasetProposal, FieldProposal, Proposals, propose
from governance.writing import replace_file
from policies.errors import CatalogError, StoreError
from policies.nouns import DatasetRef, LabelStatus
from policies.yaml_files import load_yaml

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.scan.result import ScanResult

HEAD = "# Written by `governance scan`; never edit it. `governance catalog review` moves proposals to catalog.yaml.\n"
_DRIFT_WORDS = {DriftKind.RETYPED: "changed_type"}


def write_proposals(gov: Governance, result: ScanResult) -> Path:
    """Write what a scan found and nobody decided yet to `catalog.proposed.yaml`; gives that file.

    Side effect: replaces the file, which is machine-made and never edited. Raises ConfigError.
    """
    out = io.StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.dump(propose(result, gov.catalog).to_document(), out)
    path = _proposed(gov)
    replace_file(path, HEAD + out.getvalue())
    return path


def open_proposals(gov: Governance) -> tuple[FieldProposal | DatasetProposal, ...]:
    """The proposals of the last scan that nobody has decided since: datasets first. Raises CatalogError."""
    path = _proposed(gov)
    if not path.exists():
        return ()
    try:
        proposals = Proposals.from_document(load_yaml(path, error=CatalogError))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CatalogError(
            str(path),
            found="text that no scan wrote",
            expected="the file as `governance scan` writes it",
            next_step="scan again; the file is replaced as a whole",
        ) from None
    return (
        *(each for each in proposals.datasets if _is_open_dataset(gov, each)),
        *(each for each in proposals.fields if _is_open_field(gov, each)),
    )


def drift(gov: Governance, result: ScanResult) -> list[dict[str, Any]]:
    """Where a scan differs from the catalog: `kind`, `place`, `detail` and how sure the scan is."""
    found = compare(gov.catalog, result, gov.policy_files.taxonomy)
    return [_difference(each) for each in found]


def catalog_text(gov: Governance) -> str:
    """The text of `catalog.yaml` as it stands, or of an empty one."""
    path = gov.project.policy_file("catalog.yaml")
    return path.read_text(encoding="utf-8") if path.exists() else EMPTY


def with_decisions(
    gov: Governance, text: str, decisions: Sequence[Decision], datasets: Iterable[DatasetProposal] = ()
) -> str:
    """A catalog's text with decisions, confirmed kinds of datasets, and record keys as the stores declare them.

    Raises CatalogError. A store that cannot be reached now only leaves its record keys unwritten.
    """
    special = {each.ref: each.special for each in datasets}
    keys = _record_keys(gov, {each.ref.of for each in decisions})
    about = {ref: About(keys.get(ref, ()), special.get(ref, ())) for ref in {*special, *keys}}
    return decide(text, decisions, about)


def write_catalog(
    gov: Governance, text: str, decisions: Sequence[Decision], datasets: Iterable[DatasetProposal] = ()
) -> None:
    """Replace `catalog.yaml` by a text that holds decisions, and record them. Raises ConfigError, LedgerError."""
    replace_file(gov.project.policy_file("catalog.yaml"), text)
    refs = [*(each.ref for each in datasets), *(each.ref for each in decisions)]
    gov.ledger.append(
        EventDraft(
            kind="catalog.decided",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", decisions[0].by) if decisions else None,
            action="review",
            outcome="done",
            objects=tuple(EventObject(str(each)) for each in refs),
            counts={"fields": len(decisions)},
            versions=gov.versions(),
        )
    )


def _proposed(gov: Governance) -> Path:
    return gov.project.policy_file("catalog.proposed.yaml")


def _is_open_field(gov: Governance, each: FieldProposal) -> bool:
    known = gov.catalog.field(each.ref)
    if known is None or known.status is LabelStatus.PROPOSED:
        return True
    return known.status is LabelStatus.REJECTED and known.category != each.category


def _is_open_dataset(gov: Governance, each: DatasetProposal) -> bool:
    known = gov.catalog.dataset(each.ref)
    return known is None or not set(each.special) <= set(known.special)


def _record_keys(gov: Governance, refs: Iterable[DatasetRef]) -> dict[DatasetRef, tuple[str, ...]]:
    wanted = set(refs)
    found: dict[DatasetRef, tuple[str, ...]] = {}
    for name in sorted({ref.store for ref in wanted} & set(gov.project.config.stores)):
        try:
            store = gov.store(name)
            try:
                found |= {DatasetRef(name, each.name): each.primary_key for each in store.datasets()}
            finally:
                store.close()
        except StoreError:
            continue
    return {ref: key for ref, key in found.items() if ref in wanted and key}


def _difference(each: Drift) -> dict[str, Any]:
    kind = _DRIFT_WORDS.get(each.kind, each.kind.value)
    detail = " -> ".join(part for part in (each.decided, each.found) if part)
    return {"kind": kind, "place": str(each.ref), "detail": detail, "confidence": each.confidence}

"""The record of processing and impact assessments of a firm whose customers are in a CRM."""

from __future__ import annotations

from audits.rendering import formats_for, render
from governance.app import Governance

from .conftest import MARKER
from .memory_crm import MemoryCrm


def test_modules_are_looked_at_like_tables_and_nothing_that_is_there_is_called_gone(
    gov: Governance, crm: MemoryCrm
) -> None:
    data = gov.audit_ropa().data
    there = {each.name: {field.name for field in each.fields} for each in crm.datasets()}
    look = {each["store"]: each for each in data["look"]["stores"]}
    assert (look["sales"]["datasets"], look["sales"]["fields"]) == (len(there), sum(map(len, there.values())))
    for kind in ("field_gone", "dataset_gone"):
        for place in (each["place"] for each in data["drift"] if each["kind"] == kind):
            store, _, rest = place.partition(".")
            dataset, _, field = rest.partition(".")
            assert store != "sales" or dataset not in there or field not in there[dataset], place
    unknown = {each["place"] for each in data["drift"] if each["kind"] == "field_unknown" and "sales." in each["place"]}
    known = {name: entry.fields for name, entry in gov.catalog.stores["sales"].datasets.items()}
    assert unknown == {
        f"sales.{name}.{field}"
        for name, fields in there.items()
        if name in known
        for field in fields - known[name].keys()
    }


def test_people_in_a_crm_are_not_counted_and_it_says_so(gov: Governance) -> None:
    report = gov.audit_dpia()
    used = {each.partition(".")[0] for one in report.data["activities"] for each in one["datasets"]}
    assert used == {"sales", "shop"}
    assert [each["place"] for each in report.data["not_seen"]] == ["sales"]
    assert [each for each in report.data["counts"] if each.startswith("shop.")]
    assert not [each for each in report.data["counts"] if each.startswith("sales.")]


def test_no_value_of_the_crm_is_in_either(gov: Governance) -> None:
    for kind, report in (("ropa", gov.audit_ropa()), ("dpia", gov.audit_dpia())):
        for form in formats_for(kind):
            assert MARKER not in render(report, form)
    assert MARKER not in repr(list(gov.ledger.events()))

"""organisation.yaml, the map of names and the packs that go with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from policies.consent_map import ConsentMapFile, read_consent_map
from policies.dpv import dpv_terms
from policies.errors import ConfigError, PackError
from policies.opt_out import opt_out_signal
from policies.organisation import OrganisationFile, read_organisation
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

TODAY = dt.date(2026, 11, 22)
PURPOSES = PurposesFile.model_validate({"purposes": {"marketing": {}, "sale": {}}})


def read(tmp_path: Path, text: str) -> OrganisationFile:
    path = tmp_path / "organisation.yaml"
    path.write_text(text)
    return read_organisation(path, PURPOSES)


def test_a_project_without_the_file_has_an_empty_organisation(tmp_path):
    assert read_organisation(tmp_path / "organisation.yaml", PURPOSES) == OrganisationFile()


@pytest.mark.parametrize(
    "wrong",
    [
        "controller: {name: Shop}",
        "processing: {newsletter: {retention: P1Y}}",
        "processing: {marketing: {retention: a year}}",
        "processing: {marketing: {retention: P1Y, dpv: pd:Name}}",
        "opt_out: {sale: [newsletter], sharing: []}",
        "opt_out: {sale: []}",
        "transfers: {us: {recipient: nobody, country: US, mechanism: scc}}",
        "somebody: {}",
    ],
)
def test_a_wrong_entry_is_refused(tmp_path, wrong):
    with pytest.raises(ConfigError):
        read(tmp_path, wrong)


def test_what_is_told_of_a_purpose_is_told_of_those_below_it(tmp_path):
    found = read(tmp_path, "processing: {marketing: {retention: P1Y}}")
    told = found.processing_of(("marketing.email", "marketing"))
    assert told is not None
    assert told.retention == "P1Y"
    assert found.processing_of(("sale",)) is None


def test_every_category_of_the_pack_is_one_of_the_taxonomy_and_every_term_has_a_known_prefix():
    terms, taxonomy = dpv_terms(TODAY), load_taxonomy(TODAY)
    assert not set(terms.categories) - set(taxonomy.categories)
    assert not set(terms.kantara_categories.values()) - set(taxonomy.categories)
    used = [*terms.categories.values(), *terms.purposes.values(), *terms.kinds.values(), *terms.forms.values()]
    used += [each.jurisdiction for each in terms.laws.values()]
    assert {each.split(":")[0] for each in used} <= set(terms.context)


def test_a_child_without_a_term_takes_its_parents():
    terms = dpv_terms(TODAY)
    assert terms.category("user.government_id.national_identification_number.tw_id") == "pd:OfficialID"
    assert terms.purpose(("marketing.email.weekly", "marketing.email")) == "dpv:DirectMarketing"
    assert terms.purpose(("something",)) == "dpv:Purpose"


@pytest.mark.parametrize(
    ("place", "law"),
    [("DE", "gdpr"), ("NO", "gdpr"), ("loc:CN", "pipl"), ("TW", "tw-pdpa"), ("gdpr", "gdpr"), ("XX", None)],
)
def test_a_place_names_the_law_that_holds_there(place, law):
    assert dpv_terms(TODAY).law_of(place) == law


def test_an_unknown_signal_is_refused():
    assert opt_out_signal("gpc", TODAY).law == "ccpa"
    with pytest.raises(PackError):
        opt_out_signal("dnt", TODAY)


def test_a_map_is_checked(tmp_path):
    assert read_consent_map(None) == ConsentMapFile()
    path = tmp_path / "names.yaml"
    path.write_text("terminations: {a year: sometime}")
    with pytest.raises(ConfigError):
        read_consent_map(path)

"""Which fields are candidates, which combinations are named, and what is said of a sample."""

from __future__ import annotations

import datetime as dt
import random

import pyarrow as pa
import pytest

from connectors.base import Dataset, DatasetKind, Field
from governance.scan.classifier import read_names
from governance.scan.quasi.candidates import MOST_FIELDS, choose_candidates
from governance.scan.quasi.counts import count_rows
from governance.scan.quasi.kinds import load_kinds
from governance.scan.quasi.search import single_out
from governance.scan.result import FieldScan, Label
from policies.nouns import LabelStatus, Sensitivity
from policies.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(dt.date.max)
KINDS = load_kinds()


def dataset(*fields, key=(), comments=None):
    made = [Field(*(each if isinstance(each, tuple) else (each, "string"))) for each in fields]
    if comments:
        made = [Field(each.name, each.type, comment=comments.get(each.name, "")) for each in made]
    return Dataset("customers", DatasetKind.TABLE, tuple(made), key)


def candidates(*fields, **options):
    made = dataset(*fields, **options)
    names = read_names(made)
    return choose_candidates(made, names.fields, names.comments)


def scanned(name, entity=None):
    label = None
    if entity:
        category = TAXONOMY.of_entity(entity)
        label = Label(entity, category.key, Sensitivity.CONFIDENTIAL, False, 0.9, LabelStatus.PROPOSED)
    return FieldScan(name, "string", 1, 0.0, 1, label, (), 0.0)


def people(count, seed=3):
    """Invented people: few cities and genders, many birth dates."""
    rng = random.Random(seed)
    return {
        "birth_date": [f"19{rng.randrange(40, 99)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}" for _ in range(count)],
        "gender": [rng.choice("fm") for _ in range(count)],
        "city": [rng.choice(["Ulm", "Graz", "Linz"]) for _ in range(count)],
    }


LABELLED = [scanned("birth_date", "DATE_OF_BIRTH"), scanned("gender", "GENDER"), scanned("city", "CITY")]


def judged(columns, labels=LABELLED, rows_total=None):
    table = pa.table(columns)
    counts = count_rows(table, tuple(columns))
    return single_out(counts, labels, rows_total=rows_total if rows_total is not None else table.num_rows)


def test_the_most_telling_kinds_are_candidates_first():
    found = candidates("city", ("birth_date", "date"), "gender", "zip_code")
    assert found == ("birth_date", "zip_code", "gender", "city")


@pytest.mark.parametrize("name", ["email", "phone", "full_name", "ssn", "note", "qty", "created_at", "card_number"])
def test_identifiers_free_text_and_things_are_no_candidates(name):
    assert candidates(name) == ()


@pytest.mark.parametrize("name", ["出生日期", "性别", "邮编", "城市", "nationality", "education", "job_title"])
def test_names_of_other_languages_are_read(name):
    assert candidates(name) == (name,)


def test_a_comment_makes_a_candidate():
    assert candidates("c1", "c2", comments={"c1": "出生日期"}) == ("c1",)


def test_a_declared_key_and_a_type_that_cannot_hold_it_are_no_candidates():
    assert candidates("zip_code", "gender", key=("zip_code",)) == ("gender",)
    assert candidates(("gender", "date"), ("birth_date", "boolean"), ("city", "json")) == ()


def test_no_more_candidates_than_are_counted():
    found = candidates(*(f"{kind}_{place}" for kind in ("city", "gender") for place in ("home", "work", "x", "y", "z")))
    assert len(found) <= MOST_FIELDS


def test_the_fields_that_single_people_out_are_named_and_counted():
    result = judged({**people(400), "birth_date": [f"19{n // 10:02d}-01-0{n % 10}" for n in range(400)]})
    assert result is not None
    assert (result.smallest, result.alone, result.exact) == (1, 400, True)
    assert result.combinations[0].fields == ("birth_date",), "what one field does alone needs no second one"
    assert (result.combinations[0].alone, result.combinations[0].rows_below) == (400, 400)


def test_a_combination_is_named_when_it_does_what_no_part_of_it_does():
    result = judged(
        {
            "birth_date": ["1980-01-01" if n % 2 else "1990-01-01" for n in range(100)],
            "gender": ["f" if n in (11, 30) else "m" for n in range(100)],
            "city": ["Graz" if n % 10 == 0 else "Ulm" for n in range(100)],
        }
    )
    assert result is not None
    named = {each.fields: each for each in result.combinations}
    assert named["gender",].rows_below == 2
    assert ("birth_date", "gender", "city") not in named, "it adds nothing to two of its fields"
    assert named["birth_date", "gender"].alone == 2


def test_large_groups_name_no_combination():
    result = judged({"birth_date": ["1980"] * 60, "gender": ["f", "m"] * 30, "city": ["Ulm"] * 60})
    assert result is not None
    assert (result.smallest, result.rows_below, result.alone, result.combinations) == (30, 0, 0, ())


def test_empty_cells_count_as_a_value_of_their_own():
    result = judged({"birth_date": ["1980"] * 9 + [None], "gender": ["f"] * 10, "city": ["Ulm"] * 10})
    assert result is not None
    assert (result.smallest, result.alone) == (1, 1)


def test_a_sample_is_never_called_exact():
    assert not judged(people(50), rows_total=5_000).exact
    table = pa.table(people(50))
    unknown = single_out(count_rows(table, tuple(table.column_names)), LABELLED, rows_total=None)
    assert unknown is not None
    assert not unknown.exact


def test_a_candidate_whose_label_says_otherwise_is_left_out():
    result = judged(people(80), [LABELLED[0], LABELLED[1], scanned("city")])
    assert result is not None
    assert result.fields == ("birth_date", "gender")


def test_a_dataset_without_people_is_not_judged():
    assert judged({"city": ["Ulm", "Graz"]}, [scanned("city", "CITY")]) is None
    assert judged({"city": ["Ulm", "Graz"]}, [scanned("city")]) is None


def test_the_result_holds_no_value():
    shown = str(judged(people(30)).to_json())
    assert not any(value in shown for value in ("Ulm", "Graz", "Linz", "19"))


def test_the_table_names_categories_that_exist():
    assert set(KINDS.categories) <= set(TAXONOMY.categories)
    assert set(KINDS.entities) <= set(TAXONOMY.entities)
    assert set(KINDS.people) <= set(TAXONOMY.categories)

"""What makes rows people, numbers national ids and codes a gender: hand-made tables, of people and of things."""

import pyarrow as pa
import pytest

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

ROWS = 60


def labels(dataset, **columns):
    table = pa.table({name: [values[row % len(values)] for row in range(ROWS)] for name, values in columns.items()})
    scanned = scan_store(MemoryStore("store", {dataset: table}), ScanOptions()).datasets[0].fields
    return {each.field: each.label.entity if each.label else "" for each in scanned}


def empty(*names):
    table = pa.table({name: pa.array([], pa.string()) for name in names})
    scanned = scan_store(MemoryStore("store", {"t1": table}), ScanOptions()).datasets[0].fields
    return {each.field: each.label.entity if each.label else "" for each in scanned}


SERIAL = [str(7_000_119 + 13_007 * row) for row in range(ROWS)]


@pytest.mark.parametrize("name", ["identification_number", "unit_id_number", "id_no"])
def test_any_number_under_a_weak_name_is_no_national_id(name):
    assert labels("t1", **{name: SERIAL}) == {name: ""}


def test_a_national_id_by_name_stays_one_whatever_its_form():
    assert labels("t1", rg=SERIAL) == {"rg": "BR_RG"}


@pytest.mark.parametrize("plates", [["VNL8497", "UZB4991", "XSW5448"], ["AB12 CDE", "KL55 XYZ", "MN07 OPQ"]])
def test_plates_named_so_are_plates_of_any_country(plates):
    assert labels("t1", license_plate=plates)["license_plate"] == "VEHICLE_PLATE"


@pytest.mark.parametrize("dataset", ["customers", "patients", "员工"])
@pytest.mark.parametrize("codes", [[0, 1, 2], ["1", "2", "9"]])
def test_codes_are_a_gender_or_a_race_in_a_dataset_called_one_of_people(dataset, codes):
    found = labels(dataset, gender=codes, race=codes, 性别=codes)
    assert found == {"gender": "GENDER", "race": "ETHNICITY", "性别": "GENDER"}


def test_codes_alone_are_no_gender_in_a_dataset_of_anything():
    assert labels("t1", gender=[1, 2, 3]) == {"gender": ""}


def test_words_that_are_no_codes_still_speak_against_a_gender():
    assert labels("customers", gender=["steel", "copper", "brass", "nickel"])["gender"] == ""


def test_row_numbers_beside_a_gender_are_no_ages():
    assert labels("customers", id=list(range(ROWS)), gender=["male", "female"])["id"] == ""


@pytest.mark.parametrize("beside", ["phone", "address", "fax"])
def test_name_beside_what_shops_have_too_is_nobody_s_until_its_values_say_so(beside):
    assert empty("name", beside)["name"] == ""


@pytest.mark.parametrize("beside", ["date_of_birth", "gender", "email"])
def test_name_beside_what_only_people_have_is_a_person_s(beside):
    assert empty("name", beside)["name"] == "PERSON"


@pytest.mark.parametrize("name", ["turbine_name", "ballot_name", "harbour_name"])
def test_name_of_something_unknown_beside_people_needs_its_values(name):
    assert empty(name, "email", "gender")[name] == ""


def test_numbers_of_two_digits_are_no_postal_codes():
    assert labels("t1", zip_codes=["34", "76", "75", "91", "57"])["zip_codes"] == ""


def test_five_digits_that_no_two_rows_share_are_less_sure_than_those_of_a_town():
    ids = [str(12_034 + 977 * row) for row in range(ROWS)]
    towns = ["Denver", "Boston", "Houston", "Chicago", "Seattle", "Phoenix", "Dallas"]

    def confidence(codes):
        table = pa.table({"c1": codes, "c2": (towns * ROWS)[:ROWS], "c3": (["CO", "MA", "TX"] * ROWS)[:ROWS]})
        label = scan_store(MemoryStore("store", {"t1": table}), ScanOptions()).datasets[0].fields[0].label
        return label.confidence if label else 0.0

    assert confidence(ids) < 0.8 < confidence((ids[:20] * 3)[:ROWS])


def test_key_of_a_race_is_no_ethnicity_and_its_code_beside_persons_is_one():
    races = [1000 + row // 4 for row in range(ROWS)]
    assert labels("results", race_id=races, points=[25, 18, 15]) == {"race_id": "", "points": ""}
    assert labels("patients", race_code=["1", "2", "5", "9"])["race_code"] == "ETHNICITY"

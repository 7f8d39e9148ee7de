"""Ages and dates of birth in texts in Latin letters."""

import pyarrow as pa
import pytest

from governance.scan.detectors.age import AGE, AGE_TOLD
from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.birth_date import BIRTH_DATE, BIRTH_YEAR


def found(detectors, text):
    places = []
    for detector in detectors:
        hits = detector.find(pa.array([text]), FieldContext())
        rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
        places += [text[start:end] for start, end, score in rows if score >= STRONG]
    return places


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("He is 34 years old.", "34 years old"),
        ("my 3-year-old son", "3-year-old"),
        ("the patient, aged 72, left", "aged 72"),
        ("45 y/o male", "45 y/o"),
        ("45yo female", "45yo"),
        ("Name: X, Age: 33, City: Y", "Age: 33"),
        ("she is thirty-four years old", "thirty-four years old"),
        ("I'm 34, and tired", "34"),
        ("he turned 40 last year", "40"),
        ("sie ist 34 Jahre alt", "34 Jahre alt"),
        ("elle a 34 ans et demi", "34 ans"),
        ("tiene 40 años de edad", "40 años de edad"),
    ],
)
def test_age_is_found(text, age):
    assert found([AGE, AGE_TOLD], text) == [age]


@pytest.mark.parametrize(
    "text",
    [
        "34 years of experience",
        "it broke 34 years ago",
        "the house is 100 years old",
        "a tree of 300 years old",
        "toys for ages 5 to 12",
        "people aged 18-25",
        "see page 34",
        "wage 34",
        "Message: 45",
        "I am 5 minutes late",
        "I'm 20 miles away",
        "stage 3 cancer",
        "a 30 day trial",
    ],
)
def test_other_numbers_are_no_age(text):
    assert found([AGE, AGE_TOLD], text) == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("DOB: 03/07/1990", "03/07/1990"),
        ("date of birth (mm/dd/yyyy): 03/07/1990", "03/07/1990"),
        ("Born 3 May 1980, admitted 4 June 2020", "3 May 1980"),
        ("her birthday is March 3rd", "March 3rd"),
        ("D.O.B. 1-Jan-1970", "1-Jan-1970"),
        ("born in Leeds on July 4, 1976", "July 4, 1976"),
        ("12.05.1980 (geb.)", "12.05.1980"),
        ("geb. am 12. Mai 1980", "12. Mai 1980"),
        ("née le 3 mars 1975", "3 mars 1975"),
        ("nacido el 5 de abril de 1980", "5 de abril de 1980"),
        ("1980-05-12 is his date of birth", "1980-05-12"),
        ("she was born in 1985", "1985"),
    ],
)
def test_date_of_birth_is_found(text, date):
    assert found([BIRTH_DATE, BIRTH_YEAR], text) == [date]


@pytest.mark.parametrize(
    "text",
    [
        "shipped on 2024-03-15",
        "the invoice of 12 May 1980 was paid",
        "the idea was born on the beach",
        "founded in 1985",
        "2024-03-15",
    ],
)
def test_other_dates_are_no_date_of_birth(text):
    assert found([BIRTH_DATE, BIRTH_YEAR], text) == []


def test_whole_date_counts_where_the_field_speaks_of_birth():
    hits = BIRTH_DATE.find(pa.array(["1980-05-12"]), FieldContext(hints=frozenset({"DATE_OF_BIRTH"})))
    assert hits.score.tolist() == [70]

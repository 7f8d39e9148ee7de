"""The line between a person and a street names an organization, unless it is something else."""

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.letterhead import LETTERHEAD


def found(text):
    hits = LETTERHEAD.find(pa.array([text]), FieldContext())
    return [text[start:end] for start, end in zip(hits.start.tolist(), hits.end.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ms. Anna Becker\nQuovant\n12 Baker Street\nLondon", "Quovant"),
        ("Peter Miller\nSales manager\nNorthern Data Works\n48 Oak Avenue, Apt. 3", "Northern Data Works"),
        ("> Laura Smith\n> Tidewater & Grain\n> 7 Elm Road\n> Leeds", "Tidewater & Grain"),
        ("Dr. Omar Haddad\nSchool of Rivers\nP.O. Box 1234, Denver, CO 80201", "School of Rivers"),
    ],
)
def test_line_above_the_street_is_an_organization(text, name):
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Anna Becker\nPeter Miller\n12 Baker Street",
        "Anna Becker\nSales manager\n12 Baker Street",
        "Quovant\n12 Baker Street",
        "Anna Becker\nQuovant\nsee you at noon",
        "Anna Becker\nLondon\n12 Baker Street",
        "Anna Becker\nplease send it to\n12 Baker Street",
        "Anna Becker\nAddress:\n12 Baker Street",
    ],
)
def test_other_lines_are_none(text):
    assert found(text) == []

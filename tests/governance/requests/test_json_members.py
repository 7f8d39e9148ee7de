from __future__ import annotations

import pytest

from governance.requests.json_members import members_of, without_members

PROFILE = {
    "lang": "zh",
    "emergency": {"name": "陈", "tel": "1"},
    "children": [{"name": "Kai", "age": 3}, {"name": "Bo"}],
}


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        (["p:$.emergency"], {"lang": "zh", "children": PROFILE["children"]}),
        (["p:$.emergency.name", "p:$.emergency.tel"], {**PROFILE, "emergency": {}}),
        (["p:$.children[*].name"], {**PROFILE, "children": [{"age": 3}, {}]}),
        (["p:$.children[*]"], {**PROFILE, "children": None}),
        (["p:$.nosuch.name", "q:$.lang"], PROFILE),
    ],
)
def test_members_about_others_go_and_the_rest_stays(paths: list[str], left: object) -> None:
    assert without_members(PROFILE, members_of(paths).get("p", [])) == left


def test_a_text_stays_a_text_and_one_that_is_no_json_goes() -> None:
    assert without_members('{"a": "王", "b": 1}', [("b",)]) == '{"a": "王"}'
    assert without_members("{broken", [("b",)]) is None
    assert without_members(None, [("b",)]) is None

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.protect.masks import ANY_TYPE, MASKS, mask
from policies.errors import PolicyFileError

CASES = {
    "email": {
        "ann.lee@example.org": "a***@example.org",
        "张三@例子.公司": "张***@例子.公司",
        "a@x.io": "***@x.io",
        "@x.io": "***@x.io",
        "ann": "***",
        "a@b@x.io": "***",
        "ann@x.io, 13812345678": "***",
        "ann@x.io，电话": "***",
        "": "***",
    },
    "phone": {
        "13812345678": "138****5678",
        "+8613812345678": "+86****5678",
        "(555) 123-4567": "****4567",
        "91234567": "****4567",
        "0912345678": "****5678",
        "1234567": "****",
        "call Ann at home": "****",
        "13812345678 Ann": "****",
        "": "****",
    },
    "name": {"张三": "张*", "欧阳修": "欧*", "Ann Lee": "A*", "张": "*", "": "*"},
    "last4": {"11010519491231002X": "****002X", "6222020200112233445": "****3445", "1234567": "****", "": "****"},
    "redact": {"anything": "***", "": "***"},
}


def test_every_mask_has_cases_and_they_are_sorted():
    assert sorted(CASES) == list(MASKS)


@pytest.mark.parametrize(
    ("name", "value", "left"), [(name, *case) for name, cases in CASES.items() for case in cases.items()]
)
def test_mask_leaves(name, value, left):
    assert MASKS[name].apply(value) == left


@pytest.mark.parametrize("name", sorted(MASKS))
def test_null_and_what_is_no_text_give_null(name):
    assert [MASKS[name].apply(value) for value in (None, 5, b"raw", 1.5)] == [None] * 4


@pytest.mark.parametrize("name", sorted(MASKS))
def test_types_are_declared_in_the_words_of_stores(name):
    assert MASKS[name].input_types <= ANY_TYPE
    assert MASKS[name].output_type in ANY_TYPE


@given(st.text(min_size=1))
def test_phone_hides_at_least_four_characters(value):
    left = MASKS["phone"].apply(value)
    assert len(left.replace("****", "")) <= max(len(value) - 4, 0)


@given(st.text())
def test_email_shows_one_character_of_the_local_part(value):
    left = MASKS["email"].apply(value)
    shown, _, domain = left.partition("***")
    assert len(shown) <= 1
    assert domain == "" or value.endswith(domain)


def test_a_mask_that_does_not_exist_is_refused():
    with pytest.raises(PolicyFileError, match="rot13"):
        mask("rot13")
    assert mask("email") is MASKS["email"]

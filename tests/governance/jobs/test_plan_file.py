"""A plan file reads back as written; each changed byte of meaning is noticed."""

from __future__ import annotations

import json

import pytest

from governance.jobs.plan_file import open_plan, plan_text, seal_plan
from policies.errors import TamperedError

BODY = {"id": "plan1", "rule": "retention:orders", "by_month": {"2020-01": 3, "2020-02": 1}, "due": 4}


@pytest.fixture
def document(keyed_hash):
    return seal_plan("retention", BODY, keyed_hash)


def test_a_plan_reads_back_as_written(document, keyed_hash):
    assert open_plan(plan_text(document), "retention", keyed_hash) == document


def test_the_same_plan_gives_the_same_text(document, keyed_hash):
    other = seal_plan("retention", dict(reversed(BODY.items())), keyed_hash)
    assert plan_text(other) == plan_text(document)


@pytest.mark.parametrize("other", [" ", "1", "2", '"', ""])
def test_each_changed_byte_is_noticed(document, keyed_hash, other):
    text = plan_text(document)
    for place, letter in enumerate(text):
        if letter != other:
            with pytest.raises(TamperedError):
                open_plan(text[:place] + other + text[place + 1 :], "retention", keyed_hash)


def test_the_same_document_in_another_form_is_refused(document, keyed_hash):
    with pytest.raises(TamperedError):
        open_plan(json.dumps(document, indent=None), "retention", keyed_hash)


@pytest.mark.parametrize("extra", [{"due": 5}, {"note": "x"}])
def test_a_member_more_is_noticed(document, keyed_hash, extra):
    with pytest.raises(TamperedError, match="changed"):
        open_plan(json.dumps({**document, **extra}), "retention", keyed_hash)


def test_a_plan_of_another_kind_is_refused(document, keyed_hash):
    with pytest.raises(TamperedError, match="kind"):
        open_plan(plan_text(document), "erasure", keyed_hash)


def test_the_error_repeats_nothing_of_the_text(keyed_hash):
    with pytest.raises(TamperedError) as caught:
        open_plan('{"seal": "zhang.wei@example.cn"}', "retention", keyed_hash)
    assert "zhang" not in str(caught.value)

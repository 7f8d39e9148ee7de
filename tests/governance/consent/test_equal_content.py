"""What is written out by hand for speed is byte for byte what the plain way gives."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import fields, replace

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.consent.events import Circumstances, ConsentEvent, ConsentKind
from governance.consent.intake.drafts import Frame, content_of
from governance.consent.intake.entry import Entry
from governance.ledger.events import stamp
from governance.protect.keyed_hash import HmacKeyedHash

LATER = ("categories", "duration", "guardian_ref", "snapshot")
codes = st.text(alphabet="Aa0._:/+-", max_size=5)
texts = st.text(max_size=6)
categories = st.lists(st.sampled_from(["user", "user.contact", "user.contact.email"]), max_size=3, unique=True)


@given(st.lists(texts, min_size=17, max_size=17), st.integers(0, 2**53 - 1), categories)
def test_the_digest_of_an_event_is_over_the_bytes_of_rfc_8785(told, epoch, kinds):
    names = [each.name for each in fields(ConsentEvent) if each.name not in ("epoch", "categories")]
    event = ConsentEvent(epoch=epoch, categories=tuple(kinds), **dict(zip(names, told, strict=True)))
    whole = {each.name: getattr(event, each.name) for each in fields(event)}
    kept = {name: value for name, value in whole.items() if value or name not in LATER}
    assert event.digest == hashlib.sha256(rfc8785.dumps(kept)).hexdigest()
    assert event.digest_under(7) == replace(event, epoch=7).digest


@pytest.mark.parametrize("kind", list(ConsentKind))
def test_the_digest_is_the_same_whether_a_kind_is_a_word_or_a_member_of_its_enumeration(kind):
    told = dict.fromkeys((each.name for each in fields(ConsentEvent)), "") | {"epoch": 1, "categories": ()}
    event = ConsentEvent(**told | {"kind": str(kind)})
    assert replace(event, kind=kind).digest == event.digest
    kept = {name: value for name, value in (told | {"kind": str(kind)}).items() if value or name not in LATER}
    assert event.digest == hashlib.sha256(rfc8785.dumps(kept)).hexdigest()
    assert type(Frame.of(Entry(key="a", purpose="p", channel="*", kind=kind), kind).fields["kind"]) is str


@settings(deadline=None)
@given(st.tuples(*[codes] * 5), categories, st.sampled_from(list(ConsentKind)), st.datetimes(timezones=st.just(dt.UTC)))
def test_a_frame_gives_the_content_of_an_event(told, kinds, kind, moment):
    names = ("jurisdiction", "notice_version", "language", "method", "proof_ref")
    how = Circumstances(**dict(zip(names, told, strict=True)), categories=tuple(kinds), duration="P1M")
    entry = Entry(key="a", purpose="märketing\"'", channel="*", kind=kind, how=how)
    frame = Frame.of(entry, kind)
    event = ConsentEvent(
        epoch=0, id="", subject_ref="0f" * 32, valid_time=stamp(moment), recorded_time="", **frame.fields
    )
    assert frame.content(event.subject_ref, stamp(moment)) == json.dumps(content_of(event))


@given(st.datetimes(min_value=dt.datetime(1000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 hypothesis adds the zone
def test_a_stamp_is_utc_with_microseconds(moment):
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        return
    assert stamp(moment) == moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ab"]), st.binary(max_size=9)), max_size=9))
def test_a_domain_that_was_met_before_hashes_as_at_first(asked):
    one = HmacKeyedHash(b"k" * 32)
    assert [one.digest(domain, data) for domain, data in asked] == [
        HmacKeyedHash(b"k" * 32).digests(domain, [data])[0].hex() for domain, data in asked
    ]

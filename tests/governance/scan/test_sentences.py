"""Long texts: what identifies by itself is seen in each of them, what only words tell in a bounded number of them."""

import json
import random
from importlib import resources
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from connectors.base import FULL, Dataset, DatasetKind, Field
from connectors.memory import MemoryStore
from governance.scan import reading_sentences, sentences
from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.detection import panel_of
from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.engines.local import scan_store
from governance.scan.makeup import makeup_of
from governance.scan.options import Engine, ScanOptions
from governance.scan.sentences import MOST, SAMPLED

TALK = (
    "the customer called about a parcel that was late and asked us to leave it at door please we said it will be"
    " there on friday but nobody came so they want their money back today"
)
WORDS = TALK.split()
CARD, PHONE, MAIL, NAME = "card 4111 1111 1111 1111", "phone 13812345678", "write to zhang@test.com", "Mr. John Miller"
BITS = (
    "123456789", "12-34-5678", "A123456(3)", "AB 123456 C", "NHS 943 476 5919", "tax id", "passport X1234567L",
    "GB82 WEST 1234 5698 7654 32", "DE", "MRN 00482913", "(138) 1234", "on 19 May", "2024-01-05", "10:30", "é",
    "社保号 12345678901", "CPF 123.456.789-09", CARD, "SSN 536-22-8741", "ssn 536228741", MAIL, PHONE, "10.1.2.3",
    "AKIAABCDEFGHIJKLMNOP", "wx: zhang_2024", "00:1A:2B:3C:4D:5E", "F123456789", "https://x.test/y",
    "+44 20 7946 0958", "110105198805120026", "粤B12345", "vin 1HGCM82633A004352", "imei 490154203237518",
)  # fmt: skip
FIELD = Field("body", "string")
DATASET = Dataset("t", DatasetKind.TABLE, (FIELD,))


def text(number, *more):
    rng = random.Random(number)
    words = [*rng.choices(WORDS, k=14), f"n{number}x"]
    for each in more:
        words.insert(rng.randrange(len(words)), each)
    return " ".join(words)


def notes(count, **planted):
    """So many different texts; `planted` says in which of them something stands."""
    return [
        text(number, *(globals()[name] for name, places in planted.items() if number in places))
        for number in range(count)
    ]


def scan(texts):
    store = MemoryStore("m", {"t": pa.table({"body": texts})})
    [dataset] = scan_store(store, ScanOptions(FULL, workers=1, engine=Engine(models="off"))).datasets
    return dataset, {each.entity: each for each in dataset.fields[0].findings}


def profiler():
    return Profiler(DATASET, tuple(default_registry()), ("CN", "US"))


def test_one_card_among_thousands_of_texts_is_found_and_counted_as_one():
    _, found = scan(notes(MOST + 3000, CARD={2931}))
    assert found["CREDIT_CARD"].hits == 1
    assert found["CREDIT_CARD"].prevalence_low == found["CREDIT_CARD"].prevalence_high == round(1 / (MOST + 3000), 6)


def test_rare_phones_and_mails_are_counted_one_by_one():
    _, found = scan(notes(MOST + 2000, PHONE=set(range(0, 3000, 250)), MAIL=set(range(5, 3000, 100))))
    assert (found["PHONE_NUMBER"].hits, found["EMAIL_ADDRESS"].hits) == (12, 30)


@pytest.mark.parametrize(
    ("planted", "entity"), [({"NAME": 7}, "PERSON"), ({"PHONE": 3}, "PHONE_NUMBER"), ({"MAIL": 20}, "EMAIL_ADDRESS")]
)
def test_a_frequent_kind_is_estimated_with_an_interval_that_holds_the_truth(planted, entity):
    [(name, each)] = planted.items()
    _, found = scan(notes(5000, **{name: set(range(0, 5000, each))}))
    assert found[entity].prevalence_low < 1 / each < found[entity].prevalence_high
    assert found[entity].prevalence_low < found[entity].prevalence < found[entity].prevalence_high


def test_few_texts_are_all_read_and_nothing_is_said_to_be_unseen():
    dataset, found = scan(notes(MOST - 10, NAME={3, 5, 8}))
    assert found["PERSON"].hits == 3
    assert found["PERSON"].prevalence_low == found["PERSON"].prevalence_high
    assert dataset.not_seen == ()


def test_the_report_says_that_names_were_looked_for_in_some_texts_only():
    dataset, _ = scan(notes(MOST + 500))
    assert [(each.place, each.reason) for each in dataset.not_seen] == [("m.t.body", "not_seen.texts_unread")]
    words = YAML(typ="safe").load(resources.files("policies").joinpath("words", "not_seen.yaml").read_text("utf-8"))
    for said in words["texts_unread"].values():
        assert f"{MOST:,}" in said
        assert f"{3 / MOST:.1%}" in said.replace(" %", "%")


def test_any_split_in_any_order_gives_the_same_bytes(monkeypatch):
    for module in (sentences, reading_sentences):
        monkeypatch.setattr(module, "MOST", 20)
        monkeypatch.setattr(module, "COUNTED", 4)
    texts = notes(600, CARD={7, 300}, PHONE=set(range(0, 600, 5)), MAIL={1, 2, 3, 4, 590}, NAME=set(range(0, 600, 3)))
    texts += texts[:200]
    whole = as_bytes(profiler().profile(pa.table({"body": texts})))
    rng = random.Random(5)
    for _ in range(6):
        rng.shuffle(texts)
        edges = [0, *sorted(rng.sample(range(len(texts)), 3)), len(texts)]
        one = profiler()
        parts = [
            (one if rng.random() < 0.5 else profiler()).profile(pa.table({"body": texts[low:high]}))
            for low, high in pairwise(edges)
        ]
        rng.shuffle(parts)
        merged = DatasetProfile()
        for part in parts:
            merged = merged.merge(DatasetProfile.from_json(json.loads(json.dumps(part.to_json()))))
        assert as_bytes(merged) == whole


def as_bytes(profile):
    return json.dumps(profile.to_json(), sort_keys=True)


@pytest.mark.parametrize("hints", [frozenset(), frozenset({"US_SSN", "PHONE_NUMBER"})])
def test_the_screen_passes_every_text_in_which_a_reading_finds_what_identifies_by_itself(hints):
    rng = random.Random(11)
    texts = [rng.choice((" ", ", ", "; ")).join(rng.choices(BITS, k=rng.randrange(4, 12))) for _ in range(1500)]
    texts = sorted(set(texts))
    values, context = (
        pa.array(texts),
        FieldContext(hints=hints, words=frozenset({"tax", "passport"}) if hints else frozenset()),
    )
    detectors = tuple(default_registry())
    panel, makeup = panel_of(detectors), makeup_of(values)
    read = panel.looked(values, makeup, context)
    wanted = dict.fromkeys(panel.screen.entities, np.ones(len(texts), np.bool_))
    passed = {each: set(rows.tolist()) for each, rows in panel.screen.strong(values, makeup, wanted, context).items()}
    found = {
        (detectors[number].entity, row)
        for row, score, number in zip(read.index.tolist(), read.score.tolist(), read.found_by.tolist(), strict=True)
        if score >= STRONG and detectors[number].entity not in SAMPLED
    }
    assert len(found) > 2000
    assert not {(entity, row) for entity, row in found if row not in passed.get(entity, set())}


def test_a_profile_says_nothing_of_its_texts():
    profile = profiler().profile(pa.table({"body": notes(300, CARD={1}, NAME={2}, MAIL={3})})).columns["body"]
    shown = repr(profile) + repr(profile.sentences) + json.dumps(profile.to_json())
    assert not {"4111 1111", "Miller", "zhang", "parcel"} & {
        word for word in ("4111 1111", "Miller", "zhang", "parcel") if word in shown
    }
    assert profile.estimated().estimated() == profile.estimated()

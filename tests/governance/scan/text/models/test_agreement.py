"""Rules and models are fused: the same place is surer, a part of a name goes into it, a rule wins elsewhere."""

from governance.scan.text.models.agreement import AGREED, agree
from governance.scan.text.spans import Span


def test_place_inside_a_longer_name_of_a_model_is_part_of_it():
    rule, model = Span(0, 2, "LOCATION", 0.55), Span(0, 6, "ORGANIZATION", 0.9)
    assert agree([rule], [model]) == [model]


def test_longer_place_of_a_model_is_surer_and_keeps_its_ends():
    assert agree([Span(0, 2, "LOCATION", 0.55)], [Span(0, 5, "LOCATION", 0.6)]) == [Span(0, 5, "LOCATION", AGREED)]


def test_place_behind_an_article_stays_the_place():
    rule = Span(4, 17, "LOCATION", 0.55)
    assert agree([rule], [Span(0, 17, "ORGANIZATION", 0.85)]) == [rule]


def test_other_standing_rules_keep_their_ends():
    rule = Span(3, 8, "ORGANIZATION", 0.75)
    assert agree([rule], [Span(0, 9, "PERSON", 0.9)]) == [rule]


def test_doubtful_name_of_a_model_does_not_take_a_place():
    rule = Span(0, 2, "LOCATION", 0.55)
    assert agree([rule], [Span(0, 6, "ORGANIZATION", 0.4)]) == [rule]

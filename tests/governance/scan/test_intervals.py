import pytest

from governance.scan.intervals import beats_chance, rule_of_three, wilson


@pytest.mark.parametrize(
    ("hits", "read", "low", "high"),
    [(0, 100, 0.0, 0.0370), (50, 100, 0.4038, 0.5962), (1, 10_000, 0.0000177, 0.000566), (100, 100, 0.963, 1.0)],
)
def test_wilson_interval(hits, read, low, high):
    assert wilson(hits, read) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_nothing_read_bounds_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert rule_of_three(0, complete=False) == 1.0


def test_chance_must_be_beaten_clearly():
    assert not beats_chance(100, 1000, 0.1)
    assert not beats_chance(120, 1000, 0.1)
    assert beats_chance(150, 1000, 0.1)
    assert beats_chance(1, 1, 0.0)

"""The geometry of charts, in per cent of their box, so that SVG scales with the page."""

from __future__ import annotations

from dataclasses import dataclass

from audits.report import Bar

GAP = 0.25
"""The blank between two columns, as a share of a column's pitch."""

FEWEST_COLUMNS = 14
"""A chart of fewer columns leaves the rest of its width blank, so that two days do not look like two walls."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One bar as drawn."""

    bar: Bar
    """What it stands for."""
    start: str
    """Where it begins, in per cent with two places."""
    size: str
    """How long it is, in per cent with two places."""
    height: str = "100"
    """How high it is, in per cent with two places."""


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def segments(bars: tuple[Bar, ...], *, stacked: bool) -> list[Shape]:
    """Bars along a line: behind one another when stacked, else each from the left against the longest."""
    whole = sum(bar.value for bar in bars) if stacked else max((bar.value for bar in bars), default=0)
    shapes: list[Shape] = []
    start = 0.0
    for bar in bars:
        size = 100 * bar.value / whole if whole else 0.0
        shapes.append(Shape(bar, _percent(start), _percent(size)))
        start += size if stacked else 0.0
    return shapes


def columns(bars: tuple[Bar, ...]) -> list[Shape]:
    """Bars side by side, growing upwards; a value above nothing is never drawn as nothing."""
    most = max((bar.value for bar in bars), default=0)
    pitch = 100 / max(len(bars), FEWEST_COLUMNS)
    return [
        Shape(
            bar,
            _percent(index * pitch + pitch * GAP / 2),
            _percent(pitch * (1 - GAP)),
            _percent(max(2.0, 100 * bar.value / most) if bar.value and most else 0.0),
        )
        for index, bar in enumerate(bars)
    ]

"""Progress on standard error, for anything that takes longer than a second, and only where a person looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from governance.cli.output import words

PATIENCE_SECONDS = 1.0
"""How long a job may run before its progress is shown."""


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None, str], None]]:
    """A function that takes steps done, steps in all (None when unknown) and a word; it draws after a second.

    The title is the end of a key of words, `cli.doing_{title}`.
    """
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    title = words().say(f"cli.doing_{title}")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    display = Progress(*columns, console=Console(stderr=True), transient=True)
    task = display.add_task(title, total=None)
    started = time.monotonic()
    shown = False

    def step(done: int, total: int | None, word: str) -> None:
        nonlocal shown
        if not shown and time.monotonic() - started > PATIENCE_SECONDS:
            display.start()
            shown = True
        display.update(task, completed=done, total=total, description=f"{title} {word}".strip())

    try:
        yield step
    finally:
        if shown:
            display.stop()


def _nothing(done: int, total: int | None, word: str) -> None:
    del done, total, word

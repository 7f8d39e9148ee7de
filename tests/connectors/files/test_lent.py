"""What Arrow's threads hold of Python's, and that a pass over a file does not end before they let go of it."""

from __future__ import annotations

import io
import threading
import weakref
from pathlib import Path

import pytest

from connectors.base import FULL
from connectors.files import lent as lent_module
from connectors.files.lent import Lent, LentBlocks
from connectors.files.store import FileStore
from connectors.opening import open_store
from policies.errors import StoreError


class _Thing:
    pass


class _Zeros(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # bytes-like
        return len(buffer)


def test_waits_for_a_thread_that_still_holds_something() -> None:
    lent, may_end = Lent(), threading.Event()
    held = [lent.lend(_Thing())]

    def let_go() -> None:
        may_end.wait(10)
        held.clear()

    thread = threading.Thread(target=let_go)
    thread.start()
    threading.Timer(0.2, may_end.set).start()
    assert lent.wait()
    assert may_end.is_set()
    assert not held
    thread.join()


def test_gives_up_on_what_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lent_module, "_LONGEST_WAIT_SECONDS", 0.05)
    lent = Lent()
    kept = lent.lend(_Thing())
    lent.lend(_Thing())
    assert not lent.wait()
    del kept


def test_blocks_handed_out_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lent_module, "_LONGEST_WAIT_SECONDS", 0.05)
    lent = Lent()
    blocks = LentBlocks(_Zeros(), 4096, lent)
    block = blocks.read_buffer(100)
    assert len(block) == 100
    assert not lent.wait()
    again = Lent()
    LentBlocks(_Zeros(), 4096, again).read_buffer(100)
    assert again.wait()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """For each pass, how many objects had been lent when it ended, and whether all of them came back."""
    seen: list[tuple[int, bool]] = []
    real = Lent.wait

    def wait(self: Lent) -> bool:
        seen.append((self._lent, real(self)))
        return seen[-1][1]

    monkeypatch.setattr(Lent, "wait", wait)
    return seen


@pytest.mark.parametrize("read_all", [True, False])
def test_nothing_is_held_after_a_pass(tmp_path: Path, waits: list[tuple[int, bool]], *, read_all: bool) -> None:
    (tmp_path / "a.csv").write_text("id,note\n" + "".join(f"{number},{'x' * 500}\n" for number in range(20_000)))
    with open_store("s", str(tmp_path)).read("a.csv", ["id", "note"], FULL) as reading:
        rows = 0
        for batch in reading:
            rows += batch.num_rows
            if not read_all:
                break
    assert rows == 20_000 if read_all else 0 < rows < 20_000
    # The file, the callback for ragged rows, and at least two of its blocks.
    assert len(waits) == 1
    assert waits[0][0] >= 4
    assert waits[0][1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a,b\n", False),
        (b"a,b\n1,2\n3\n4,5,6\n", False),
        (b"a,b\n1,2\n" + b'3,"x' + b"y,\n" * 1_500_000, True),
        (b"a,b\n1,2\n" + b"3,x\n" * 400_000 + b"\xff\n" * 300, True),
    ],
    ids=["no rows", "ragged", "open quote", "broken bytes"],
)
def test_nothing_is_held_after_bad_input(
    tmp_path: Path, waits: list[tuple[int, bool]], content: bytes, *, fault: bool
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    store = FileStore("s", str(tmp_path), encoding="utf-8")
    failed = False
    try:
        with store.read("a.csv", ["a", "b"], FULL) as reading:
            for _ in reading:
                pass
    except StoreError:
        failed = True
    assert failed == fault
    assert [came_back for _, came_back in waits] == [True]


def test_a_lent_object_is_not_kept_by_the_lender() -> None:
    lent = Lent()
    thing = lent.lend(_Thing())
    reference = weakref.ref(thing)
    del thing
    assert reference() is None

"""Two processes move one request at once: one wins, the other is told, and history and ledger hold one move."""

from __future__ import annotations

import runpy
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from governance.requests import desk as desk_module
from governance.requests import rows
from policies.errors import BadInputError, GovernanceError, StalePlanError

PARTS = str(Path(__file__).with_name("conftest.py"))
OTHER = """
import runpy, sys
from policies.errors import BadInputError, StalePlanError
world = runpy.run_path(sys.argv[1])["make_world"](sys.argv[2], create=False)
print("ready", flush=True)
sys.stdin.readline()
try:
    world.register.refuse(sys.argv[3], "exempt", ("authority", "court"))
    print("won")
except (BadInputError, StalePlanError):
    print("told")
world.records.dispose()
"""


def url_of(world):
    url = world.records.url
    return f"sqlite:///{url.database}" if world.records.dialect.name == "sqlite" else url.render_as_string(False)


def test_of_two_processes_one_wins_and_the_other_is_told(world) -> None:
    made = world.register.open(world.intake())
    others = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER, PARTS, url_of(world), made.id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in others:
        assert each.stdout.readline() == "ready\n"
    for each in others:
        each.stdin.write("go\n")
        each.stdin.flush()
    said = sorted(each.communicate(timeout=60)[0].strip() for each in others)
    assert said == ["told", "won"]
    assert world.register.get(made.id).state == "refused"
    assert [each.kind for each in world.register.history(made.id)] == ["opened", "refused"]
    assert len(list(world.ledger.events("request.refused"))) == 1


def test_two_that_read_the_same_state_cannot_both_write(postgres_url, monkeypatch) -> None:
    """On PostgreSQL both can read before either writes; the second finds no row of the version that it read."""
    parts = runpy.run_path(PARTS)
    world = parts["make_world"](postgres_url)
    made = world.register.open(parts["make_intake"]())
    both = threading.Barrier(2)
    found = rows.find_request

    def read_together(connection, request_id):
        request = found(connection, request_id)
        both.wait(timeout=20)
        return request

    monkeypatch.setattr(desk_module.rows, "find_request", read_together)
    told: list[GovernanceError | None] = []

    def act(move):
        try:
            move()
            told.append(None)
        except (StalePlanError, BadInputError) as cause:
            told.append(cause)

    moves = [
        lambda: world.register.answer(made.id),
        lambda: world.register.refuse(made.id, "exempt", ("authority", "court")),
    ]
    threads = [threading.Thread(target=act, args=(move,)) for move in moves]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=30)
    monkeypatch.undo()
    assert sorted(type(each).__name__ for each in told) == ["NoneType", "StalePlanError"]
    assert world.register.get(made.id).version == 2
    assert len(world.register.history(made.id)) == 2
    world.records.dispose()


@pytest.mark.parametrize("times", [8])
def test_moves_that_do_not_exclude_each_other_all_come_through_or_are_told(postgres_url, times: int) -> None:
    parts = runpy.run_path(PARTS)
    world = parts["make_world"](postgres_url)
    made = world.register.open(parts["make_intake"]())
    done: list[bool] = []

    def act(number):
        try:
            world.register.task(made.id, f"crm.table{number}", "system")
            done.append(True)
        except StalePlanError:
            done.append(False)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(times)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=30)
    assert len(done) == times
    assert sum(done) == len(world.register.tasks([made.id])) == world.register.get(made.id).version - 1 >= 1
    world.ledger.verify()
    world.records.dispose()

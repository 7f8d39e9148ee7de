"""A connection of the pool is asked whether it lives only where there is a doubt."""

import datetime as dt
import socket
from types import SimpleNamespace

import pytest

from governance.guard.liveness import DOUBT_SECONDS, Liveness

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


class Server:
    """The far end of a connection, and how often it was asked."""

    def __init__(self, *, answers=True):
        self.now, self.asked, self.answers, self.info = NOW, 0, answers, {}
        self.far, near = socket.socketpair()
        self.near = near
        self.raw = SimpleNamespace(pgconn=SimpleNamespace(socket=near.fileno()))
        self.liveness = Liveness(lambda: self.now, self._answer)
        self.liveness.seen(self.info)

    def lives(self):
        return self.liveness.lives(self.raw, self.info)

    def _answer(self, raw):
        assert raw is self.raw
        self.asked += 1
        return self.answers


@pytest.fixture(params=[True, False])
def server(request):
    made = Server(answers=request.param)
    yield made
    made.near.close()
    made.far.close()


def test_quiet_connection_of_a_moment_ago_is_not_asked(server):
    server.now += dt.timedelta(seconds=DOUBT_SECONDS - 1)
    assert server.lives()
    assert server.asked == 0


def test_connection_that_waited_long_is_asked(server):
    server.now += dt.timedelta(seconds=DOUBT_SECONDS)
    assert server.lives() == server.answers
    assert server.asked == 1


def test_connection_on_which_the_server_said_something_is_asked(server):
    server.far.send(b"E")
    assert server.lives() == server.answers
    assert server.asked == 1


def test_connection_that_the_server_closed_is_asked(server):
    server.far.close()
    assert server.lives() == server.answers
    assert server.asked == 1

"""One Spark session for all tests of this folder; its Java machine ends with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from governance.scan.engines.spark_session import spark_session
from policies.errors import InstallationError


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session on this machine; where none can start the test is skipped and says so."""
    with ExitStack() as stack:
        try:
            session = stack.enter_context(spark_session())
        except InstallationError as error:
            if os.environ.get("GOVERNANCE_REQUIRE_SPARK") == "1":
                pytest.fail(str(error))
            pytest.skip(str(error))
        gateway = session.sparkContext._gateway
        yield session
    _end(gateway)


def _end(gateway: Any) -> None:
    """Stop the Java machine, which otherwise lives as long as this process."""
    from pyspark import SparkContext

    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None

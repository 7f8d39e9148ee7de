"""A Spark session: the one that runs already, the one of `spark-submit`, a named master, or this machine alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from policies.errors import InstallationError, StoreError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[2]"
"""The master when nobody names one."""

_LOOPBACK = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
"""On this machine alone, nothing listens on a network."""

_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
}


@contextmanager
def spark_session(master: str | None = None) -> Iterator[SparkSession]:
    """A session, stopped at the end unless it ran before.

    Without a master it is the one of `spark-submit` or `spark-defaults.conf`, else two threads of this machine. A
    session on this machine listens on loopback only and shows no web page.

    Raises InstallationError without pyspark or Java, StoreError when the master does not answer.
    """
    kind = _session_class()
    running = kind.getActiveSession()
    if running is not None:
        yield running
        return
    session = _started(kind, master)
    try:
        yield session
    finally:
        session.stop()


def _session_class() -> type[SparkSession]:
    try:
        importlib.import_module("pandas")  # `mapInArrow` asks for it
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InstallationError(
            "engine spark",
            found=f"no Python package {(error.name or 'pyspark').split('.')[0]}",
            expected="pyspark with what it needs",
            next_step="pip install 'customer-data-governance[spark]', or scan with `--engine local`",
        ) from None
    return SparkSession


def _started(kind: type[SparkSession], master: str | None) -> SparkSession:
    from py4j.protocol import Py4JError
    from pyspark import SparkConf
    from pyspark.errors import PySparkException

    builder = kind.builder.appName("governance scan")
    try:
        chosen = master or SparkConf().get("spark.master") or LOCAL
        settings = {"spark.master": chosen, **_QUIET, **(_LOOPBACK if chosen.startswith("local") else {})}
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise _no_java(error) from None
    except Py4JError:
        raise _no_master() from None
    if chosen.startswith("local"):
        # The same Python for the workers; elsewhere the cluster's settings say which.
        session.sparkContext.pythonExec = sys.executable
    return session


def _no_java(error: Exception) -> InstallationError:
    return InstallationError(
        "engine spark",
        found=f"no Java that Spark could start ({type(error).__name__})",
        expected="Java 17 or newer, as JAVA_HOME or on the PATH",
        next_step="install a Java runtime, such as openjdk-17-jre-headless, or scan with `--engine local`",
    )


def _no_master() -> StoreError:
    return StoreError(
        "engine spark",
        found="a Spark master that did not answer",
        expected="an address such as spark://host:7077, yarn or local[4]",
        next_step="check `--spark-master` and that the cluster runs; docs/spark.md lists what it needs",
    )

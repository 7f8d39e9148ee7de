from __future__ import annotations

import pytest
import structlog

from governance.cli.logs import mask_values, set_up_logging


@pytest.mark.parametrize(
    "value",
    ["Ann Smith", "ann@x.io", "王小明", "13800138000", "11010519491231002X", "4929-1234", ["Ann"], b"Ann", {"a": "b"}],
)
def test_what_could_be_a_value_is_masked(value: object) -> None:
    shown = str(mask_values(None, "info", {"event": "scan.done", "field": value})["field"])
    assert shown.startswith("<")
    assert str(value)[:4] not in shown


@pytest.mark.parametrize("value", ["crm.customers", "access:1a2b3c4d", "done", 12, 0.5, True, None])
def test_references_and_counts_pass(value: object) -> None:
    assert mask_values(None, "info", {"field": value})["field"] == value


def test_events_go_to_standard_error_from_their_level_on(capsys) -> None:
    set_up_logging("info")
    log = structlog.get_logger()
    log.debug("scan.quiet")
    log.info("scan.done", fields=3, who="Ann Smith")
    shown = capsys.readouterr()
    assert "scan.done" in shown.err
    assert "scan.quiet" not in shown.err
    assert "Ann" not in shown.err
    assert shown.out == ""
    structlog.reset_defaults()

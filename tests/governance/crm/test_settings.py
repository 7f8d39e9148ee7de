"""How a CRM stands in `governance.yaml`: secrets by reference only, and nothing of it on another kind of store."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.project import Project
from policies.config import Medium
from policies.errors import ConfigError

ZOHO = "kind: zoho, data_center: cn, client: env:C, secret: env:S, token: env:T"
MARKER = "marker-4711"


def project(folder: Path, store: str, env: dict[str, str] | None = None) -> Project:
    path = folder / "governance.yaml"
    path.write_text(f"version: 1\nstores:\n  sales: {{{store}}}\n", encoding="utf-8")
    return Project.read(path, env or {})


def test_settings_hold_what_the_environment_holds_and_show_no_secret(tmp_path: Path) -> None:
    found = project(tmp_path, ZOHO + ", write: true, modules: [Contacts]", {"C": "c", "S": MARKER, "T": "t"})
    assert found.store("sales").medium is Medium.CRM
    settings = found.crm_settings("sales")
    assert settings.credentials == {"client": "c", "secret": MARKER, "token": "t"}
    assert (settings.kind, settings.data_center, settings.writable, settings.datasets) == (
        "zoho",
        "cn",
        True,
        ("Contacts",),
    )
    assert MARKER not in repr(settings)


def test_a_crm_is_read_only_unless_told_otherwise(tmp_path: Path) -> None:
    assert not project(tmp_path, ZOHO, {"C": "c", "S": "s", "T": "t"}).crm_settings("sales").writable


@pytest.mark.parametrize(
    ("store", "word"),
    [
        (f"kind: zoho, client: {MARKER}", "env:NAME"),
        ("kind: salesbarn", "zoho"),
        ("kind: zoho, path: x.csv", "exactly one"),
        ("path: x.csv, token: env:T", "`token` is of a CRM"),
        ("path: x.csv, write: true", "`write` is of a CRM"),
        ("kind: fxiaoke, encoding: big5", "of files"),
    ],
)
def test_what_does_not_fit_is_refused_without_showing_it(tmp_path: Path, store: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        project(tmp_path, store)
    assert word in str(caught.value)
    assert MARKER not in str(caught.value)


def test_an_unset_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="variable C, which is not set"):
        project(tmp_path, ZOHO).crm_settings("sales")


def test_what_only_a_database_can_do_is_refused(tmp_path: Path) -> None:
    found = project(tmp_path, ZOHO, {"C": "c", "S": "s", "T": "t"})
    with pytest.raises(ConfigError, match="a CRM"):
        found.store_target("sales")
    with pytest.raises(ConfigError, match="no `kind`"):
        project(tmp_path, "path: x.csv").crm_settings("sales")

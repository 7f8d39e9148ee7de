from __future__ import annotations

from pathlib import Path

import pytest

from policies.config import read_config
from policies.errors import ConfigError


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "governance.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_safe_and_local(tmp_path: Path) -> None:
    config = read_config(_write(tmp_path, "version: 1\n"))
    assert config.records.url.startswith("sqlite:///")
    assert config.laws == ("gdpr",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nstores: {a.b: {url: 'sqlite:///x.db'}}\n", "without a dot"),
        ("version: 1\nstores: {a: {}}\n", "exactly one of `url`, `path` and `kind`"),
        ("version: 1\nstores: {a: {url: x, path: y}}\n", "exactly one of `url`, `path` and `kind`"),
        ("version: 1\nlaws: [gdrp]\n", "one of"),
        ("version: 1\nkeyring: {provider: paper}\n", "file"),
        ("version: 1\nschema_check_seconds: 0\n", "greater than 0"),
        ("stores: {}\n", "version"),
    ],
)
def test_a_wrong_configuration_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(_write(tmp_path, text))
    assert said in str(caught.value)

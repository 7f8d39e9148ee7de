"""All YAML that is shipped reads the same by libyaml as by the reader of people's files, which refuses more."""

import math
from importlib import resources

import pytest

from policies.errors import PackError
from policies.shipped_yaml import parse_shipped
from policies.yaml_files import parse_yaml

SCALARS = [
    *("NO", "no", "yes", "on", "off", "~", "null", "true", "TRUE", "7", "007", "-3", "0o17", "0x1F"),
    *("1.5", "1e3", ".5", "-.inf", ".nan", "12:30:45", "2026-11-28", "'7'", "a"),
]
FOLDERS = ("policies/packs", "policies/words", "governance/demo/data")


def shipped():
    for folder in FOLDERS:
        root, *below = folder.split("/")
        place = resources.files(root).joinpath(*below)
        yield from (pytest.param(each, id=each.name) for each in place.iterdir() if each.name.endswith(".yaml"))


def typed(node):
    """A document with the type of each scalar, which plain equality would not see (1 and 1.0, True and 1)."""
    if isinstance(node, dict):
        return [(typed(key), typed(value)) for key, value in node.items()]
    if isinstance(node, list):
        return [typed(each) for each in node]
    kind = next((each for each in (bool, int, float, str) if isinstance(node, each)), type(node))
    return kind, "nan" if isinstance(node, float) and math.isnan(node) else node


@pytest.mark.parametrize("file", sorted(shipped(), key=lambda each: str(each.id)))
def test_what_is_shipped_reads_the_same_both_ways(file):
    text = file.read_text(encoding="utf-8")
    assert typed(parse_shipped(text, file.name)) == typed(parse_yaml(text, file.name))


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_scalar_reads_the_same_both_ways(scalar):
    assert typed(parse_shipped(f"[{scalar}, {{k: {scalar}}}]", "x")) == typed(
        parse_yaml(f"[{scalar}, {{k: {scalar}}}]", "x")
    )


@pytest.mark.parametrize("text", ["a: [", "!!python/object:os.system {}", "a: !!binary x"])
def test_what_is_no_data_of_ours_is_refused(text):
    with pytest.raises(PackError):
        parse_shipped(text, "x")

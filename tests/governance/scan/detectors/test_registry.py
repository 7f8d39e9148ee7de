import datetime as dt

import pytest

from governance.scan.detectors.email import EMAIL
from governance.scan.detectors.registry import Registry, default_registry
from policies.errors import ConfigError
from policies.taxonomy import load_taxonomy


def test_registering_a_name_twice_is_refused():
    registry = Registry([EMAIL])
    with pytest.raises(ConfigError, match="registered already"):
        registry.add(EMAIL)


def test_every_entity_of_ours_and_presidios_has_a_category():
    taxonomy = load_taxonomy(dt.date.max)
    assert {each.entity for each in default_registry()} <= set(taxonomy.entities)


def test_detectors_come_in_the_order_of_their_names():
    names = [each.name for each in default_registry()]
    assert names == sorted(names)

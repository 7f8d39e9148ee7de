"""Identifiers of many countries, as the pack `identifiers` describes them: numbers of people, accounts and things.

from governance.scan.detectors.identifiers import make_identifiers

detectors = make_identifiers()
"""

from governance.scan.detectors.identifiers.announced import make_announced
from governance.scan.detectors.identifiers.family import make_identifiers
from governance.scan.detectors.identifiers.replaces import REPLACES

__all__ = ["REPLACES", "make_announced", "make_identifiers"]

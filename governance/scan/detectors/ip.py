"""IP addresses, version 4 and 6; a version number such as `v1.2.3.4` is none."""

from __future__ import annotations

import ipaddress
import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_V4 = r"(?:\d{1,3}\.){3}\d{1,3}"
_V6 = r"(?:[0-9A-Fa-f]{1,4}:|:){2,7}(?::?[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3}|:)?"
_PREFIX = r"(?:/\d{1,3}(?![0-9/]))?"
"""How many bits name the network."""
_SOFTWARE = frozenset(
    ["version", "versions", "ver", "firmware", "build", "release", "revision", "rev", "software", "fw", "版本", "固件"]
)
_VERSION = re.compile(r"(?i)(?:(?<![a-z])v|version|ver\.?|release|build|版本|版本号)[\s:：=]*\d+(?:\.\d+){3}")


def _like_a_version(match: str, text: str, context: FieldContext) -> bool:
    """Four small numbers, or the words of field or text speak of software; few real addresses begin under 10."""
    return (
        bool(context.words & _SOFTWARE)
        or int(match.split(".", 1)[0]) in range(1, 10)
        or _VERSION.search(text) is not None
    )


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if len(match) < 5 or not any(sign.isdigit() for sign in match):
        return None
    try:
        address = ipaddress.ip_interface(match).ip
    except ValueError:
        return 0 if "." in match else None
    if address.version == 4 and _like_a_version(match, text, context):
        return 20
    return 75 if address.is_unspecified or address.is_loopback else 90


IP = PatternDetector(
    name="ip",
    entity="IP_ADDRESS",
    prefilter=r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:",
    pattern=re.compile(rf"(?<![0-9A-Za-z.:-])(?<![A-Za-z]/)(?P<hit>(?:{_V4}|{_V6}){_PREFIX})(?![0-9A-Za-z:]|\.\d)"),
    judge=by_text(_check),
    chance=0.02,
)

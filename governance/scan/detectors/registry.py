"""All detectors, by name; registering a name twice is an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from governance.scan.detectors import (
    address,
    address_zh,
    age,
    age_zh,
    birth_date,
    birth_date_zh,
    card,
    coordinate,
    email,
    gender,
    handle,
    iban,
    ip,
    letterhead,
    location,
    location_zh,
    mac,
    names_latin,
    names_zh,
    national_ids,
    organization,
    organization_zh,
    person,
    phone,
    phone_spelled,
    plate,
    secret,
    url,
    uscc,
)
from governance.scan.detectors.base import Detector
from governance.scan.detectors.health import make_health
from governance.scan.detectors.identifiers import make_announced, make_identifiers
from governance.scan.detectors.presidio_patterns import make_presidio
from governance.scan.detectors.user_recognizers import read_recognizers
from policies.errors import ConfigError

OWN: tuple[Detector, ...] = (
    address.ADDRESS,
    address_zh.ADDRESS_ZH,
    age.AGE,
    age.AGE_TOLD,
    age_zh.AGE_ZH,
    birth_date_zh.BIRTH_DATE_ZH,
    organization_zh.ORGANIZATION_ZH,
    birth_date.BIRTH_DATE,
    birth_date.BIRTH_YEAR,
    card.CARD,
    coordinate.COORDINATE,
    email.EMAIL,
    email.EMAIL_SPELLED,
    gender.GENDER,
    handle.HANDLE,
    iban.IBAN,
    ip.IP,
    letterhead.LETTERHEAD,
    location.LOCATION,
    location_zh.LOCATION_ZH,
    mac.MAC,
    national_ids.CN_RESIDENT_ID,
    national_ids.HK_ID,
    national_ids.TW_NATIONAL_ID,
    national_ids.US_SSN,
    organization.ORGANIZATION,
    person.PERSON,
    names_latin.PERSON_LATIN,
    names_zh.PERSON_CHINESE,
    phone.PHONE,
    phone_spelled.PHONE_SPELLED,
    plate.PLATE,
    secret.SECRET,
    url.URL,
    uscc.USCC,
)
"""The members of the family that need no pack."""


class Registry:
    """Detectors in the order of their names, so that the same set always works in the same order."""

    def __init__(self, detectors: Iterable[Detector] = ()) -> None:
        self._by_name: dict[str, Detector] = {}
        for detector in detectors:
            self.add(detector)

    def add(self, detector: Detector) -> None:
        """Register a detector. Raises ConfigError when its name is taken."""
        if detector.name in self._by_name:
            raise ConfigError(
                f"detector `{detector.name}`",
                found="a name that is registered already",
                expected="each name once",
                next_step="give the recognizer another name",
            )
        self._by_name[detector.name] = detector

    def __iter__(self) -> Iterator[Detector]:
        return iter(sorted(self._by_name.values(), key=lambda each: each.name))

    def __len__(self) -> int:
        return len(self._by_name)


@cache
def default_registry(recognizers: Path | None = None) -> Registry:
    """Our detectors, all of Presidio's and a user's own. Raises ConfigError for a wrong file.

    Loads Presidio on first use, which takes about a second.
    """
    own = read_recognizers(recognizers) if recognizers is not None else ()
    return Registry([*OWN, make_health(), *make_identifiers(), *make_announced(), *make_presidio(), *own])

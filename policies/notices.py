"""`policies/notices/*.yaml`: what people were told, in which edition, language and channel.

    version: 1
    id: customers
    kind: direct
    laws: [gdpr, pipl]
    covers: [sensitive]
    editions:
      - version: 2026-09
        language: en
        date: 2026-09-01
        channels: [web]
        withdraw_by: [web_form, phone]
        items: {controller: section 1, officer: section 1, transfers: none}

An item says where the notice speaks of it, or that it does not apply; what it says is not checked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from policies.errors import ConfigError
from policies.yaml_files import FileModel, read_model

Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/+-]{1,120}$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{2,35}$")]
Covered = Literal["cross_border", "sensitive", "sharing"]


def _said(items: dict[str, str]) -> dict[str, str]:
    if any(not text.strip() for text in items.values()):
        raise ValueError("for each item where the notice speaks of it, or `none`")
    return items


class Edition(FileModel):
    """One edition of a notice in one language."""

    version: Version
    """What consent events name; the editions of several languages share one."""
    language: Language
    """A BCP 47 tag."""
    date: dt.date
    """The first day on which it was shown."""
    channels: tuple[str, ...] = Field(min_length=1)
    """Where it is shown: `web`, `app`, `paper`, `phone`."""
    withdraw_by: tuple[str, ...] = ()
    """Methods by which consent can be taken back, in the words of the events' `method`."""
    items: Annotated[dict[str, str], AfterValidator(_said)] = Field(default_factory=dict)
    """Item to the place in the notice that speaks of it, or `none` where it does not apply."""


class NoticeFile(FileModel):
    """One notice with all its editions."""

    version: Literal[1] = 1
    """The form of the file."""
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")
    """Its name."""
    kind: Literal["direct", "indirect"] = "direct"
    """For data from the person, or from anybody else."""
    laws: tuple[str, ...] = ()
    """The laws whose items it must have; empty means each law in force."""
    covers: tuple[Covered, ...] = ()
    """Uses beside the ordinary one that it tells of; some laws ask for more items then."""
    sources: tuple[str, ...] = ()
    """For an indirect notice: the sources, as `source` of the catalog's fields, that it tells of."""
    editions: tuple[Edition, ...] = Field(min_length=1)
    """In any order."""


@dataclass(frozen=True, slots=True)
class Notices:
    """All notices of a project; falsy when none is declared."""

    files: tuple[NoticeFile, ...] = ()
    """By id."""

    def __bool__(self) -> bool:
        """Whether any notice is declared."""
        return bool(self.files)

    def editions(self) -> Iterator[tuple[NoticeFile, Edition]]:
        """Each edition with its notice, by notice, then date, version and language."""
        for file in self.files:
            for edition in sorted(file.editions, key=lambda each: (each.date, each.version, each.language)):
                yield file, edition

    def known(self, version: str, language: str = "") -> bool:
        """Whether there is an edition of that version, and of that language where one is asked for."""
        found = [each.language for _, each in self.editions() if each.version == version]
        return bool(found) and (not language or language in found)

    @property
    def digest(self) -> str:
        """SHA-256 over everything that they state."""
        told = "\n".join(each.model_dump_json() for each in self.files)
        return hashlib.sha256(told.encode()).hexdigest()


def read_notices(folder: Path) -> Notices:
    """The notices in a folder; none where there is no folder.

    Raises ConfigError for a wrong file, an id given twice, and one version of one language given twice.
    """
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    files: dict[str, NoticeFile] = {}
    places: dict[tuple[str, str], str] = {}
    for path in paths:
        file = read_model(NoticeFile, path, error=ConfigError)
        if file.id in files:
            raise _twice(path, f"id `{file.id}`", "an id of its own")
        files[file.id] = file
        for edition in file.editions:
            if places.setdefault((edition.version, edition.language), file.id) != file.id or _repeats(file, edition):
                raise _twice(path, f"edition {edition.version} in {edition.language}", "each version and language once")
    return Notices(tuple(files[name] for name in sorted(files)))


def _repeats(file: NoticeFile, edition: Edition) -> bool:
    same = [each for each in file.editions if (each.version, each.language) == (edition.version, edition.language)]
    return len(same) > 1


def _twice(path: Path, what: str, expected: str) -> ConfigError:
    return ConfigError(f"{path}, {what}", found="one given twice", expected=expected, next_step="give it another name")

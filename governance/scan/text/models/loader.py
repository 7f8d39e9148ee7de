"""Load the models of the extra `nlp`: only packages whose files have the pinned SHA-256, once, never over a network.

A model is opened when the first text in its language comes: English notes never load the Chinese one.
The Python code of a model's package is never run: its data files are opened by code of ours, or by spaCy.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata, util
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict

from governance.scan.lexicon import NEWEST
from governance.scan.text.models.base import TextModel
from governance.scan.text.models.chinese import ChineseModel
from governance.scan.text.models.english import EnglishModel
from governance.scan.text.spans import Span
from policies.errors import ConfigError, PackError
from policies.pack_loader import load_pack
from policies.yaml_files import check_model

MODES = ("auto", "on", "off")
"""`auto` uses the models that are installed and sound, `on` insists on all of them, `off` leaves them."""

KINDS: Mapping[str, type[ChineseModel | EnglishModel]] = {"chinese": ChineseModel, "english": EnglishModel}
"""What opens the folder of each kind of model."""

_LOG = structlog.get_logger()
_LOCK = threading.Lock()


class Pin(BaseModel):
    """One model that may be loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distribution: str
    """Its name on the package index."""
    version: str
    """The only version."""
    package: str
    """The folder among the site packages."""
    kind: str
    """A key of `KINDS`."""
    digest: str
    """SHA-256 over its files, as the pack describes it."""


class _Pins(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[Pin, ...]


class OnDemand:
    """A `TextModel` that is checked and opened when the first text wants it; shared by all threads.

    One that cannot be used finds nothing and is named in the log, or raises ConfigError for those who insist.
    """

    def __init__(self, pin: Pin, folder: Path, *, insisted: bool) -> None:
        self.name = pin.distribution
        self._kind = KINDS[pin.kind]
        self._pin, self._folder, self._insisted = pin, folder, insisted

    def wants(self, text: str) -> bool:
        """As `TextModel.wants`; opens nothing."""
        return self._kind.wants(text)

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """As `TextModel.find`. Raises ConfigError as the class says."""
        if not texts:
            return []
        with _LOCK:
            opened = _opened(self._pin, self._folder)
        if isinstance(opened, ConfigError) and self._insisted:
            raise opened
        return [() for _ in texts] if isinstance(opened, ConfigError) else opened.find(texts)


def load_models(mode: str = "auto") -> tuple[TextModel, ...]:
    """The models for a mode, none of them opened yet.

    Raises ConfigError for an unknown mode, and for `on` where a model is missing or not the pinned one.
    """
    if mode not in MODES:
        raise ConfigError(
            "option models", found="another word", expected=" or ".join(MODES), next_step="choose one of these words"
        )
    return () if mode == "off" else _prepared(insisted=mode == "on")


@cache
def _prepared(*, insisted: bool) -> tuple[TextModel, ...]:
    made: list[TextModel] = []
    for pin in pins():
        folder = find_folder(pin)
        if folder is None and insisted:
            raise _refused(pin, "no such package", "pip install 'customer-data-governance[nlp]'")
        if folder is not None:
            if insisted:
                check(pin, folder)
            made.append(OnDemand(pin, folder, insisted=insisted))
    return tuple(made)


@cache
def pins() -> tuple[Pin, ...]:
    """The models that may be loaded. Raises PackError when the pack is wrong."""
    return check_model(_Pins, load_pack("models", NEWEST).body, "pack models", error=PackError).models


@cache
def _opened(pin: Pin, folder: Path) -> TextModel | ConfigError:
    """The model in a folder, or why it is refused; opened once."""
    try:
        return open_model(pin, folder)
    except ConfigError as error:
        _LOG.warning("scan.model_refused", model=pin.distribution, found=error.found)
        return error


def find_folder(pin: Pin) -> Path | None:
    """Where the package lies; None when it is not installed. Nothing of it is run."""
    spec = util.find_spec(pin.package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None


def check(pin: Pin, folder: Path) -> None:
    """Raises ConfigError unless the files in the folder are the pinned ones."""
    version = _version(pin)
    if version != pin.version:
        raise _refused(pin, f"version {version}", f"install {pin.distribution}=={pin.version}")
    if digest(folder) != pin.digest:
        raise _refused(pin, "files that differ from the reviewed ones", "install it anew from the hashed lock")


def open_model(pin: Pin, folder: Path) -> TextModel:
    """The model in a folder. Raises ConfigError unless its files are the pinned ones and it opens."""
    check(pin, folder)
    try:
        return KINDS[pin.kind](folder)
    except (ImportError, OSError, RuntimeError, ValueError, KeyError, StopIteration) as error:
        raise _refused(
            pin, f"a package that does not open ({type(error).__name__})", "install the extra nlp"
        ) from error


def digest(folder: Path) -> str:
    """The SHA-256 over all files of a package, as the pack describes it."""
    files = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
    total = hashlib.sha256()
    for name in sorted(files):
        if "__pycache__" not in name.split("/"):
            with files[name].open("rb") as file:
                total.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return total.hexdigest()


def _version(pin: Pin) -> str:
    try:
        return metadata.version(pin.distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


def _refused(pin: Pin, found: str, next_step: str) -> ConfigError:
    expected = f"{pin.distribution} {pin.version} with the pinned SHA-256"
    return ConfigError(f"model `{pin.distribution}`", found=found, expected=expected, next_step=next_step)

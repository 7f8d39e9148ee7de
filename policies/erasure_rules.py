"""`policies/erasure.yaml`: what becomes of a record when its person is erased, where that is not deletion.

    version: 1
    datasets:
      crm.orders: {action: anonymise, masks: {ship_phone: phone}, created: ordered_at}
      crm.letters: {action: crypto_shred}

What a duty of retention.yaml or a legal hold keeps is kept whatever stands here; which words the laws have for that is
in the pack `erasure`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, read_model

ErasureAction = Literal["delete", "anonymise", "crypto_shred"]
"""What is done with a person's record that nothing keeps."""


class ErasureEntry(FileModel):
    """What becomes of the records of one dataset."""

    action: ErasureAction = "delete"
    """`delete`; `anonymise`: the row stays, its personal fields are masked or emptied; `crypto_shred`: the row stays,
    its encrypted fields are emptied and the person's key is destroyed."""
    masks: dict[str, str] = Field(default_factory=dict)
    """Field to the mask that it gets when its row stays; a personal field that is not named is emptied."""
    created: str | None = None
    """The field with the time at which a record came to be: after a restore it tells an erased person's record from
    that of a new one with the same key."""


class ErasureFile(FileModel):
    """The whole of `erasure.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    datasets: dict[str, ErasureEntry] = Field(default_factory=dict)
    """By `store.dataset`; records of a dataset that is not named are deleted."""

    @model_validator(mode="after")
    def _named(self) -> ErasureFile:
        if any("." not in name for name in self.datasets):
            raise ValueError("`store.dataset` for each dataset")
        return self

    def of(self, dataset: DatasetRef) -> ErasureEntry:
        """What becomes of the records of a dataset."""
        return self.datasets.get(str(dataset), ErasureEntry())


def read_erasure(path: Path) -> ErasureFile:
    """What a file says; all is deleted where there is no file. Raises ConfigError."""
    return read_model(ErasureFile, path, error=ConfigError) if path.exists() else ErasureFile()


def exemptions(laws: Sequence[str], reason: str, on: dt.date) -> Mapping[str, str]:
    """Law to the article by which a record may be kept for a reason, `duty` or `hold`; from the pack in force."""
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = load_pack("erasure", on).body["exemptions"]
    return {law: found[law][reason]["code"] for law in laws if reason in found.get(law, {})}

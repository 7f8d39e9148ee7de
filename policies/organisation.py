"""`policies/organisation.yaml`: who answers for the data, who receives it, and what people are told of both.

Reports, records of consent and answers to requests take from here what no store holds; what is missing is missing
there too, and said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from policies.errors import ConfigError
from policies.lifecycle import PeriodText
from policies.purposes import PurposesFile
from policies.yaml_files import FileModel, read_model

FILE = "organisation.yaml"
"""Its name in the policies folder."""
DeclaredFact = Literal[
    "automated",
    "blocks_right",
    "evaluation",
    "extensive_evaluation",
    "innovative",
    "major",
    "matching",
    "monitoring",
    "public_monitoring",
    "training",
]
"""What a purpose does to people that no register shows; an assessment of its impact asks for it."""


class PartyEntry(FileModel):
    """An organisation, and how it is reached."""

    id: str = Field(min_length=1)
    """What names it for machines: an address on the web or a number of a register."""
    name: str = Field(min_length=1)
    """Its legal name."""
    address: str = Field(min_length=1)
    """Its postal address."""
    country: str = Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    """The country of its seat, by ISO 3166 code."""
    contact: str = Field(min_length=1)
    """Where people turn to: an e-mail address, a phone number or a page."""


class OfficerEntry(FileModel):
    """The person or office that answers for data protection."""

    title: str = Field(min_length=1)
    """The office, such as `data protection officer`; a name is not needed."""
    contact: str = Field(min_length=1)
    """Where people turn to."""


class RecipientEntry(PartyEntry):
    """Somebody outside who receives personal data."""

    role: Literal["processor", "third_party", "joint_controller"]
    """On whose account they act."""
    contract: str | None = Field(default=None, min_length=1)
    """Reference of the contract or terms under which they receive it; without one the record of processing says so."""
    purposes: tuple[str, ...] = Field(min_length=1)
    """For what they receive it; a purpose covers those below it."""


class ClientEntry(PartyEntry):
    """A controller on whose account personal data is processed."""

    contract: str | None = Field(default=None, min_length=1)
    """Reference of the contract."""
    purposes: tuple[str, ...] = Field(min_length=1)
    """What is done for them; a purpose covers those below it."""
    officer: OfficerEntry | None = None
    """Who answers for data protection there."""


class TransferEntry(FileModel):
    """Personal data that goes to another country."""

    recipient: str
    """Who receives it: a name under `recipients`."""
    country: str = Field(pattern=r"^[A-Z]{2}$")
    """Where it goes, by ISO 3166 code."""
    mechanism: str = Field(min_length=1)
    """On what ground: `adequacy`, `scc`, `bcr`, `cn-standard-contract`, `consent`."""
    reference: str | None = None
    """Where the document lies."""


class ProcessingEntry(FileModel):
    """What is told of one purpose and those below it."""

    retention: PeriodText
    """How long the data is kept for it, as an ISO 8601 duration such as `P3Y`."""
    dpv: str | None = Field(default=None, pattern=r"^dpv:[A-Za-z]+$")
    """Its term in the W3C Data Privacy Vocabulary, where the name of the purpose does not say it."""
    storage: tuple[str, ...] = ()
    """Where it is stored, by ISO 3166 code, where that differs from `storage`."""
    owner: str | None = Field(default=None, min_length=1)
    """The office that answers for it, such as `customer care`; a name is not needed."""
    review_by: dt.date | None = None
    """The day by which somebody looks at it again."""
    declares: dict[DeclaredFact, bool] = Field(default_factory=dict)
    """What it does to people, or does not; see docs/dpia.md. What is not here has to be asked."""
    codes: dict[str, str] = Field(default_factory=dict)
    """Law to the official code of the purpose, where a law has a list of them: `{tw-pdpa: "040"}`."""


class OptOutEntry(FileModel):
    """Which purposes end when somebody opts out, as Californian law divides them; an empty list says that none is."""

    sale: tuple[str, ...]
    """Purposes for which data is sold."""
    sharing: tuple[str, ...]
    """Purposes for which it is shared for advertising across contexts."""


class OrganisationFile(FileModel):
    """The whole of `organisation.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    controller: PartyEntry | None = None
    """Who decides why and how the data is used."""
    representative: PartyEntry | None = None
    """Who stands for a controller without a seat where the law holds."""
    officer: OfficerEntry | None = None
    """Who answers for data protection."""
    authority: str | None = None
    """The supervisory authority that people can complain to, with its address."""
    withdrawal: str | None = None
    """Where and how consent is withdrawn: a page or a sentence."""
    rights: str | None = None
    """Where and how people exercise their rights."""
    storage: tuple[str, ...] = ()
    """Where data is stored, by ISO 3166 code."""
    recipients: dict[str, RecipientEntry] = Field(default_factory=dict)
    """By name."""
    transfers: dict[str, TransferEntry] = Field(default_factory=dict)
    """By name."""
    clients: dict[str, ClientEntry] = Field(default_factory=dict)
    """Controllers on whose account data is processed, by name."""
    measures: dict[str, str] = Field(default_factory=dict)
    """Technical and organisational measures: name to what it is."""
    processing: dict[str, ProcessingEntry] = Field(default_factory=dict)
    """Purpose to what is told of it."""
    opt_out: OptOutEntry | None = None
    """Purposes that end when somebody opts out of sale and sharing."""

    def processing_of(self, line: tuple[str, ...]) -> ProcessingEntry | None:
        """What is told of a purpose, given with those above it, nearest first."""
        return next((self.processing[each] for each in line if each in self.processing), None)

    def recipients_of(self, line: tuple[str, ...]) -> Iterator[RecipientEntry]:
        """Who receives data for a purpose, given with those above it; sorted by name."""
        for _, each in sorted(self.recipients.items()):
            if set(each.purposes) & set(line):
                yield each


def read_organisation(path: Path, purposes: PurposesFile) -> OrganisationFile:
    """The organisation in a file; an empty one where there is no file.

    Raises ConfigError for a purpose that purposes.yaml does not have, or a transfer to an unknown recipient.
    """
    if not path.exists():
        return OrganisationFile()
    found = read_model(OrganisationFile, path, error=ConfigError)
    for place, name in _named_purposes(found):
        if name not in purposes.purposes:
            raise _wrong(f"{path}, {place}", "a purpose that purposes.yaml does not have", "one of its purposes")
    for name, transfer in found.transfers.items():
        if transfer.recipient not in found.recipients:
            raise _wrong(f"{path}, transfers.{name}", "a recipient that is not listed", "a name under `recipients`")
    return found


def _named_purposes(found: OrganisationFile) -> Iterator[tuple[str, str]]:
    for name in found.processing:
        yield f"processing.{name}", name
    for recipient, entry in found.recipients.items():
        for name in entry.purposes:
            yield f"recipients.{recipient}.purposes", name
    for client, told in found.clients.items():
        for name in told.purposes:
            yield f"clients.{client}.purposes", name
    if found.opt_out is not None:
        for name in (*found.opt_out.sale, *found.opt_out.sharing):
            yield "opt_out", name


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="mend organisation.yaml")

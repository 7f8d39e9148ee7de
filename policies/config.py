"""`governance.yaml`: which stores there are, where our own records lie, and which laws hold."""

from __future__ import annotations

import datetime as dt
import enum
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from policies.catalog import SensitivityWord
from policies.errors import ConfigError
from policies.periods import parse_period
from policies.yaml_files import FileModel, read_model

_STORE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_CRM_ONLY = frozenset({"data_center", "address", "client", "secret", "token", "user", "write", "modules", "proxy"})
_COURSE = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_RULE_ID = re.compile(r"GOV[0-9]{3}")
_CALENDAR = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
LAWS = ("ccpa", "gdpr", "pipl", "tw-pdpa", "uk-gdpr")
"""Laws that a project can name."""


def _store_name(name: str) -> str:
    if not _STORE_NAME.fullmatch(name):
        raise ValueError("a store's name is letters, digits, `_` and `-`, without a dot")
    return name


def _law(name: str) -> str:
    if name not in LAWS:
        raise ValueError(f"one of {', '.join(LAWS)}")
    return name


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _rule_id(name: str) -> str:
    if not _RULE_ID.fullmatch(name):
        raise ValueError("a rule of `governance check`, such as GOV009")
    return name


def _attribute(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("an attribute's name is letters, digits and `_`")
    return name


def _calendar(name: str) -> str:
    if not _CALENDAR.fullmatch(name):
        raise ValueError("a country, or a part of one, by ISO 3166: DE, DE-BY, GB-ENG, US-CA")
    return name


def _period(text: str) -> str:
    return parse_period(text).text


def _course(name: str) -> str:
    if not _COURSE.fullmatch(name):
        raise ValueError("a course's name is small letters, digits, `_` and `-`")
    return name


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError("the name of an environment variable, as `env:NAME`; a secret itself never stands here")
    return text


Reference = Annotated[str, AfterValidator(_reference)]
CourseName = Annotated[str, AfterValidator(_course)]
AttributeName = Annotated[str, AfterValidator(_attribute)]
StoreName = Annotated[str, AfterValidator(_store_name)]
Law = Annotated[str, AfterValidator(_law)]
CalendarName = Annotated[str, AfterValidator(_calendar)]


class Medium(enum.StrEnum):
    """What a store is reached by."""

    DATABASE = "database"
    FILES = "files"
    CRM = "crm"


class StoreConfig(FileModel):
    """One store: a database by `url`, files by `path`, or an account of a CRM by `kind`."""

    url: str | None = None
    """A SQLAlchemy URL; `env:NAME` takes it from an environment variable, for URLs that hold a password."""
    path: str | None = None
    """A file, folder or glob, relative to `governance.yaml`."""
    kind: Literal["zoho", "fxiaoke"] | None = None
    """The vendor of a CRM."""
    data_center: str = ""
    """CRM: where the account lies, such as `eu` or `cn`; empty takes the vendor's first."""
    address: str | None = None
    """CRM: the address of a cloud of one's own in place of `data_center`; `https`, and `http` to this machine alone."""
    client: Reference | None = None
    """CRM: the id of the application that was registered with the vendor."""
    secret: Reference | None = None
    """CRM: that application's secret."""
    token: Reference | None = None
    """CRM: what the vendor gave for the account: a refresh token (Zoho), a permanent code (Fxiaoke)."""
    user: Reference | None = None
    """CRM: the user in whose name calls are made, where the vendor wants one (Fxiaoke)."""
    write: bool = False
    """CRM: whether jobs may change and erase records."""
    modules: tuple[str, ...] = ()
    """CRM: the only modules or objects to see; empty takes all."""
    proxy: Reference | None = None
    """CRM: the address of a proxy, in an environment variable since it may hold a password."""
    encoding: str | None = None
    """The text encoding of CSV files, when it cannot be detected."""
    consent: Literal["projection", "temporary"] = "projection"
    """Where queries find consent: in tables of ours in the store, or in temporary ones on each connection, for a store
    that must not be written."""
    migrations: tuple[str, ...] = ()
    """Folders of migrations that `governance check` reads."""
    models: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Files and folders that describe the store, for `governance check`: SQLAlchemy models, a Prisma schema, dbt model
    files, JSON Schema, protobuf, OpenAPI."""

    @model_validator(mode="after")
    def _one_target(self) -> StoreConfig:
        if sum(each is not None for each in (self.url, self.path, self.kind)) != 1:
            raise ValueError("exactly one of `url`, `path` and `kind`")
        strangers = sorted(_CRM_ONLY & self.model_fields_set) if self.kind is None else ()
        if strangers:
            raise ValueError(f"`{strangers[0]}` is of a CRM, which needs a `kind`")
        if self.kind is not None and self.encoding is not None:
            raise ValueError("`encoding` is of files")
        if self.kind is not None and "consent" in self.model_fields_set:
            raise ValueError("`consent` is of a database")
        return self

    @property
    def medium(self) -> Medium:
        """What the store is reached by."""
        if self.kind is not None:
            return Medium.CRM
        return Medium.DATABASE if self.url is not None else Medium.FILES


class RecordsConfig(FileModel):
    """Where ledger, consent and jobs are kept."""

    url: str = "sqlite:///.governance/gov.db"
    """A SQLAlchemy URL of SQLite or PostgreSQL, or `env:NAME`."""
    checkpoint_file: str | tuple[str, ...] = ()
    """A file, or a list of files, that receive every signed checkpoint, best on disks that someone else keeps."""
    ledger_keep_days: int | None = Field(default=None, ge=0)
    """How many days a closed period of the ledger is kept before it may be dropped; without it none may."""


class VaultConfig(FileModel):
    """A key of HashiCorp Vault's transit engine. The token comes from VAULT_TOKEN."""

    address: str
    """`https://HOST:PORT`; `http` only to this machine."""
    key: str
    """The name of the key, of type aes256-gcm96."""
    mount: str = "transit"
    """The path at which the engine is mounted."""


class AwsKmsConfig(FileModel):
    """A symmetric key of AWS KMS."""

    key: str
    """Its id, ARN or alias, such as `alias/governance`."""
    region: str
    """The region that holds it."""
    endpoint: str | None = None
    """Another address than the region's own, such as a private endpoint; `http` only to this machine."""
    credentials: Literal["default", "environment"] = "environment"
    """`environment` takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and nothing else; `default`
    looks where AWS's library looks, the machine's metadata service included."""


class GcpKmsConfig(FileModel):
    """A symmetric key of Google Cloud KMS."""

    key: str = Field(pattern=r"^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$")
    """Its resource name, without a version."""
    endpoint: str | None = None
    """Another address than Google's own, such as a private endpoint; `http` only to this machine."""
    credentials: Literal["default", "environment"] = "environment"
    """`environment` takes the service account in the file that GOOGLE_APPLICATION_CREDENTIALS names; `default` looks
    where Google's library looks, the machine's metadata service included."""


class KeyringConfig(FileModel):
    """Where keys come from."""

    provider: Literal["aws-kms", "env", "file", "gcp-kms", "vault"] = "file"
    """What opens the keyring: a passphrase, the variable GOVERNANCE_KEK, HashiCorp Vault's transit engine, AWS KMS or
    Google Cloud KMS."""
    path: str = ".governance/keyring.json"
    """The file of wrapped keys. Its passphrase comes from GOVERNANCE_PASSPHRASE or `passphrase_file`."""
    passphrase_file: str | None = None
    """A file, readable by its owner alone, that holds the passphrase when the variable is not set."""
    vault: VaultConfig | None = None
    """Where Vault is, for `provider: vault`."""
    aws: AwsKmsConfig | None = None
    """Which key of AWS KMS, for `provider: aws-kms`."""
    gcp: GcpKmsConfig | None = None
    """Which key of Google Cloud KMS, for `provider: gcp-kms`."""
    subjects: str = ".governance/subject-keys.db"
    """The file of persons' keys. Keep it out of the backups of your data; `governance keys backup` copies it."""
    backup_days: int = Field(default=35, ge=0)
    """How many days the oldest backup of keyring and persons' keys lives; a destroyed key dies with it."""

    @model_validator(mode="after")
    def _service_told(self) -> KeyringConfig:
        told = {"aws-kms": ("aws", self.aws), "gcp-kms": ("gcp", self.gcp), "vault": ("vault", self.vault)}
        for provider, (name, section) in told.items():
            if (self.provider == provider) != (section is not None):
                raise ValueError(f"`{name}` with `provider: {provider}`, and only then")
        return self


class ScanConfig(FileModel):
    """What a scan reads when the command does not say."""

    sample: int = Field(default=10_000, ge=1)
    """Rows for each dataset."""
    regions: tuple[str, ...] = ("CN", "TW", "HK", "US", "CA", "GB", "DE")
    """ISO 3166 regions that phone numbers without a prefix may belong to."""


class PrincipalsConfig(FileModel):
    """A table from which users and their attributes come, beside those of `principals.yaml`."""

    store: StoreName
    """The store that holds it, a database."""
    table: str = Field(min_length=1)
    """The table or view, with its schema where that is not the default one: `hr.staff`."""
    name: str
    """The column that holds a user's name, as policies write it."""
    attributes: dict[AttributeName, str] = Field(default_factory=dict)
    """Attribute, as `principal.NAME` in conditions, to column."""
    refresh_seconds: int = Field(default=30, ge=0)
    """How old what was read may be; 0 reads it for every statement."""


class JobsConfig(FileModel):
    """How jobs work: whatever deletes, encrypts or copies many rows."""

    approval: Literal["none", "two_persons"] = "none"
    """`two_persons`: a plan runs only after somebody approved it who neither made nor runs it."""
    batch_rows: int = Field(default=500, ge=1, le=10_000)
    """Rows in one transaction, at most."""
    rows_per_second: float | None = Field(default=None, gt=0)
    """Rows in a second, at most; as many as the store takes when it is left out."""
    window: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """The hours in which batches may begin, in `time_zone`, such as `22:00-06:00`; any hour when it is left out."""
    certificate_days: int = Field(default=365, ge=1)
    """How many days after its end, or after a plan that never ran, the marks in a job's files can be tied to rows."""


class ProtectionConfig(FileModel):
    """What must be encrypted in the stores."""

    encrypt_from: SensitivityWord | None = None
    """Fields of this sensitivity and of every higher one must be encrypted; none must be unless it is set."""


class CheckConfig(FileModel):
    """How `governance check` judges."""

    severity: dict[Annotated[str, AfterValidator(_rule_id)], Literal["error", "warning", "off"]] = Field(
        default_factory=dict
    )
    """Rule to how much its findings weigh, instead of what the rule says; `off` leaves them out."""
    fixtures: tuple[str, ...] = ()
    """Files and folders of seeds, fixtures and test data, which must hold no values of real people."""
    baseline: str | None = None
    """The file of findings that were there before and do not count."""


class TrainingConfig(FileModel):
    """Which training people must have attested before they use data."""

    courses: dict[CourseName, Annotated[str, AfterValidator(_period)]] = Field(default_factory=dict)
    """Course to how long an attestation of it holds, such as `P12M`."""
    purposes: dict[str, tuple[CourseName, ...]] = Field(default_factory=dict)
    """Purpose to the courses that it, and each purpose below it, asks for. The guard refuses whoever lacks one."""

    @model_validator(mode="after")
    def _known_courses(self) -> TrainingConfig:
        if not {course for asked in self.purposes.values() for course in asked} <= self.courses.keys():
            raise ValueError("`purposes` with courses of `courses` only")
        return self


class GovernanceConfig(FileModel):
    """The whole of `governance.yaml`."""

    version: Literal[1]
    """The form of the file."""
    stores: dict[StoreName, StoreConfig] = Field(default_factory=dict)
    """By name."""
    policies: str = "policies"
    """The folder that holds catalog, access policy, purposes, principals and retention rules."""
    records: RecordsConfig = RecordsConfig()
    """Where our own records lie."""
    keyring: KeyringConfig = KeyringConfig()
    """Where keys come from."""
    principals: PrincipalsConfig | None = None
    """A table from which users come, beside those of `principals.yaml`."""
    protection: ProtectionConfig = ProtectionConfig()
    """What must be encrypted in the stores."""
    laws: tuple[Law, ...] = ("gdpr",)
    """The laws in force; where a person's law is unknown, the strictest of these holds."""
    time_zone: str = "UTC"
    """The zone in which reports show times and days begin, as an IANA name."""
    calendar: CalendarName | None = None
    """Whose public holidays no deadline ends on, such as `DE-BY`; weekends alone are closed when it is left out."""
    calendars: dict[Law, CalendarName] = Field(default_factory=dict)
    """By law, another calendar than `calendar`, such as `US-CA` for `ccpa`."""
    closed_days: tuple[dt.date, ...] = ()
    """Days on which nobody works here, beside weekends and public holidays."""
    schema_check_seconds: int = Field(default=30, gt=0)
    """How often an open connection compares the schema with the catalog."""
    scan: ScanConfig = ScanConfig()
    """What a scan reads when the command does not say."""
    check: CheckConfig = CheckConfig()
    """How `governance check` judges."""
    jobs: JobsConfig = JobsConfig()
    """How jobs work."""
    training: TrainingConfig = TrainingConfig()
    """Which training people must have attested before they use data."""


def read_config(path: Path) -> GovernanceConfig:
    """`governance.yaml` as a checked model. Raises ConfigError."""
    return read_model(GovernanceConfig, path, error=ConfigError)

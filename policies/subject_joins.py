"""What the catalog says of finding a person: which fields identify, which hang together, which are about others."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from policies.yaml_files import FileModel


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


IdentifierKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,30}$")]
"""A kind of identifier: `email`, `phone`, `id`, `name`, or a word of the project's own, compared as `id` is."""
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class SubjectJoin(FileModel):
    """Records that belong together although no foreign key of the store says so."""

    fields: Names = Field(min_length=1)
    """The referring fields, of this dataset."""
    to: str = Field(pattern=r"^[^.\s]+\..+$")
    """The dataset referred to, with its store: `crm.customers`; it may lie in another store."""
    referred: Names = Field(min_length=1)
    """The fields referred to, in the same order."""
    direction: Literal["down", "up", "both"] = "down"
    """`down`: whoever has the record referred to has this one too; `up`: whoever has this one has the record that it
    refers to, another person's included; `both`."""

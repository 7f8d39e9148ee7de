"""Names of files, datasets and fields as findings may show them: themselves, or their shape."""

from __future__ import annotations

from functools import lru_cache

from governance.scan.shapes import shape_name


@lru_cache(maxsize=10_000)
def shown(name: str) -> str:
    """A name, or its shape when it holds what looks like a value of a person; kept, as each look takes milliseconds."""
    return shape_name(name)


def shown_ref(ref: str) -> str:
    """A reference such as `crm.customers.email` whose every part may be shown."""
    return ".".join(shown(part) for part in ref.split("."))


def shown_path(path: str) -> str:
    """A path with `/` whose every part may be shown, looked at with and without its ending."""
    return "/".join(_part(each) for each in path.split("/"))


def _part(part: str) -> str:
    stem, dot, ending = part.rpartition(".")
    return shown(part) if shown(stem) == stem else shown(stem) + dot + ending

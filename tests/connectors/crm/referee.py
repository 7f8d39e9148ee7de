"""Judges requests by the vendor's own description, where it is at hand; the project does not carry it.

Stricter than the description alone: a name in the query that it does not list is a fault too.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from .zoho_account import Asked

DATA = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[4] / "shared" / "data"))
DESCRIPTION = DATA / "zoho_oas"
ABSENT = "the vendor's description is not beside the project, so no request was judged by it"
HOST = "https://zohoapis.com"

_FILES = (
    (r"settings/modules", "modules"),
    (r"settings/fields", "fields"),
    (r"settings/recycle_bin", "recycle_bin"),
    (r"settings/profiles(/\w+)?", "profiles"),
    (r"settings/data_sharing/rules", "sharing_rules"),
    (r"settings/audit_log_export(/\w+)?", "audit_log_export"),
    (r"users", "users"),
    (r"org", "org"),
    (r"coql", "coql"),
    (r"[^/]+/actions/count", "record_count"),
    (r"[^/]+/[^/]+/Attachments", "attachments"),
    (r"[^/]+/[^/]+/__timeline", "timelines"),
    (r"[^/]+/[^/]+/Emails", "related_records"),
    (r"[^/]+(/search)?", "record"),
)
"""The file that describes a path, from behind the version; notes are records, as the help pages say."""


@dataclass(frozen=True)
class Difference:
    """Where the description and the vendor's help pages differ, and the help pages are followed."""

    method: str
    path: str
    page: str
    """The help page, seen 2026-11-22 or later, that says otherwise."""
    query: tuple[tuple[str, str], ...] = ()
    """What the description wants in the query in place of what the help page says."""
    body: bytes = b""
    """The body that it wants."""


DIFFERENCES = (
    Difference("get", "settings/recycle_bin", "get-recycle-bin: neither is needed", (("filters", "{}"), ("ids", "1"))),
    Difference("delete", "settings/recycle_bin", "del-recycle-bin-records: ids or filters", (("filters", "{}"),)),
    Difference("get", "Attachments", "get-attachments: of one record, ids are not needed", (("ids", "1"),)),
    Difference("get", "settings/data_sharing/rules", "the one allowed word is an example", (("module", "Campaigns"),)),
    Difference(
        "post",
        "settings/audit_log_export",
        "export-audit-log: one criterion or a group, and a list of two times",
        body=b'{"audit_log_export": [{"criteria": {"field": {"api_name": "audited_time"}, "comparator": "between", '
        b'"value": {}, "group_operator": "and", "group": []}}]}',
    ),
)


@cache
def _described(name: str) -> OpenAPI:
    return OpenAPI.from_file_path(str(DESCRIPTION / f"{name}.json"))


@cache
def _raw(name: str) -> Any:
    return json.loads((DESCRIPTION / f"{name}.json").read_text(encoding="utf-8"))


def _names(name: str, template: str, method: str) -> set[str]:
    raw = _raw(name)
    listed = raw["paths"][template][method].get("parameters", [])
    named = [
        raw["components"]["parameters"][each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each for each in listed
    ]
    return {each["name"] for each in named if each["in"] == "query"}


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((key, _shape(each)) for key, each in value.items()))
    if isinstance(value, list):
        return tuple(sorted({repr(_shape(each)) for each in value}))
    return type(value).__name__


def shape(asked: Asked) -> Any:
    """What of a request is judged: two of one shape get one judgement."""
    path = re.sub(r"\d{2,}", "1", asked.path)
    return asked.method, path, tuple(sorted(asked.query)), _shape(asked.json) if asked.body else None


def operation(asked: Asked) -> tuple[str, str]:
    """Method and the file of the description."""
    inner = asked.path.removeprefix("/crm/v8/")
    return asked.method.lower(), next((name for pattern, name in _FILES if re.fullmatch(pattern, inner)), "")


def amended(asked: Asked) -> tuple[dict[str, str], bytes]:
    """Query and body as the description wants them where it is known to differ."""
    query, body = dict(asked.query), asked.body
    for each in DIFFERENCES:
        if each.method == asked.method.lower() and asked.path.endswith(each.path):
            query.update(each.query)
            body = each.body or body
    return query, body


def fault_of(asked: Asked) -> str:
    """What the description finds wrong with a request of the interface; empty when it is right."""
    method, name = operation(asked)
    if not name:
        return f"{asked.method} {asked.path}: not in the description"
    query, body = amended(asked)
    request = MockRequest(
        HOST,
        method,
        asked.path,
        args=query,
        headers={"Authorization": "Zoho-oauthtoken x"},
        data=body or None,
        content_type=asked.headers.get("content-type", ""),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it does not know the kind of authorization
        try:
            _described(name).validate_request(request)
        except OpenAPIError as wrong:
            return f"{asked.method} {asked.path}: {wrong} {wrong.__cause__}"
    return ""


def strangers(asked: Asked) -> set[str]:
    """Names in the query that the description of the operation does not list."""
    method, name = operation(asked)
    templates = _raw(name)["paths"]
    for template in sorted(templates, key=lambda each: each.count("{")):
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", template)
        )
        if method in templates[template] and re.fullmatch(pattern, asked.path):
            return set(asked.query) - _names(name, template, method)
    return set(asked.query)

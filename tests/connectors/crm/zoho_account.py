"""The state of an invented Zoho account and what it answers, after the vendor's description and help pages.

No people are in here: `zoho_fake.seed` invents them when a test runs.
"""

# ruff: noqa: ARG002 every route is called with the request

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOW = "2026-03-01T09:00:00+08:00"
CLIENT = {"client": "1000.CLIENT", "secret": "made-up-client-secret-a1", "token": "1000.made-up-refresh-b2"}
TRAIL = ["Done By", "Action", "Module", "Record Name", "Related Module", "Related Name", "Audited Time"]
"""The columns of an exported audit trail, as a public program reads them from the vendor's sister product."""
MOST_FIELDS, MOST_IDS, PAGE, LISTED = 50, 100, 200, 2000


@dataclass
class Asked:
    """A request as it came."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.url).query, keep_blank_values=True).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Told:
    """An answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


def error(status: int, code: str, **details: Any) -> Told:
    return Told(status, {"code": code, "details": details, "message": "told in words", "status": "error"})


def made_field(name: str, kind: str = "text", label: str = "", **more: Any) -> dict[str, Any]:
    """A field as `settings/fields` describes it."""
    nested = {"ownerlookup", "userlookup", "lookup", "consent_lookup"}
    shape = "jsonobject" if kind in nested else "jsonarray" if kind in {"multiselectpicklist", "subform"} else "string"
    said = {"api_name": name, "data_type": kind, "field_label": label or name, "json_type": shape, "length": 120}
    return {**said, "private": None, "crypt": None, "system_mandatory": False, **more}


@dataclass
class Module:
    """A module with its records by id."""

    name: str
    fields: list[dict[str, Any]]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    label: str = ""
    supported: bool = True
    queried: bool = True
    converted: set[str] = field(default_factory=set)
    """Ids of leads that became something else: a plain list, search or query leaves them out."""
    order: list[int] = field(default_factory=list)

    def ids(self) -> list[int]:
        if len(self.order) != len(self.rows):
            self.order = sorted(int(each) for each in self.rows)
        return self.order

    def listed(self, which: str) -> list[int]:
        """The ids that `converted=...` gives."""
        if not self.converted:
            return [] if which == "true" else self.ids()
        wanted = {"true": {True}, "both": {True, False}}.get(which, {False})
        return [each for each in self.ids() if (str(each) in self.converted) in wanted]

    def shown(self, key: str, names: list[str]) -> dict[str, Any]:
        row, hidden = self.rows[key], self.hidden()
        return {"id": key, **{name: row.get(name) for name in names if name != "id" and name not in hidden}}

    def hidden(self) -> set[str]:
        return {each["api_name"] for each in self.fields if each["private"] and each["private"]["restricted"]}

    def kinds(self, *kinds: str) -> list[str]:
        return [each["api_name"] for each in self.fields if each["data_type"] in kinds]


@dataclass
class Account:
    """Everything that the vendor holds and counts."""

    modules: dict[str, Module] = field(default_factory=dict)
    bin: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    users: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    attachments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    emails: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    timelines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    """Ids that a rule of the account's own keeps."""
    denied: set[str] = field(default_factory=set)
    """Paths, from behind the version, whose scope the grant does not have."""
    trail: list[dict[str, str]] = field(default_factory=list)
    credits: int = 1_000_000
    spent: int = 0
    reach: int = 100_000
    """How far page tokens go."""
    page_token_uses: int = 10**9
    """After so many uses of tokens every older one has expired."""
    busy_with: int = 0
    """Above so many things on a record the bin is emptied later."""
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    woken: list[tuple[str, str]] = field(default_factory=list)
    """Workflows that ran, by what was done and to which record."""
    erased: list[str] = field(default_factory=list)
    """Ids in the order in which they left the bin."""
    tokens: set[str] = field(default_factory=set)
    grants: int = 10**9
    """So many access tokens are given."""
    given: int = 0
    """Access tokens so far."""
    page_tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    uses: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    jobs: dict[str, int] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Told:
        with self.lock:
            if asked.path == "/oauth/v2/token":
                return self._grant(asked)
            self.asked.append(asked)
            if asked.headers.get("authorization", "").removeprefix("Zoho-oauthtoken ") not in self.tokens:
                return error(401, "INVALID_TOKEN")
            if self.spent >= self.credits:
                return Told(429, {"code": "TOO_MANY_REQUESTS", "status": "error"}, {"Retry-After": "3600"})
            self.spent += 1
            if asked.path.startswith("/v2/crm/"):
                return self._file()
            inner = asked.path.removeprefix("/crm/v8/")
            if any(inner.startswith(each) for each in self.denied):
                return error(401, "OAUTH_SCOPE_MISMATCH")
            for method, pattern, handler in _ROUTES:
                match = re.fullmatch(pattern, inner)
                if method == asked.method and match:
                    return handler(self, asked, *match.groups())
            return error(404, "INVALID_URL_PATTERN")

    def expire_tokens(self) -> None:
        with self.lock:
            self.tokens.clear()

    def _grant(self, asked: Asked) -> Told:
        form = {key: values[0] for key, values in parse_qs(asked.body.decode() or urlsplit(asked.url).query).items()}
        if form.get("client_id") != CLIENT["client"] or form.get("client_secret") != CLIENT["secret"]:
            return Told(200, {"error": "invalid_client"})
        if form.get("refresh_token") != CLIENT["token"]:
            return Told(200, {"error": "invalid_code"})
        if self.given >= self.grants:
            return Told(200, {"error": "Access Denied", "error_description": "too many requests continuously"})
        self.given += 1
        token = f"1000.access-made-up-{self.given}"
        self.tokens.add(token)
        said = {"access_token": token, "api_domain": self.address, "token_type": "Bearer", "expires_in": 3600}
        return Told(200, said)

    # Modules and fields

    def _modules(self, asked: Asked) -> Told:
        return Told(200, {"modules": [self._said(each) for each in self.modules.values()]})

    def _said(self, module: Module) -> dict[str, Any]:
        said = {"api_name": module.name, "module_name": module.name, "plural_label": module.label or module.name}
        return {**said, "api_supported": module.supported, "id": "77", "generated_type": "default"}

    def _fields(self, asked: Asked) -> Told:
        if "module" not in asked.query:
            return error(400, "MANDATORY_NOT_FOUND", param_name="module")
        module = self.modules.get(asked.query["module"])
        return Told(200, {"fields": module.fields}) if module else error(400, "INVALID_MODULE")

    # Records

    def _list(self, asked: Asked, name: str) -> Told:
        module, query = self.modules.get(name), asked.query
        if module is None or not module.supported:
            return error(400, "INVALID_MODULE", resource_path_index=0)
        names = [each for each in query.get("fields", "").split(",") if each]
        if not names:
            return error(400, "REQUIRED_PARAM_MISSING", param_name="fields")
        if len(names) > MOST_FIELDS:
            return error(400, "LIMIT_EXCEEDED", limit=MOST_FIELDS)
        if "ids" in query:
            ids = query["ids"].split(",")
            if len(ids) > MOST_IDS:
                return error(400, "LIMIT_EXCEEDED", limit=MOST_IDS)
            shown = {str(each) for each in module.listed(query.get("converted", "false"))}
            found = [module.shown(key, names) for key in ids if key in shown]
            return self._page(found, more=False, token=None)
        if "page" in query and "page_token" in query:
            return error(400, "AMBIGUITY_DURING_PROCESSING")
        per = min(int(query.get("per_page", PAGE)), PAGE)
        start = (int(query.get("page", 1)) - 1) * per
        ids = module.listed(query.get("converted", "false"))
        if "page_token" in query:
            self.uses += 1
            if self.uses > self.page_token_uses:
                self.page_tokens.clear()
                self.uses = 0
            if query["page_token"] not in self.page_tokens:
                return error(400, "EXPIRED_VALUE", param_name="page_token")
            start = bisect_right(ids, self.page_tokens[query["page_token"]][1])
        elif start + per > LISTED:
            return error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
        if start >= self.reach:
            return error(400, "PAGINATION_LIMIT_EXCEEDED")
        if query.get("sort_order", "desc") == "desc" or query.get("sort_by") != "id":
            ids = list(reversed(ids))
        part = ids[start : start + per]
        more = start + per < len(ids)
        token = None
        if more:
            token = f"page-{next(self.numbers)}"
            self.page_tokens[token] = (name, part[-1])
        return self._page([module.shown(str(key), names) for key in part], more=more, token=token)

    def _page(self, items: list[dict[str, Any]], *, more: bool, token: str | None, key: str = "data") -> Told:
        if not items:
            return Told(204)
        info = {"per_page": PAGE, "count": len(items), "page": 1, "more_records": more, "next_page_token": token}
        return Told(200, {key: items, "info": info})

    def _count(self, asked: Asked, name: str) -> Told:
        return (
            Told(200, {"count": len(self.modules[name].listed("false"))})
            if name in self.modules
            else error(400, "INVALID_MODULE")
        )

    def _query(self, asked: Asked) -> Told:
        found = re.fullmatch(
            r"select id from (\w+) where \(?id > '(\d+)'(?: and Converted__s = (\w+)\))? order by id asc limit (\d+)",
            asked.json["select_query"],
        )
        if not found:
            return error(400, "SYNTAX_ERROR")
        module, after, limit = self.modules.get(found[1]), int(found[2]), int(found[4])
        if module is None or not module.queried:
            return error(400, "INVALID_QUERY")
        if limit > LISTED:
            return error(400, "LIMIT_EXCEEDED")
        ids = module.listed(found[3] or "false")
        start = bisect_right(ids, after)
        return self._page([{"id": str(key)} for key in ids[start : start + limit]], more=False, token=None)

    def _search(self, asked: Asked, name: str) -> Told:
        module, query = self.modules[name], asked.query
        found: list[str] = []
        for key in map(str, module.listed(query.get("converted", "false"))):
            row = module.rows[key]
            if "criteria" in query:
                hit = self._meets(query["criteria"], row)
            elif "email" in query:
                hit = any(str(row.get(each) or "").lower() == query["email"].lower() for each in module.kinds("email"))
            elif "phone" in query:
                hit = any(row.get(each) == query["phone"] for each in module.kinds("phone"))
            else:
                hit = any(query["word"] in str(row.get(each) or "") for each in module.kinds("text", "textarea"))
            if hit:
                found.append(key)
        start = (int(query.get("page", 1)) - 1) * PAGE
        part = [module.shown(key, query.get("fields", "id").split(",")) for key in found[start : start + PAGE]]
        return self._page(part, more=start + PAGE < len(found), token=None)

    def _meets(self, criteria: str, row: dict[str, Any]) -> bool:
        conditions = re.findall(r"\(([^:()]+):equals:((?:\\.|[^\\()])*)\)", criteria)
        return any(str(row.get(name) or "") == re.sub(r"\\(.)", r"\1", value) for name, value in conditions)

    # Writing

    def _update(self, asked: Asked, name: str) -> Told:
        module, body = self.modules[name], asked.json
        if len(body["data"]) > MOST_IDS:
            return error(400, "LIMIT_EXCEEDED")
        out = []
        for each in body["data"]:
            key = each["id"]
            refused = self._refusal(module, key)
            if refused is None:
                module.rows[key] = {**module.rows[key], **each}
                if body.get("trigger", ["workflow"]):
                    self.woken.append(("update", key))
                if {"name": "cadences"} not in body.get("skip_feature_execution", []):
                    self.woken.append(("cadence", key))
            out.append(self._result(key, refused))
        return self._results("data", out)

    def _refusal(self, module: Module, key: str) -> str | None:
        if key not in module.rows:
            return "INVALID_DATA"
        return "RECORD_LOCKED" if key in self.locked else "NOT_ALLOWED" if key in self.forbidden else None

    def _result(self, key: str, refused: str | None) -> dict[str, Any]:
        status = "success" if refused is None else "error"
        return {"code": refused or "SUCCESS", "details": {"id": key}, "message": "in words", "status": status}

    def _results(self, key: str, out: list[dict[str, Any]]) -> Told:
        bad = sum(each["status"] == "error" for each in out)
        return Told(200 if not bad else 400 if bad == len(out) else 207, {key: out})

    def _delete(self, asked: Asked, name: str) -> Told:
        module, ids = self.modules[name], asked.query["ids"].split(",")
        if len(ids) > MOST_IDS:
            return error(400, "LIMIT_EXCEEDED")
        out = []
        for key in ids:
            refused = self._refusal(module, key)
            if refused is None:
                self.bin[key] = (name, module.rows.pop(key))
                if asked.query.get("wf_trigger", "true") == "true":
                    self.woken.append(("delete", key))
                for note, row in list(self.modules["Notes"].rows.items()) if "Notes" in self.modules else ():
                    if (row.get("Parent_Id") or {}).get("id") == key:
                        self.bin[note] = ("Notes", {**self.modules["Notes"].rows.pop(note), "$of": key})
            out.append(self._result(key, refused))
        return self._results("data", out)

    def _bin(self, asked: Asked) -> Told:
        wanted = set(asked.query["ids"].split(",")) if "ids" in asked.query else set(self.bin)
        items = [
            {"id": key, "display_name": "", "module": {"api_name": self.bin[key][0], "id": "77"}}
            for key in sorted(wanted & set(self.bin))
        ]
        return self._page(items, more=False, token=None, key="recycle_bin")

    def _purge(self, asked: Asked) -> Told:
        out = []
        for key in asked.query["ids"].split(","):
            there = self.bin.pop(key, None)
            if there is not None:
                self.erased.append(key)
                for note in [each for each, (_, row) in self.bin.items() if row.get("$of") == key]:
                    del self.bin[note]
                    self.erased.append(note)
                self.attachments.pop(key, None)
            out.append(self._result(key, None if there else "INVALID_DATA"))
        return self._results("recycle_bin", out)

    # What hangs on a record

    def _hanging(self, asked: Asked, name: str, key: str, what: str) -> Told:
        if key not in self.modules[name].rows:
            return error(400, "INVALID_DATA")
        held = {"Attachments": self.attachments, "Emails": self.emails, "__timeline": self.timelines}[what]
        return self._page(held.get(key, []), more=False, token=None, key="data" if what == "Attachments" else what)

    # Rights and trail

    def _users(self, asked: Asked) -> Told:
        if asked.query.get("type") == "CurrentUser":
            return Told(200, {"users": self.users[:1]})
        per = min(int(asked.query.get("per_page", PAGE)), PAGE)
        start = (int(asked.query.get("page", 1)) - 1) * per
        part = self.users[start : start + per]
        return self._page(part, more=start + per < len(self.users), token=None, key="users")

    def _profiles(self, asked: Asked, key: str | None = None) -> Told:
        if key is None:
            short = [{name: each[name] for name in ("id", "name")} for each in self.profiles]
            return Told(200, {"profiles": short})
        found = [each for each in self.profiles if each["id"] == key]
        return Told(200, {"profiles": found}) if found else Told(204)

    def _rules(self, asked: Asked) -> Told:
        found = [each for each in self.rules if each["module"]["api_name"] == asked.query.get("module")]
        return Told(200, {"sharing_rules": found}) if found else Told(204)

    def _org(self, asked: Asked) -> Told:
        said = {"id": "1", "company_name": "invented", "privacy_settings": True, "hipaa_compliance_enabled": False}
        return Told(200, {"org": [{**said, "zgid": "1", "country_code": "CN", "time_zone": "Asia/Shanghai"}]})

    def _export(self, asked: Asked) -> Told:
        job = str(next(self.numbers))
        self.jobs[job] = 0
        return Told(200, {"audit_log_export": [{**self._result(job, None), "code": "SCHEDULED"}]})

    def _exported(self, asked: Asked, job: str) -> Told:
        if job not in self.jobs:
            return Told(204)
        self.jobs[job] += 1
        said = {"id": job, "status": "Scheduled" if self.jobs[job] < 2 else "Completed", "download_links": None}
        if said["status"] == "Completed":
            said["download_links"] = [f"{self.address}/v2/crm/1/auditlog/{job}/AuditLog.csv"]
        return Told(200, {"audit_log_export": [said]})

    def _file(self) -> Told:
        text = io.StringIO()
        writer = csv.DictWriter(text, TRAIL)
        writer.writeheader()
        writer.writerows(self.trail)
        return Told(200, None, {"Content-Type": "application/octet-stream"}, text.getvalue().encode())


_NAME = r"([^/]+)"
_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "settings/modules", Account._modules),
    ("GET", "settings/fields", Account._fields),
    ("GET", "settings/recycle_bin", Account._bin),
    ("DELETE", "settings/recycle_bin", Account._purge),
    ("GET", "settings/profiles", Account._profiles),
    ("GET", f"settings/profiles/{_NAME}", Account._profiles),
    ("GET", "settings/data_sharing/rules", Account._rules),
    ("POST", "settings/audit_log_export", Account._export),
    ("GET", f"settings/audit_log_export/{_NAME}", Account._exported),
    ("GET", "users", Account._users),
    ("GET", "org", Account._org),
    ("POST", "coql", Account._query),
    ("GET", f"{_NAME}/actions/count", Account._count),
    ("GET", f"{_NAME}/search", Account._search),
    ("GET", f"{_NAME}/{_NAME}/(Attachments|Emails|__timeline)", Account._hanging),
    ("GET", _NAME, Account._list),
    ("PUT", _NAME, Account._update),
    ("DELETE", _NAME, Account._delete),
]

"""A loopback 纷享销客: `running(account)` serves one, `seed(...)` fills it with invented people.

For use elsewhere too: `with running(seed(50)) as (address, account): open_store("crm", settings(account, address))`.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.crm.settings import CrmSettings
from governance.demo.people import draw_people

from .fxiaoke_account import Account, Asked, made_field

AS_OF = dt.date(2026, 3, 1)
CHINA = dt.timezone(dt.timedelta(hours=8))
CLERK = {
    "id": "1000",
    "name": "虚构员工",
    "nickname": "小虚",
    "phone": "19900000000",
    "email": "clerk@example.com",
    "post": "销售",
    "status": 0,
}


@dataclass
class Fault:
    """What goes wrong with one request."""

    kind: str
    """`before`: cut before anything is done; `after`: done, then cut; `half`: done, half the answer; `slow`: done,
    answered after `seconds`; `tell`: `body` with `content` in place of the answer."""
    seconds: float = 0.0
    status: int = 200
    body: bytes = b"{}"
    content: str = "application/json"


Faults = Callable[[int, Asked], Fault | None]
"""Which fault the request of that number has, counted from 0."""


@contextmanager
def running(account: Account, faults: Faults | None = None) -> Iterator[str]:
    """The address of the account, served by threads until the block ends."""
    lock, count = threading.Lock(), iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            trace = parse_qs(parts.query).get("thirdTraceId", [""])[0]
            kind = self.headers.get("Content-Type", "")
            body = json.loads(raw) if raw and kind == "application/json" else None
            asked = Asked(parts.path, trace, {name.lower(): value for name, value in self.headers.items()}, body)
            with lock:
                fault = faults(next(count), asked) if faults is not None else None
                self.meet(fault, asked)

        def meet(self, fault: Fault | None, asked: Asked) -> None:
            kind = "" if fault is None else fault.kind
            if kind == "before":
                self.close_connection = True
                return
            if fault is not None and kind == "tell":
                self.tell(fault.status, fault.body, fault.content, len(fault.body))
                return
            raw = json.dumps(account.answer(asked), ensure_ascii=False).encode()
            if kind == "after":
                self.close_connection = True
                return
            if fault is not None and kind == "slow":
                time.sleep(fault.seconds)
            self.tell(200, raw, "application/json;charset=UTF-8", len(raw) // 2 if kind == "half" else len(raw))

        def tell(self, status: int, raw: bytes, content: str, sent: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[:sent])
            self.close_connection = self.close_connection or sent < len(raw)

        def log_message(self, *_words: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_who: object) -> None:
            """A client that went away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def settings(account: Account, address: str, *, legacy: bool = False, **other: Any) -> CrmSettings:
    """Settings that reach the account at an address, without a bound on calls."""
    user = account.legacy_user if legacy else account.user
    secret = {"client": account.app, "secret": account.secret, "token": account.code, "user": user}
    made = CrmSettings("fxiaoke", secret, address=address, timeout_seconds=10, calls=1_000_000)
    return replace(made, **other)


def id_of(number: int) -> str:
    """The id of the number-th record, of the vendor's form."""
    return f"{number:024x}"


def millis(day: dt.date) -> int:
    """A day as the vendor holds it."""
    return int(dt.datetime.combine(day, dt.time(), CHINA).timestamp() * 1000)


def held(cell: Any) -> Any:
    """A cell as the vendor holds it: days in milliseconds, numbers as text."""
    if isinstance(cell, dt.date):
        return millis(cell)
    return str(cell) if isinstance(cell, int) else cell


def _common() -> list[dict[str, Any]]:
    return [
        made_field("owner", "employee", "负责人", is_required=True),
        made_field("created_by", "employee", "创建人"),
        made_field("create_time", "date_time", "创建时间"),
        made_field("lock_status", "select_one", "锁定状态", options=[{"label": "锁定", "value": "1"}]),
        made_field("life_status", "select_one", "生命状态"),
        made_field("relevant_team", "embedded_object_list", "相关团队"),
    ]


def _system(number: int) -> dict[str, Any]:
    return {
        "_id": id_of(number),
        "owner": ["1000"],
        "created_by": ["1000"],
        "create_time": 1_750_000_000_000 + number,
        "lock_status": "0",
        "life_status": "normal",
    }


def seed(count: int = 50, *, number: int = 1, account: Account | None = None) -> Account:
    """An account with so many invented contacts, a firm for each ten and a visit for each five of them."""
    made = account or Account()
    made.employees["1000"] = CLERK
    firms = made.hold("AccountObj", "客户", made_field("name", "text", "客户名称"), *_common())
    people = made.hold(
        "ContactObj",
        "联系人",
        made_field("name", "text", "姓名", is_required=True),
        made_field("mobile1", "phone_number", "手机"),
        made_field("email", "email", "邮件"),
        made_field("date_of_birth", "date", "生日"),
        made_field("account_id", "object_reference", "客户名称", target_api_name="AccountObj"),
        made_field("source", "select_one", "来源", options=[{"label": "其他", "value": "other"}]),
        made_field("remark", "long_text", "备注"),
        made_field("score", "number", "评分"),
        made_field("newsletter", "true_or_false", "订阅"),
        made_field("oddity", "a_type_of_2031", "未知类型"),
        made_field("files", "file_attachment", "附件"),
        *_common(),
    )
    visits = made.hold(
        "object_visit__c",
        "拜访",
        made_field("name", "text", "标题"),
        made_field("contact__c", "object_reference", "联系人", target_api_name="ContactObj"),
        made_field("note__c", "html_rich_text", "记录"),
        *_common(),
    )
    drawn = draw_people(Random(number), count, AS_OF)
    for place, person in enumerate(drawn):
        if place % 10 == 0:
            firms.add({**_system(place), "name": f"虚构公司{place}"})
        people.add(
            {
                **_system(place),
                "name": person.name.written,
                "mobile1": person.mobile,
                "email": person.email,
                "date_of_birth": millis(person.birth),
                "account_id": id_of(place // 10 * 10),
                "source": "other",
                "source__o": "展会",
                "remark": f"客户备注 {place}",
                "score": "95.5",
                "newsletter": place % 2 == 0,
                "oddity": "奇怪",
                "files": [{"name": f"合同{place}.pdf", "path": f"N_{place}"}] if place % 7 == 0 else None,
            }
        )
        if place % 5 == 0:
            visits.add({**_system(place), "name": f"拜访{place}", "contact__c": id_of(place), "note__c": "面谈"})
    return made

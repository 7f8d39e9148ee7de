"""Decisions: the compiled policy against Casbin's own enforcers, and the first plan of a policy of 10,000 rules.

Both sides answer the same questions, which are checked before anything is timed. CPU time of one thread. Prints one
JSON line per figure. By hand: `python tests/benchmarks/decisions.py`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import itertools
import json
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import casbin
from casbin.model import FastModel

from governance.access.casbin_model import CasbinModel
from governance.access.policy import AccessPolicy
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import Catalog, parse_catalog
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, FieldRef
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

USERS, ROLES, PURPOSES, DATASETS, FIELDS = 200, 40, 8, 20, 10
CATEGORIES = ("none", "user.name", "user.contact.email", "user.contact.phone_number", "user.financial")
FAST_MODEL = """
[request_definition]
r = obj, sub, act
[policy_definition]
p = obj, sub, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && g(r.sub, p.sub) && r.act == p.act
"""


def _catalog() -> Catalog:
    line = "          f{}: {{id: f{}, category: {}, status: confirmed, type: string}}\n"
    fields = "".join(line.format(n, n + 1, CATEGORIES[n % len(CATEGORIES)]) for n in range(FIELDS))
    datasets = "".join(f"      d{n}:\n        id: d{n + 1}\n        fields:\n{fields}" for n in range(DATASETS))
    return parse_catalog(f"version: 1\nstores:\n  crm:\n    id: s1\n    datasets:\n{datasets}")


def _names() -> Names:
    purposes = {f"p{n}": {"basis": {"gdpr": "contract"}} for n in range(PURPOSES)}
    people = {f"u{n}": {"region": "EU"} for n in range(USERS)}
    return Names(
        PurposesFile.model_validate({"purposes": purposes}),
        PrincipalsFile.model_validate({"principals": people}),
        _catalog(),
        load_taxonomy(dt.date(2026, 11, 22)),
    )


def _lines(rules: int, random: Random) -> str:
    """So many distinct lines: datasets and fields given, some fields denied."""
    found: dict[str, None] = {}
    while len(found) < rules:
        role, purpose = f"r{random.randrange(ROLES)}", f"p{random.randrange(PURPOSES)}"
        dataset, field = f"crm.d{random.randrange(DATASETS)}", f"f{random.randrange(FIELDS)}"
        kind = random.random()
        if kind < 0.2:
            found[f"p, {role}, {purpose}, read, {dataset}, {random.choice(('clear', 'null'))}, allow,"] = None
        elif kind < 0.9:
            rows = random.choice(("", "", f'f1 == "{random.randrange(50)}"'))
            treatment = random.choice(("clear", "mask:redact", "mask:email"))
            found[f"p, {role}, {purpose}, read, {dataset}.{field}, {treatment}, allow, {rows}"] = None
        else:
            found[f"p, {role}, {random.choice(('*', purpose))}, read, {dataset}.{field}, , deny,"] = None
    grants = [f"g, u{n}, r{random.randrange(ROLES)}" for n in range(USERS)]
    return "\n".join([*found, *dict.fromkeys(grants)])


def _policy(rules: int) -> AccessPolicy:
    names = _names()
    lines = parse_access(_lines(rules, Random(f"decisions {rules}")), "access.csv", names)
    return AccessPolicy(lines, names.purposes, names.principals, names.catalog, names.taxonomy, ("gdpr",))


Question = tuple[str, str, FieldRef]


def _questions(policy: AccessPolicy, count: int) -> list[Question]:
    """As many that are allowed as at random, which are mostly denied."""
    random = Random("questions")
    users = [f"u{n}" for n in range(USERS)]
    fields = [field for field, _ in policy.catalog.walk()]
    purposes = sorted(policy.purposes.purposes)
    drawn = [(random.choice(users), random.choice(purposes), random.choice(fields)) for _ in range(40 * count)]
    allowed = [each for each in drawn if policy.allows(each[0], each[1], Action.READ, each[2])]
    found = allowed[: count // 2] + drawn[: count // 2]
    random.shuffle(found)
    return found


def _by_casbin(model: CasbinModel, question: Question) -> bool:
    user, purpose, field = question
    return all(model.allows(user, purpose, "read", target) for target in (field.of, field))


def _fast(policy: AccessPolicy, questions: list[Question]) -> tuple[casbin.FastEnforcer, int]:
    """Casbin's FastEnforcer, keyed by object, over the very answers of the policy: one row each permitted field.

    It has no denies, no purposes and no categories of its own, so what it is given is decided already.
    """
    rows = {
        (f"{purpose} {field}", user, "read")
        for user, purpose, field in questions
        if policy.allows(user, purpose, Action.READ, field)
    }
    users = [f"u{n}" for n in range(USERS)]
    for user, purpose, (field, _) in itertools.product(users, policy.purposes.purposes, policy.catalog.walk()):
        if len(rows) >= len(policy.lines.rules):
            break
        if policy.allows(user, purpose, Action.READ, field):
            rows.add((f"{purpose} {field}", user, "read"))
    model = FastModel([0])
    model.load_model_from_text(FAST_MODEL)
    enforcer = casbin.FastEnforcer(model, cache_key_order=[0])
    for row in sorted(rows):
        model["p"]["p"].policy.append(list(row))
    enforcer.build_role_links()
    return enforcer, len(rows)


def _rate(ask: Callable[..., object], asked: list[tuple[Any, ...]], *, seconds: float) -> float:
    """Questions per CPU second: whole rounds until so many CPU seconds have passed."""
    gc.collect()
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for each in asked:
            ask(*each)
        done += len(asked)
    return done / (time.process_time() - started)


def _tell(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")


def warm_decisions(rules: int = 1_000) -> None:
    """The warm decision beside Enforcer on the same lines, call by call, and FastEnforcer on the same answers."""
    policy = _policy(rules)
    questions = _questions(policy, 2_000)
    answers = [policy.allows(user, purpose, Action.READ, field) for user, purpose, field in questions]
    few = questions[:60]
    if [_by_casbin(policy.casbin, each) for each in few] != answers[:60]:
        raise SystemExit("Casbin answers otherwise")
    fast, rows = _fast(policy, questions)
    theirs = [(f"{purpose} {field}", user, "read") for user, purpose, field in questions]
    if [fast.enforce(*each) for each in theirs] != answers:
        raise SystemExit("FastEnforcer answers otherwise")
    ours = [(user, purpose, Action.READ, field) for user, purpose, field in questions]
    slow = [(user, purpose, "read", field) for user, purpose, field in few]
    share = sum(answers) / len(answers)
    for name, bar, count, other, asked, seconds in (
        ("Enforcer", 5_000, rules, policy.casbin.allows, slow, 1.5),
        ("FastEnforcer", 150, rows, fast.enforce, theirs, 0.7),
    ):
        pairs = [(_rate(policy.allows, ours, seconds=0.5), _rate(other, asked, seconds=seconds)) for _ in range(5)]
        one, two = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
        _tell(figure="decision_warm", rules=count, against=name, ours=round(one), theirs=round(two),
              ratio=round(one / two), allowed=round(share, 3), bar=bar)  # fmt: skip


def cold_plan(rules: int = 10_000) -> None:
    """The first permit of each of some people from a policy that was just loaded."""
    policy = _policy(rules)
    policy.allows("u0", "p0", Action.READ, FieldRef("crm", "d19", "f0"))  # the imports of a first call
    spent = []
    for number in range(20):
        started = time.process_time()
        with contextlib.suppress(AccessRefusedError):
            policy.permit(policy.principal(f"u{number}"), "p0", Action.READ, DatasetRef("crm", f"d{number}"))
        spent.append(time.process_time() - started)
    worst = max(spent) * 1_000
    _tell(figure="cold_plan_ms", rules=len(policy.lines.rules), worst=round(worst, 2), bar=50)


if __name__ == "__main__":
    warm_decisions()
    cold_plan()

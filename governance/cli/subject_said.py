"""What the commands of `governance subject` say of one person, in the words of a language: counts and reasons alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.flows.subjects.restricting_traced import Restricted
    from governance.flows.subjects.running_erasure import ErasureOutcome
    from governance.jobs.plan import Plan
    from policies.vocabulary import Words


def trace_said(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    """A trace, as `trace_json` gives it."""
    datasets = found["datasets"]
    yield words.say("person.found", records=found["records"], datasets=sum(each["own"] > 0 for each in datasets))
    for each in datasets:
        ways = words.say("report.comma").join(
            words.say("person.way", count=count, way=words.say(f"person.way_{way}"))
            for way, count in each["reached"].items()
        )
        yield words.say("person.found_in", dataset=each["dataset"], own=each["own"], ways=ways)
    for dataset, kinds in found["linked"].items():
        yield words.say("person.hanging", dataset=dataset, told=_hanging(kinds, words))
    for store, count in found["subject_keys"].items():
        yield words.say("person.known_as", store=store, count=count)
    for each in found["ambiguous"]:
        yield words.say(
            f"person.confirm_{each['reason']}", **{name: each[name] for name in ("persons", "place", "kind")}
        )
    yield from _unseen(found["unreached"], words)


def map_said(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    """The subject map, as `map_json` gives it: what holds personal data or is reached."""
    for each in found["datasets"]:
        if each["personal"] or each["reached"]:
            yield from _mapped(each, words)
    yield from _unseen(found["unreached"], words)


def _mapped(each: Mapping[str, Any], words: Words) -> Iterator[str]:
    comma = words.say("report.comma")
    ways = (_way(each, words) for each in each["reached"])
    yield words.say(
        "person.mapped", dataset=each["dataset"], ways=comma.join(ways) or words.say("person.not_reachable")
    )
    if each["identifiers"]:
        told = comma.join(f"{name} ({kind})" for name, kind in each["identifiers"].items())
        yield words.say("person.map_identifiers", told=told)
    if each["subject_key"]:
        whose = each["persons"] or words.say("person.map_nobody")
        yield words.say("person.map_key", fields=comma.join(each["subject_key"]), whose=whose)
    for join in each["joins"]:
        origin = words.say("person.join_declared" if join["declared"] else "person.join_foreign")
        ends = {"fields": comma.join(join["fields"]), "parent": join["to"], "referred": comma.join(join["referred"])}
        direction = words.say(f"person.join_{join['direction']}")
        yield words.say("person.map_join", told=words.say("person.join", **ends, direction=direction, origin=origin))
    for name, key in (("texts", "person.map_texts"), ("third_persons", "person.map_others")):
        if each[name]:
            yield words.say(key, told=comma.join(each[name]))


def _way(name: str, words: Words) -> str:
    way, colon, dataset = name.partition(":")
    return words.say(f"person.way_{way}") + colon + dataset


def _unseen(unreached: Sequence[Mapping[str, str]], words: Words) -> Iterator[str]:
    for each in unreached:
        yield words.say("person.unseen", place=each["place"], reason=words.say(f"person.reason_{each['reason']}"))


def plan_said(plan: Plan, words: Words) -> Iterator[str]:
    """The plan of an erasure."""
    for each in plan.facts["inventory"]:
        yield _fate(each, words)
    yield from _by_hand(plan.facts["by_hand"], words)
    for name in plan.facts.get("read_only", ()):
        yield words.say("person.read_only", store=name)
    for each in plan.facts["unreached"]:
        yield _not_reached(each["place"], each["reason"], words)
    yield words.say("person.planned", id=plan.id, rows=plan.rows)


def outcome_said(found: ErasureOutcome, words: Words) -> Iterator[str]:
    """What became of an erasure."""
    state, of = words.say(f"person.job_{found.of.state}"), found.of
    yield words.say("person.ran", job=of.job, state=state, done=of.total("done"), held=of.total("held"))
    if left := of.total("left"):
        yield words.say("person.waiting", count=left)
    if not found.findings:
        return
    checked = found.findings["verification"]
    yield words.say("person.looked_again", status=words.say(f"person.status_{checked['status']}"))
    for name, count in sorted(checked["residue"].items()):
        yield words.say("person.left", place=name, count=count)
    for name, count in sorted(checked["kept"].items()):
        yield words.say("person.kept", place=name, count=count)
    yield from _by_hand(found.findings["by_hand"], words)
    for name in found.findings["recipients_to_tell"]:
        yield words.say("person.tell", recipient=name)
    yield words.say("person.backups_end", day=found.findings["backups_end"])
    yield words.say("person.certificate", id=found.of.certificate)


def restricted_said(done: Restricted, words: Words) -> Iterator[str]:
    """A restriction, or its end."""
    for each in done.events:
        why = " ".join(filter(None, (each.reason, each.basis)))
        key = f"person.{each.kind}{'_why' if why else ''}"
        yield words.say(key, since=each.since, id=each.id, **({"why": why} if why else {}))
    yield words.say("person.obeyed", stores=words.say("report.comma").join(done.stores))
    for place in done.apart:
        yield _not_reached(place.place, place.reason, words)


def notices_said(rows: Sequence[Mapping[str, str]], words: Words) -> Iterator[str]:
    """Recipients who wait to be told."""
    for each in rows:
        yield f"{each['id']}  {each['queued'][:10]}  {words.say('person.what_' + each['what']):<9}  {each['recipient']}"


def _fate(each: Mapping[str, Any], words: Words) -> str:
    said = words.say(
        "person.fate", dataset=each["dataset"], rows=each["rows"], action=words.say(f"person.fate_{each['action']}")
    )
    if each["action"] == "keep":
        rule = each["rule"] or each["reason"]
        key = "person.fate_kept_until" if each["until"] else "person.fate_kept"
        said = words.say(key, fate=said, rule=rule, **({"until": each["until"]} if each["until"] else {}))
    return words.say("person.fate_referred", fate=said, count=each["referred"]) if each["referred"] else said


def _not_reached(place: str, reason: str, words: Words) -> str:
    return words.say("person.not_reached", place=place, reason=words.say(f"person.reason_{reason}"))


def _hanging(kinds: Mapping[str, int], words: Words) -> str:
    return words.say("report.comma").join(
        words.say("person.hangs", count=count, kind=words.say(f"person.hangs_{kind}"))
        for kind, count in sorted(kinds.items())
    )


def _by_hand(said: Mapping[str, Mapping[str, Any]], words: Words) -> Iterator[str]:
    for name, count in sorted(said["files"].items()):
        yield words.say("person.by_hand_file", place=name, count=count)
    for name, count in sorted(said["mentions"].items()):
        yield words.say("person.by_hand_mention", place=name, count=count)
    for name, kinds in sorted(said.get("linked", {}).items()):
        yield words.say("person.by_hand_linked", place=name, told=_hanging(kinds, words))
    for name, count in sorted(said.get("unwritten", {}).items()):
        yield words.say("person.by_hand_unwritten", place=name, count=count)

"""`governance audit evidence|verify`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, say, say_written
from governance.cli.project_option import opened
from policies.errors import BadInputError
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.flows.audits.verifying_evidence import EvidenceVerified

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog=examples(
        "audit evidence --output evidence.zip",
        "audit evidence --output evidence.zip --with scan --with quality",
        "audit evidence --output evidence.zip --since-checkpoint /mnt/elsewhere/checkpoint",
    )
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="BUNDLE",
    help="Write the bundle to this file.",
)
@click.option(
    "--with",
    "measured",
    type=click.Choice(["quality", "scan"]),
    multiple=True,
    help="Also read the stores for this report; may be repeated.",
)
@click.option("--policy-before", metavar="OLD", help="Also say what the policy shows that this folder or revision hid.")
@click.option(
    "--since-checkpoint", "older", type=_FILE, help="Also prove that the log continues that of this checkpoint."
)
@format_option("text", "json")
@lang_option
@click.pass_context
def evidence(
    ctx: click.Context,
    *,
    output: Path,
    measured: tuple[str, ...],
    policy_before: str | None,
    older: Path | None,
    form: str,
    lang: str,
) -> int:
    """Write a signed bundle for a regulator: reports, the whole ledger, its checkpoint, proofs and a manifest.

    `governance audit verify BUNDLE` checks it without this project. Give the printed key another way than the bundle.
    The access report shows the names of users, and the bundle cannot be edited afterwards. Exits 2 when a report could
    not be made; the others are in the bundle, which lists what is missing.
    """
    from governance.flows.audits.evidencing import write_evidence

    words, since = Words(lang), _note(older)
    with opened(ctx) as gov:
        made = write_evidence(gov, output, measured=measured, policy_before=policy_before, since_checkpoint=since)
    if form == "json":
        emit(json.dumps({"schema": "governance.evidence-made/1", **asdict(made)}, indent=2), None)
    else:
        lines = _named(made.fingerprint, made.key, words)
        emit_lines([*lines, words.say("acts.bundle_reports", names=" ".join(made.reports))], None)
    for each in made.not_made:
        say(words.say("acts.not_made", **{name: each[name] for name in ("report", "place", "found")}))
    say_written(output)
    return 2 if made.not_made else 0


@click.command(
    epilog=examples(
        "audit verify evidence.zip",
        "audit verify evidence.zip --key BASE64",
        "audit verify evidence.zip --checkpoint checkpoint --format json",
    )
)
@click.argument("bundle", type=_FILE)
@click.option("--key", metavar="BASE64", help="The public key that must have signed it, given another way.")
@click.option("--checkpoint", type=_FILE, help="A signed checkpoint that somebody else kept before.")
@format_option("text", "json")
@lang_option
def verify(bundle: Path, key: str | None, checkpoint: Path | None, form: str, lang: str) -> int:
    """Check a bundle of `audit evidence`: every byte, its signature, the ledger recomputed, its proofs.

    Needs no project, database or keyring. Without a key or checkpoint from outside the answer can only be
    `self_consistent`: anybody can make a bundle with a key of their own. Exits 1 when something does not fit.
    """
    from audits.formats.widths import printable
    from governance.flows.audits.verifying_evidence import verify_evidence

    found = verify_evidence(bundle, key=key, checkpoint=_note(checkpoint))
    if form == "json":
        document = {"schema": "governance.evidence-verify/1", **asdict(found)}
        document["problems"] = [{"place": place, "kind": kind} for place, kind in found.problems]
        emit(json.dumps(document, indent=2), None)
    else:
        # a stranger may have written what stands in it
        emit_lines((printable(each) for each in _verified(found, Words(lang))), None)
    return 1 if found.problems else 0


def _verified(found: EvidenceVerified, words: Words) -> Iterator[str]:
    told = {"status": words.say(f"acts.bundle_{found.status}"), "files": found.files, "events": found.events}
    yield words.say("acts.bundle_verified", as_of=found.as_of, **told)
    yield from _named(found.fingerprint, found.key, words)
    for each in found.not_made:
        yield words.say("acts.bundle_not_made", **{name: each[name] for name in ("report", "place", "found")})
    for place, kind in found.problems:
        key = "acts.bundle_proof_changed" if kind == "proof_changed" else f"ledger.problem_{kind}"
        yield words.say("acts.bundle_problem", place=place, kind=words.say(key))


def _named(fingerprint: str, key: str, words: Words) -> tuple[str, str]:
    return words.say("acts.bundle_manifest", fingerprint=fingerprint), words.say("acts.bundle_key", key=key)


def _note(path: Path | None) -> str | None:
    """The text of a checkpoint file. Raises BadInputError for a file that is no text."""
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInputError(
            "checkpoint", found="a file that is no text", expected="a signed checkpoint", next_step="name its file"
        ) from None

"""A bundle of evidence verifies anywhere, and no changed one does."""

from __future__ import annotations

import json
import random
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from audits.bundles.archive import write_archive
from audits.bundles.manifest import MANIFEST, SIGNATURE, key_of, manifest_bytes, signature_bytes
from governance.cli.main import main
from governance.flows.audits.verifying_evidence import verify_evidence
from governance.hashing import sha256_of
from governance.protect.signing import Ed25519Signer

MARKER = re.compile(
    r"zebulon|quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|5678 ?9011|zorblatt|0440532013|11010519491231002X",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def elsewhere(shared_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle, an older and a younger checkpoint, and nothing of the project."""
    query = ["query", "crm", "--purpose", "support", "--as"]
    main([*query, "alice", "SELECT email, phone FROM customers"])
    main([*query, "alice", "SELECT name FROM customers WHERE name = 'Zebulon Quagmire' AND 1 = "])
    assert main(["ledger", "checkpoint", "--output", "older"]) == 0
    line = [
        "audit",
        "evidence",
        "--output",
        "evidence.zip",
        "--since-checkpoint",
        "older",
        "--policy-before",
        "policies",
    ]
    assert main([*line, "--with", "scan", "--with", "quality"]) == 0
    assert main([*query, "mallory", "SELECT id FROM customers"]) == 1
    assert main(["ledger", "checkpoint", "--output", "younger"]) == 0
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in ("evidence.zip", "older", "younger"):
        shutil.copy(shared_project / name, folder / name)
    return folder


@pytest.fixture
def bundle(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle; the process stands in a folder without a project."""
    monkeypatch.chdir(elsewhere)
    return elsewhere / "evidence.zip"


@pytest.fixture
def files(bundle: Path) -> dict[str, bytes]:
    """Its files, to be changed."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _repacked(files: dict[str, bytes], path: Path) -> Path:
    parts = write_archive({name: lambda content=content: (content,) for name, content in files.items()})
    path.write_bytes(b"".join(parts))
    return path


def _signed_anew(files: dict[str, bytes], path: Path, signer: Ed25519Signer) -> Path:
    """A bundle of changed files with a manifest that fits them, signed by a key of the forger's."""
    document = json.loads(files[MANIFEST])
    rest = {name: content for name, content in files.items() if name not in (MANIFEST, SIGNATURE)}
    document["files"] = {name: sha256_of((content,)) for name, content in rest.items()}
    document["key"] = key_of(signer)
    manifest = manifest_bytes(document)
    return _repacked(rest | {MANIFEST: manifest, SIGNATURE: signature_bytes(manifest, signer)}, path)


def test_a_copied_bundle_verifies_without_the_project(bundle: Path, tmp_path: Path, run, files) -> None:
    copied = Path(shutil.copy(bundle, tmp_path / "copy.zip"))
    found = run("audit", "verify", copied)
    assert (found.code, found.out.split(":")[0]) == (0, "self_consistent")
    key = json.loads(files[MANIFEST])["key"]["public_key"]
    for outside in (["--key", key], ["--key", f"name {key}"], ["--checkpoint", "older"]):
        found = run("audit", "verify", copied, *outside, "--format", "json")
        assert found.code == 0, found.err
        document = json.loads(found.out)
        assert document["status"] == "anchored"
        assert document["problems"] == []


def test_every_report_is_there_as_pages_and_for_machines(files: dict[str, bytes]) -> None:
    reports = json.loads(files[MANIFEST])["reports"]
    assert {each["kind"] for each in reports} == {
        "access",
        "automated",
        "consent",
        "dpia",
        "fairness",
        "exposure",
        "grants",
        "protection",
        "quality",
        "requests",
        "retention",
        "review",
        "ropa",
        "scan",
        "training",
    }
    for each in reports:
        assert len(each["files"]) == 4
        assert json.loads(files[f"reports/{each['report']}.json"])["schema"]


def test_no_planted_value_is_in_a_bundle(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        assert not MARKER.search(content.decode()), name


def test_the_ledger_names_the_bundle_that_was_made(shared_project: Path, bundle: Path, monkeypatch, run) -> None:
    monkeypatch.chdir(shared_project)
    shown = run("ledger", "show", "--kind", "report", "--outcome", "done", "--format", "json").out.splitlines()
    refs = [event["refs"] for event in map(json.loads, shown) if event["action"] == "audit.evidence"]
    assert refs[-1]["manifest"] == verify_evidence(bundle).fingerprint


@pytest.mark.parametrize("seed", range(4))
def test_any_single_bit_that_changes_is_refused(bundle: Path, tmp_path: Path, seed: int) -> None:
    content, chance, copy = bundle.read_bytes(), random.Random(seed), tmp_path / "copy.zip"
    places = [chance.randrange(len(content)) for _ in range(10)]
    # the directory at the end, and a place in each of a few files' headers
    places += [len(content) - 1 - chance.randrange(2000) for _ in range(10)]
    places += [chance.choice([each.start() for each in re.finditer(b"PK", content)]) + chance.randrange(30)]
    for place in (each % len(content) for each in places):  # the last mark is less than thirty bytes from the end
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        copy.write_bytes(changed)
        assert main(["audit", "verify", str(copy)]) == 1, place


@pytest.mark.parametrize("name", ["ledger/ledger.jsonl", "ledger/checkpoint", "reports/access.json", "readme.txt"])
def test_a_changed_file_is_named(files, tmp_path: Path, run, name: str) -> None:
    files[name] = files[name].replace(b"a", b"b", 1)
    found = run("audit", "verify", _repacked(files, tmp_path / "copy.zip"))
    assert found.code == 1
    assert f"{name}: changed" in found.out


@pytest.mark.parametrize(("gone", "more"), [("readme.txt", ""), ("", "more.txt"), ("ledger/checkpoint", "")])
def test_a_file_taken_out_or_put_in_is_named(files, tmp_path: Path, run, gone: str, more: str) -> None:
    files.pop(gone, None)
    found = run("audit", "verify", _repacked(files | ({more: b""} if more else {}), tmp_path / "copy.zip"))
    assert found.code == 1
    assert (gone or more) in found.err


def test_a_bundle_signed_by_a_stranger_holds_against_nothing_from_outside(files, tmp_path: Path, run) -> None:
    key = json.loads(files[MANIFEST])["key"]
    stranger = Ed25519Signer(key["name"], bytes(32))
    forged = _signed_anew(files, tmp_path / "forged.zip", stranger)
    assert run("audit", "verify", forged).code == 1  # its ledger is signed by another key than its manifest
    assert run("audit", "verify", forged, "--key", key["public_key"]).code == 1
    assert run("audit", "verify", forged, "--checkpoint", "older").code == 1


def test_a_ledger_changed_under_a_manifest_that_fits_is_placed(
    shared_project, files, tmp_path: Path, monkeypatch
) -> None:
    from governance.app import Governance

    monkeypatch.chdir(shared_project)
    with Governance.open() as gov:
        signer = gov.keyring.signer("ledger")
        files["ledger/ledger.jsonl"] = files["ledger/ledger.jsonl"].replace(b'"refused"', b'"allowed"', 1)
        found = verify_evidence(_signed_anew(files, tmp_path / "forged.zip", signer))
    assert found.status == "tampered"
    assert found.problems[0][0].startswith("ledger/ledger.jsonl, period 1, event")
    assert {kind for _, kind in found.problems} >= {"changed"}


def test_a_proof_changed_under_a_manifest_that_fits_is_named(
    shared_project, files, tmp_path: Path, monkeypatch
) -> None:
    from governance.app import Governance

    monkeypatch.chdir(shared_project)
    name = "ledger/proofs/request.json"
    files[name] = files[name].replace(b"begun", b"ended")
    with Governance.open() as gov:
        found = verify_evidence(_signed_anew(files, tmp_path / "forged.zip", gov.keyring.signer("ledger")))
    assert found.problems == ((name, "proof_changed"),)


def test_a_checkpoint_that_came_after_the_bundle_cannot_tell(bundle: Path, run) -> None:
    found = run("audit", "verify", bundle, "--checkpoint", "younger")
    assert found.code == 2
    assert "signed after the bundle" in found.err


@pytest.mark.parametrize("key", ["", "AAAA", "not base64", "Zebulon Quagmire"])
def test_a_key_of_another_form_cannot_tell_and_is_not_repeated(bundle: Path, run, key: str) -> None:
    found = run("audit", "verify", bundle, "--key", key)
    assert found.code == 2
    assert "Quagmire" not in found.err


def test_a_file_that_is_no_bundle_is_refused(bundle: Path, run) -> None:
    assert run("audit", "verify", "older").code == 1
    assert run("audit", "verify", "nosuch.zip").code == 2


def test_a_report_that_cannot_be_made_is_listed_and_the_others_are_made(project: Path, run) -> None:
    (project / "policies" / "quality.yaml").write_text("version: 1\nnonsense: true\n", encoding="utf-8")
    found = run("audit", "evidence", "--output", "evidence.zip", "--with", "quality", "--format", "json")
    assert found.code == 2
    made = json.loads(found.out)
    assert [each["report"] for each in made["not_made"]] == ["quality"]
    verified = verify_evidence(project / "evidence.zip")
    assert verified.status == "self_consistent"
    assert [dict(each) for each in verified.not_made] == made["not_made"]
    assert "access" in verified.reports


def test_a_ledger_that_cannot_record_leaves_no_bundle(project: Path, run, monkeypatch) -> None:
    from governance.ledger.log import Ledger
    from policies.errors import LedgerError

    append = Ledger.append

    def refuse(self, draft):
        if "manifest" in draft.refs:
            raise LedgerError("ledger", found="full", expected="room", next_step="make room")
        return append(self, draft)

    monkeypatch.setattr(Ledger, "append", refuse)
    assert run("audit", "evidence", "--output", "evidence.zip").code == 2
    assert [each.name for each in project.iterdir() if "evidence" in each.name] == []
    assert run("audit", "evidence", "--output", "nosuch/evidence.zip").code == 2


@pytest.mark.parametrize(
    "change",
    [
        {"reports": [1]},
        {"reports": {}},
        {"not_made": [{"report": "x"}]},
        {"as_of": 7},
        {"files": []},
        {"schema": "x"},
        {"more": 1},
    ],
)
def test_a_manifest_of_another_form_is_refused(files, tmp_path: Path, run, change: dict) -> None:
    signer = Ed25519Signer("stranger", bytes(32))
    manifest = manifest_bytes(json.loads(files[MANIFEST]) | {"key": key_of(signer)} | change)
    files |= {MANIFEST: manifest, SIGNATURE: signature_bytes(manifest, signer)}
    found = run("audit", "verify", _repacked(files, tmp_path / "forged.zip"))
    assert "internal error" not in found.err
    assert found.code == 1


def test_what_a_stranger_wrote_does_not_steer_the_terminal(files, tmp_path: Path, run) -> None:
    signer = Ed25519Signer("stranger", bytes(32))
    files["readme.txt"] = b""
    document = json.loads(files[MANIFEST]) | {"key": key_of(signer), "as_of": "\x1b[2Jall is well"}
    manifest = manifest_bytes(document)
    files |= {MANIFEST: manifest, SIGNATURE: signature_bytes(manifest, signer)}
    found = run("audit", "verify", _repacked(files, tmp_path / "forged.zip"))
    assert found.code == 1
    assert "\x1b" not in found.out + found.err

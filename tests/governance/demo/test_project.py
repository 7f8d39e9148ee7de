from __future__ import annotations

from pathlib import Path

import pytest

from governance.access.lint import lint
from governance.app import Governance
from governance.cli.project_option import actor
from governance.demo import project as making
from governance.demo.owner import admit_owner
from governance.demo.project import STAMP, ensure_demo
from governance.demo.truth import SPECIAL_DATASETS, SPECIAL_ROWS, TRUTH
from governance.flows.opening.doctor import State, examine_project
from governance.flows.scan.reviewing import drift
from governance.project import Project
from policies.catalog import read_catalog
from policies.errors import BadInputError
from policies.nouns import FieldRef, LabelStatus
from policies.principals import read_principals


def again(folder: Path, *, customers: int = 300) -> bool:
    return ensure_demo(folder, customers=customers, seed=7, owner=actor(), env={}, say=lambda _: None)


def test_a_second_run_keeps_every_file(small_demo: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small_demo.rglob("*") if path.is_file()}
    assert again(small_demo) is False
    assert {path: path.stat().st_mtime_ns for path in small_demo.rglob("*") if path.is_file()} == before


def test_a_demo_of_another_size_is_refused_and_kept(small_demo: Path) -> None:
    before = (small_demo / STAMP).read_bytes()
    with pytest.raises(BadInputError, match="300 customers"):
        again(small_demo, customers=400)
    assert (small_demo / STAMP).read_bytes() == before


def test_a_folder_with_other_files_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(BadInputError, match="other files"):
        again(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_stamp_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / STAMP).parent.mkdir()
    (tmp_path / STAMP).write_text("{")
    with pytest.raises(BadInputError, match="stamp"):
        again(tmp_path)


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "live", interrupted)
    with pytest.raises(KeyboardInterrupt):
        again(tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_to_mend_and_no_policy_line_is_questionable(small_demo: Path, gov: Governance) -> None:
    checks = list(examine_project(Project.read(small_demo / "governance.yaml", {}), gov.clock))
    assert [each for each in checks if each.state is State.FINDING] == []
    assert lint(gov.policy_files.policy) == []


def test_the_catalog_says_what_the_truth_says(small_demo: Path) -> None:
    catalog = read_catalog(small_demo / "policies/catalog.yaml")
    decided = {(ref.dataset, ref.field): entry for ref, entry in catalog.walk()}
    differing = {f"{d}.{f}" for (d, f), truth in TRUTH.items() if (d, f) in decided} - {
        f"{d}.{f}" for (d, f), entry in decided.items() if (d, f) in TRUTH and entry.category == TRUTH[d, f].category
    }
    assert differing == {"audit_log.detail"}
    unreviewed = {d if d.startswith("v_") else f"{d}.{f.partition(':')[0]}" for d, f in TRUTH.keys() - decided.keys()}
    assert unreviewed == {"orders.extra", "v_customer_contact"}
    assert all(entry.status is LabelStatus.CONFIRMED for entry in decided.values())
    datasets = catalog.stores["crm"].datasets
    assert {name for name, each in datasets.items() if each.special} == SPECIAL_DATASETS
    assert {
        name: each.special_rows["user.health_and_medical"] for name, each in datasets.items() if each.special_rows
    } == (dict(SPECIAL_ROWS))
    assert all(each.record_key == ("id",) for each in datasets.values())
    account = catalog.field(FieldRef("crm", "refund_accounts", "account"))
    assert account is not None
    assert account.encrypted


def test_a_fresh_scan_differs_from_the_catalog_in_every_way(gov: Governance) -> None:
    found = {(each["kind"], each["place"]) for each in drift(gov, gov.scan())}
    assert {
        ("changed_type", "crm.audit_log.row_id"),
        ("contradicted", "crm.audit_log.detail"),
        ("gone", "crm.devices.imei"),
        ("new", "crm.orders.extra"),
        ("new", "crm.v_customer_contact"),
    } <= found


def test_the_passphrase_is_the_owners_alone(small_demo: Path) -> None:
    assert (small_demo / ".governance/passphrase").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "owner", ["DOMAIN\\user", "a,b", "support", "Alice", "ＡＬＩＣＥ", "", "x" * 65, "impersonate"]
)
def test_an_owner_whose_name_no_policy_can_hold_is_left_out(tmp_path: Path, owner: str) -> None:
    folder = policies(tmp_path)
    before = sorted((path.name, path.read_text()) for path in folder.iterdir())
    admit_owner(folder, owner)
    assert sorted((path.name, path.read_text()) for path in folder.iterdir()) == before


@pytest.mark.parametrize("owner", ["root", "null", "alice", "j.doe-2"])
def test_an_owner_may_ask_as_others(tmp_path: Path, owner: str) -> None:
    folder = policies(tmp_path)
    admit_owner(folder, owner)
    assert owner in read_principals(folder / "principals.yaml").principals
    assert f"g, {owner}, impersonate\n" in (folder / "access.csv").read_text()


def policies(folder: Path) -> Path:
    source = Path(making.__file__).parent / "files/policies"
    for name in ("principals.yaml", "access.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from audits.formats.widths import width
from audits.speaking import Speaker
from governance.app import Governance
from governance.cli.main import main
from governance.consent.events import Subject
from governance.demo.chapters.consent import consent
from governance.demo.stage import WIDTH, Line, Stage, Style, table, wrapped
from governance.demo.walk import REPORTS, walk
from governance.flows.opening.offices import office_of
from governance.jobs.registry import certificate_text
from policies.vocabulary import LANGUAGES


@dataclass(frozen=True)
class Told:
    """Three walks on one demo, in the order of the languages, and the pages that each left."""

    folder: Path
    lines: dict[str, list[Line]]
    pages: dict[str, list[str]]

    def text(self, lang: str = "en") -> str:
        return "\n".join(each.text for each in self.lines[lang])


@pytest.fixture(scope="module")
def told(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = Path(shutil.copytree(small_demo, tmp_path_factory.mktemp("walk") / "demo"))
    found = Told(folder, {}, {})
    for lang in LANGUAGES:
        found.lines[lang] = list(walk(folder, lang=lang, env={}))
        found.pages[lang] = [(folder / f"reports/{name}.html").read_text(encoding="utf-8") for name in REPORTS]
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_chapters_are_told_in_order_and_reports_left(told: Told, lang: str) -> None:
    lines = told.lines[lang]
    chapters = [each.text.split()[0] for each in lines if each.style is Style.CHAPTER]
    assert chapters == [str(number) for number in range(1, 20)]
    pages = [each.text.strip() for each in lines if each.text.strip().endswith(".html") and each.style is Style.GOOD]
    assert pages == [
        *(str(told.folder / f"reports/{name}.html") for name in REPORTS),
        str(told.folder / "reports/audit/index.html"),
    ]
    assert lines[-1].text.strip() == pages[-1]
    for page in told.pages[lang]:
        assert f'lang="{lang}"' in page
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(\s*['"]?http""", page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_keep_to_the_width(told: Told, lang: str) -> None:
    said = [each.text for each in told.lines[lang] if each.style in (Style.CHAPTER, Style.SAY)]
    assert len(said) > 20
    assert [each for each in said if width(each) > WIDTH] == []


def test_the_letter_is_shown_without_the_people_in_it(told: Told) -> None:
    text = told.text()
    assert "Dear Dr. <PERSON>, my name is <PERSON> and my daughter <PERSON> lives at <ADDRESS>." in text
    assert "客户<PERSON>来电，手机<PHONE_NUMBER>，收货地址<ADDRESS>，邮箱是<EMAIL_ADDRESS>。" in text


def test_each_walk_takes_one_person_from_the_mailing(told: Told) -> None:
    reached = []
    for lang in LANGUAGES:
        good = [each.text.split()[-1] for each in told.lines[lang] if each.style is Style.GOOD]
        reached.append((int(good[0]), int(good[2])))
    first = reached[0][0]
    assert reached == [(first, first - 1), (first - 1, first - 2), (first - 2, first - 3)]


def test_the_record_holds_and_the_tampered_copy_does_not(told: Told) -> None:
    assert "anchored: nothing was changed" in told.text()
    assert re.search(r"tampered +changed +period 1, event \d+", told.text())


def test_what_each_person_sees_differs(told: Told) -> None:
    (counts,) = re.findall(r"^ +customers +(\d+) +(\d+) +(\d+) +(\d+)$", told.text(), re.MULTILINE)
    assert len(set(counts)) == 4
    assert re.search(r"^ +support +support +care +marketing.email$", told.text(), re.MULTILINE)
    assert "***@" in told.text()
    assert "no line can open what is closed here" in told.text()
    assert "found a cell that does not decrypt" in told.text()
    assert "GOV003" in told.text()
    assert "audit_log.detail" in told.text()
    assert "nothing personal was found in clear" in told.text()
    assert re.search(r"Kept today: access:\w+, used \d+ times", told.text())


def test_each_walk_finds_its_own_letter_late_beside_those_of_the_walks_before(told: Told) -> None:
    for number, lang in enumerate(LANGUAGES, start=1):
        rows = [each.text for each in told.lines[lang] if re.match(r" +[0-9a-f]{32}  ", each.text)]
        late = [row for row in rows if Speaker(lang).words.say("requests.type_rectification") in row]
        assert len(late) == number


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_person_is_found_and_gets_a_package(told: Told, lang: str) -> None:
    assert str(told.folder / "reports" / "subject.zip") in [each.text.strip() for each in told.lines[lang]]
    with zipfile.ZipFile(told.folder / "reports" / "subject.zip") as package:
        rows = json.loads(package.read("data.json"))["datasets"]
        page = package.read("index.html").decode()
    assert {each["dataset"]: len(each["rows"]) for each in rows}["crm.customers"] == 1
    assert 'lang="zh-Hant"' in page  # the last walk's


def test_each_walk_erases_one_person_and_restricts_another(told: Told) -> None:
    erased, restricted = [], []
    for lang in LANGUAGES:
        said = [each.text.strip() for each in told.lines[lang]]
        (row,) = [each for each in said if re.match(r"crm\.orders +\d+ .*invoices-eight-years", each)]
        assert "20" in row
        (job,) = [each.rpartition(" ")[2] for each in said if each.startswith("$ governance job certificate")]
        erased.append(job)
        restricted += [each.split()[4] for each in said if each.startswith("$ governance subject unrestrict")]
        assert [each.style for each in told.lines[lang] if "crm.v_customer_contact" in each.text][-1:] == [Style.GOOD]
    assert len(set(erased)) == len(set(restricted)) == len(LANGUAGES)
    with Governance.open(told.folder / "governance.yaml", env={}) as gov:
        assert len(list(gov.ledger.events("restriction.placed"))) == len(LANGUAGES)
        certificates = [json.loads(certificate_text(office_of(gov), each)) for each in erased]
    assert {each["findings"]["verification"]["status"] for each in certificates} == {"open"}
    assert all(each["findings"]["verification"]["residue"] == {} for each in certificates)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_emergency_opens_once_and_is_over(told: Told, lang: str) -> None:
    lines = told.lines[lang]
    row = next(place for place, each in enumerate(lines) if re.match(r" +alice +emergency +\S", each.text))
    assert "·" not in lines[row].text
    assert any("not open" in each.text for each in lines[row : row + 6] if each.style is Style.REFUSED)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_consent_chapter_names_the_article_of_each_law(told: Told, lang: str) -> None:
    text = told.text(lang)
    for row in ("gdpr     7(3)", "pipl     15 ", "tw-pdpa  11(3), 20(2)"):
        assert row in text
    assert re.search(r"consent:gdpr:withdrawal", text)


def test_every_command_that_the_walk_shows_runs(
    told: Told, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(told.folder)
    shown = [each.text.strip() for each in told.lines["en"] if each.style is Style.COMMAND]
    commands = [shlex.split(each)[2:] for each in shown if each.startswith("$ governance ")]
    assert len(commands) == 27
    for arguments in commands:
        assert main(arguments) == (1 if arguments[0] == "check" else 0), capsys.readouterr().err
    assert (told.folder / "access.html").is_file()


def test_when_nobody_is_left_to_withdraw_the_walk_says_so(gov: Governance) -> None:
    for number in range(1, 301):
        gov.consent.withdrawn(Subject(f"customer-{number}"), "marketing", "*")
    lines = list(consent(Stage(gov, "crm", Speaker("en"))))
    assert "Nobody is left" in lines[0].text


def test_the_command_keeps_a_demo_and_refuses_another(
    tmp_path: Path, small_demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(small_demo, tmp_path / "demo")
    assert main(["demo", str(folder), "--customers", "300"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "kept the demo" in err
    assert main(["demo", str(folder), "--customers", "400"]) == 2
    assert "remove this one" in capsys.readouterr().err


def test_a_table_stands_straight_in_chinese() -> None:
    lines = [each.text for each in table([("王小明", 7, None), ("Li", 1234, "x")])]
    assert [width(each.split("·")[0].split("x")[0]) for each in lines] == [width(lines[0][:-1])] * 2


def test_long_sentences_are_cut_between_words_or_characters() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("一二三四，五", 8) == ["一二三四，", "五"]

"""vCard files of three versions, with what programs really write into them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from connectors.base import FULL, NotSeen, Sample
from connectors.files.naming import shape_of
from connectors.files.store import FileStore
from connectors.files.vcard.cards import CardReader
from policies.errors import StoreError

MARKER = "13800138000"


def _store(tmp_path: Path, text: str | bytes, **options: object) -> FileStore:
    raw = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
    (tmp_path / "book.vcf").write_bytes(raw)
    return FileStore("s", str(tmp_path / "book.vcf"), **options)  # type: ignore[arg-type] # keywords of FileStore


def _types(store: FileStore) -> dict[str, str]:
    return {field.name: field.type for field in store.datasets()[0].fields}


def _rows(store: FileStore, sample: Sample = FULL) -> tuple[list[dict[str, str | None]], list[NotSeen]]:
    fields = [name for name, word in _types(store).items() if word != "binary"]
    with store.read("book.vcf", fields, sample) as reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
    return rows, list(reading.not_seen)


def _row(store: FileStore) -> dict[str, str | None]:
    [row], unseen = _rows(store)
    assert unseen == []
    return row


def test_version_4_card_has_components_lists_and_parameters(tmp_path: Path) -> None:
    store = _store(
        tmp_path,
        "BEGIN:VCARD\nVERSION:4.0\nFN:林雅婷\nN:林;雅婷;;Dr.;Jr.,M.D.\n"
        'ADR;TYPE=home;LABEL="中山路1號^n臺北";GEO="geo:25.03,121.56":;;中山路1號\\, 3樓;臺北;;104;台灣\n'
        "TEL;VALUE=uri;TYPE=cell:tel:+886-912-345-678\nitem1.EMAIL:ya.ting@example.com\nEMAIL:lin@example.org\n"
        "BDAY:19850302\nORG:Example\\; Co.;Sales;North\nNICKNAME:婷婷,Ting\nNOTE:first line\\nsecond\\, end\n"
        "GENDER:F;woman\nEND:VCARD\n",
    )
    row = _row(store)
    assert row == {
        "VERSION": "4.0",
        "FN": "林雅婷",
        "N.family": "林",
        "N.given": "雅婷",
        "N.prefix": "Dr.",
        "N.suffix": "Jr.,M.D.",
        "ADR.street": "中山路1號, 3樓",
        "ADR.locality": "臺北",
        "ADR.code": "104",
        "ADR.country": "台灣",
        "ADR.label": "中山路1號\n臺北",
        "ADR.geo": "geo:25.03,121.56",
        "TEL": "+886-912-345-678",
        "EMAIL": '["ya.ting@example.com", "lin@example.org"]',
        "BDAY": "19850302",
        "ORG": "Example; Co.",
        "ORG.unit": '["Sales", "North"]',
        "NICKNAME": '["婷婷", "Ting"]',
        "NOTE": "first line\nsecond, end",
        "GENDER": "F",
        "GENDER.text": "woman",
    }
    assert _types(store)["EMAIL"] == "json"
    assert _types(store)["FN"] == "string"


def test_fold_inside_a_character_and_a_word_is_undone(tmp_path: Path) -> None:
    note = "电话 和 address".encode()
    text = b"BEGIN:VCARD\nVERSION:3.0\nNOTE:" + note[:2] + b"\n " + note[2:14] + b"\n\t" + note[14:] + b"\nEND:VCARD\n"
    assert _row(_store(tmp_path, text))["NOTE"] == "电话 和 address"


def test_fold_of_2_1_keeps_its_space_wherever_the_version_stands(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nNOTE:two\n words\nVERSION:2.1\nEND:VCARD\n"
    assert _row(_store(tmp_path, text))["NOTE"] == "two words"


def test_quoted_printable_with_its_charset_and_soft_breaks(tmp_path: Path) -> None:
    def encoded(text: str, codec: str) -> str:
        return "".join(f"={byte:02X}" for byte in text.encode(codec))

    name, street = encoded("張雅婷", "big5"), encoded("人民路1号\r\n3楼;x", "gbk")
    text = (
        f"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=BIG5;ENCODING=QUOTED-PRINTABLE:{name[:3]};{name[3:9]}=\n{name[9:]};;;\n"
        f"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:{encoded('张伟', 'utf-8')}\n"
        f"NOTE;QUOTED-PRINTABLE;CHARSET=GB2312:{street}=\n\n"
        "TEL;CELL;PREF:13800138000\nX-PATH:C:\\new\nEND:VCARD\n"
    )
    row = _row(_store(tmp_path, text.replace(f"{name[:3]};{name[3:9]}", f"{name[:6]};{name[6:9]}")))
    assert (row["N.family"], row["N.given"], row["FN"]) == ("張", "雅婷", "张伟")
    assert row["NOTE"] == "人民路1号\r\n3楼;x"
    assert (row["TEL"], row["X-PATH"]) == (MARKER, "C:\\new")


def test_properties_in_encodings_of_their_own_need_none_for_the_file(tmp_path: Path) -> None:
    text = (
        b"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=GBK:" + "张伟".encode("gbk") + b"\nORG;CHARSET=BIG5:"
        b"" + "臺灣許功蓋公司".encode("big5") + b";" + "業務".encode("big5") + b"\nNOTE;CHARSET=UTF-8:"
        b"" + "备注".encode() + b"\nEND:VCARD\n"
    )
    row = _row(_store(tmp_path, text))
    assert (row["FN"], row["ORG"], row["ORG.unit"], row["NOTE"]) == ("张伟", "臺灣許功蓋公司", "業務", "备注")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encoding_of_the_file_is_found_out(tmp_path: Path, codec: str) -> None:
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:张伟，王芳的同事\r\nNOTE:联系人备注，电话已核实\r\nEND:VCARD\r\n"
    assert _row(_store(tmp_path, text.encode(codec)))["FN"] == "张伟，王芳的同事"


def test_quoted_printable_without_charset_is_what_the_owner_says(tmp_path: Path) -> None:
    raw = "".join(f"={byte:02X}" for byte in "张伟".encode("gbk"))
    text = f"BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE:{raw}\nEND:VCARD\n"
    _, unseen = _rows(_store(tmp_path, text))
    assert unseen == [NotSeen("s.book.vcf", "not_seen.broken_bytes", "1, first at card 1")]
    assert _row(_store(tmp_path, text, encoding="gbk"))["FN"] == "张伟"


def test_wrong_encoding_of_many_cards_is_an_error(tmp_path: Path) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:张伟\r\nEND:VCARD\r\n".encode("gbk")
    with pytest.raises(StoreError, match="more than 100 places") as caught:
        _rows(_store(tmp_path, card * 101, encoding="utf-8"))
    assert "张" not in str(caught.value)


def test_photo_is_left_out_and_said_and_its_address_is_read(tmp_path: Path) -> None:
    data = "\n".join([" " + "QUJD" * 15] * 3)
    text = (
        f"BEGIN:VCARD\nVERSION:3.0\nPHOTO;ENCODING=b;TYPE=JPEG:QUJD\n{data}\nFN:A\nEND:VCARD\n"
        f"BEGIN:VCARD\nVERSION:2.1\nPHOTO;BASE64:\nQUJDQUJD\nQUJDQQ==\n\nFN:B\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:4.0\nPHOTO:data:image/jpeg;base64,QUJD\nFN:C\nPHOTO:https://example.com/c.jpg\nEND:VCARD\n"
    )
    store = _store(tmp_path, text)
    assert _types(store)["PHOTO.inline"] == "binary"
    with store.read("book.vcf", ["FN", "PHOTO", "PHOTO.inline"], FULL) as reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
    assert [row["FN"] for row in rows] == ["A", "B", "C"]
    assert [row["PHOTO"] for row in rows] == [None, None, "https://example.com/c.jpg"]
    assert list(reading.not_seen) == [NotSeen("s.book.vcf.PHOTO.inline", "not_seen.binary")]


def test_broken_cards_are_reported_by_number_and_what_is_left_of_them_is_read(tmp_path: Path) -> None:
    text = (
        f"{MARKER} stray\nBEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n"
        f"BEGIN:VCARD\nFN:B\nno property {MARKER}\nTEL:1\nEND:VCARD\n"
        "BEGIN:VCARD\nFN:C\nBEGIN:VCARD\nFN:D\nEND:VCARD\nBEGIN:VCARD\nFN:E\n"
    )
    rows, unseen = _rows(_store(tmp_path, text))
    assert [row["FN"] for row in rows] == ["A", "B", "C", "D", "E"]
    assert rows[1]["TEL"] == "1"
    assert unseen == [
        NotSeen("s.book.vcf", "not_seen.bad_card", "3, first at card 2"),
        NotSeen("s.book.vcf", "not_seen.bad_line", "1, first at line 1"),
    ]


def test_card_inside_a_card_is_of_an_agent(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nVERSION:2.1\nFN:A\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:B\nEND:VCARD\nTEL:1\nEND:VCARD\n"
    row = _row(_store(tmp_path, text))
    assert (row["FN"], row["AGENT.FN"], row["TEL"]) == ("A", "B", "1")


def test_names_that_are_data_fold(tmp_path: Path) -> None:
    text = f"BEGIN:VCARD\nX-{MARKER}:1\nX-ANN:2\nFN:A\nEND:VCARD\n"
    store = _store(tmp_path, text, name_filter=lambda name: shape_of(name) if "ANN" in name else name)
    assert _types(store) == {"*": "json", "FN": "string"}
    assert json.loads(_row(store)["*"] or "") == ["1", "2"]


@pytest.mark.parametrize("text", [b"##fileformat=VCFv4.2\n#CHROM\tPOS\n", b"\x00\x01 nothing\n"])
def test_file_of_the_same_ending_without_cards_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(StoreError, match="no card"):
        _store(tmp_path, text).datasets()


def test_empty_file_has_no_field(tmp_path: Path) -> None:
    store = _store(tmp_path, b"")
    assert _types(store) == {}
    assert _rows(store) == ([], [])


def test_line_ends_of_all_kinds(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["BEGIN:VCARD", "VERSION:3.0", "FN:A\x85B", "END:VCARD", ""]).encode("latin-1")
        assert _row(_store(tmp_path, text, encoding="latin-1"))["FN"] == "A\x85B"


def test_sample_is_spread_and_the_same_for_a_seed(tmp_path: Path) -> None:
    cards = "".join(f"BEGIN:VCARD\nVERSION:3.0\nFN:A\nUID:{number}\nEND:VCARD\n" for number in range(5_000))
    store = _store(tmp_path, cards)
    first, again, other = (_rows(store, Sample(100, seed=seed))[0] for seed in (1, 1, 2))
    assert first == again != other
    assert len({int(row["UID"] or 0) * 10 // 5_000 for row in first}) == 10
    with store.read("book.vcf", ["UID"], Sample(100)) as reading:
        list(reading)
    assert (reading.rows_total, reading.method) == (5_000, "every_nth")


def test_long_card_without_an_end_is_an_error_that_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.files.vcard.cards._MOST_CARD_BYTES", 10_000)
    with pytest.raises(StoreError, match="longer than") as caught:
        _store(tmp_path, f"BEGIN:VCARD\n{f'NOTE:{MARKER}' * 10}\n" + f"NOTE:{MARKER}\n" * 1_000).datasets()
    assert MARKER not in str(caught.value)


def test_memory_is_flat_over_many_cards_and_long_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.files.vcard.tables._BATCH_ROWS", 50)
    photo = "".join(f" {'QUJD' * 18}\n" for _ in range(50))
    card = f"BEGIN:VCARD\nVERSION:3.0\nFN:A\nPHOTO;ENCODING=b:QUJD\n{photo}NOTE:{'x' * 500}\nEND:VCARD\n"

    def peak(cards: int) -> int:
        store = _store(tmp_path, card * cards, encoding="utf-8")
        tracemalloc.start()
        with store.read("book.vcf", ["FN"], FULL) as reading:
            seen = sum(batch.num_rows for batch in reading)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == cards
        return most

    assert peak(600) < 1.2 * peak(100)


def test_nothing_of_a_card_is_in_a_repr(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(f"BEGIN:VCARD\nTEL;X-N={MARKER}:{MARKER}\nEND:VCARD\n", encoding="utf-8")
    with path.open("rb") as file:
        reader = CardReader(file, "s.x")
        [card] = reader
        assert MARKER not in f"{card!r} {card.properties!r}"

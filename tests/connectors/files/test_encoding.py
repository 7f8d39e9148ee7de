"""Encodings that Chinese firms export are told apart, or the doubt is said."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from connectors.base import FULL
from connectors.files.encoding import detected
from connectors.files.store import FileStore
from policies.errors import StoreError

SIMPLIFIED = "编号,姓名,备注\n1,张伟,客户反映电话打不通，已改约下周三\n2,欧阳娜,请寄到上海市浦东新区世纪大道100号\n"
TRADITIONAL = "編號,姓名,備註\n1,林雅婷,她先生的生日是三月二號，請寄禮物到臺北市大安區\n2,陳建宏,發票抬頭寫錯，請重開\n"
RARE = "编号,姓名\n1,𠮷田\n2,王喆\n3,李䶮\n4,陈燚\n"
HONG_KONG = "編號,姓名,地址\n1,陳大文,香港鰂魚涌英皇道\n2,李小龍,深水埗大埔道嘅舖位\n"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (SIMPLIFIED, "utf-8"),
        (TRADITIONAL, "utf-8"),
        (SIMPLIFIED, "utf-8-sig"),
        (SIMPLIFIED, "utf-16"),
        (TRADITIONAL, "utf-16"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb2312"),
        (TRADITIONAL, "gb18030"),
        (RARE, "gb18030"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "cp950"),
        (HONG_KONG, "big5hkscs"),
        ("id,name\n1,José Müller\n2,Zoë\n", "cp1252"),
        ("id,name\n1,José Müller\n2,Иван\n", "utf-8"),
        ("id,name\n1,Ann\n", "ascii"),
    ],
)
def test_file_is_read_in_its_own_encoding(tmp_path: Path, text: str, codec: str) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode(codec))
    store = FileStore("s", str(tmp_path / "x.csv"))
    [dataset] = store.datasets()
    header, *lines = text.splitlines()
    assert [field.name for field in dataset.fields] == header.split(",")
    with store.read("x.csv", header.split(","), FULL) as reading:
        rows = [",".join(row.values()) for batch in reading for row in batch.to_pylist()]
    assert rows == lines


@pytest.mark.parametrize("name", ["张三", "李娜", "王伟", "欧阳明", "联通", "陈静", "上海", "客户"])
def test_one_simplified_name_in_ascii_is_enough(name: str) -> None:
    found = detected(io.BytesIO(f"id,name\n1,{name}\n".encode("gb18030")))
    assert found is not None
    assert found.codec == "gb18030"


@pytest.mark.parametrize("name", ["張三", "李娜", "王偉", "歐陽明", "聯通", "陳靜", "臺北", "客戶"])
def test_one_traditional_name_in_ascii_is_enough(name: str) -> None:
    found = detected(io.BytesIO(f"id,name\n1,{name}\n".encode("cp950")))
    assert found is not None
    assert found.codec in {"cp950", "big5hkscs"}


def test_first_chinese_far_down_a_file_of_ascii_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(b"id,name\n" + b"1,Ann Example\n" * 400_000)
        file.write("2,张伟是我们的客户\n".encode("gb18030"))
    with path.open("rb") as file:
        found = detected(file)
    assert found is not None
    assert found.codec == "gb18030"


@pytest.mark.parametrize("garbage", [bytes(range(128, 256)) * 4 + b"\n", b"a,\x81\x00\xff\xfe\x81b\n" * 9])
def test_bytes_of_no_encoding_are_an_error_with_a_next_step(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n" + garbage)
    with pytest.raises(StoreError, match="encoding") as caught:
        FileStore("s", str(tmp_path / "x.csv")).datasets()
    assert "governance.yaml" in caught.value.next_step


def test_encoding_that_is_said_goes_before_detection(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("id,name\n1,é\n".encode("cp437"))
    store = FileStore("s", str(tmp_path / "x.csv"), encoding="cp437")
    with store.read("x.csv", ["name"], FULL) as reading:
        assert [batch.to_pylist() for batch in reading] == [[{"name": "é"}]]


def test_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a\n1\n")
    with pytest.raises(StoreError, match="not known"):
        FileStore("s", str(tmp_path / "x.csv"), encoding="big6").datasets()


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_single_broken_bytes_are_replaced_and_listed_with_their_place(tmp_path: Path, codec: str) -> None:
    good = "编号,姓名\n1,张伟\n".encode(codec)
    (tmp_path / "x.csv").write_bytes(good + b"2,\xff\xff\n" + "3,客户\n".encode(codec))
    store = FileStore("s", str(tmp_path / "x.csv"), encoding=codec)
    with store.read("x.csv", ["姓名"], FULL) as reading:
        names = [row["姓名"] for batch in reading for row in batch.to_pylist()]
    assert (names[0], names[2]) == ("张伟", "客户")
    assert set(names[1]) == {"\ufffd"}
    [unseen] = reading.not_seen
    assert (unseen.place, unseen.reason) == ("s.x.csv", "not_seen.broken_bytes")
    assert unseen.detail.endswith(f"first at line 3, byte {len(good) + 2}")


def test_file_that_turns_to_another_encoding_stops_with_its_place(tmp_path: Path) -> None:
    lines = "".join(f"{number},张伟\n" for number in range(1000))
    (tmp_path / "x.csv").write_bytes(b"id,name\n" + lines.encode() + lines.encode("gb18030"))
    store = FileStore("s", str(tmp_path / "x.csv"), encoding="utf-8")
    with pytest.raises(StoreError, match="line 10") as caught, store.read("x.csv", ["name"], FULL) as reading:
        list(reading)
    assert "张伟" not in str(caught.value)
    assert caught.value.__cause__ is None

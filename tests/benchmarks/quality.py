"""Records a CPU second that a run over the quality of people takes, and its peak memory at two sizes.

Run by hand: `python tests/benchmarks/quality.py [SMALL LARGE]`, 100,000 and 1,000,000 records unless told. Prints one
JSON line for each figure, after checking that what was planted was found and nothing else. The records lie in a
Parquet file: name, e-mail, phone, birth date, paper, tier and two moments; one in a hundred repeats an earlier person
in another spelling. The other side looks at the same columns one cell after the other with the same libraries,
phonenumbers and python-stdnum, and finds no duplicates.
"""

import datetime as dt
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq
from peak import peak_mb
from stdnum.cn import ric

from connectors.files.store import FileStore
from governance.quality.measuring import Run, measure
from governance.quality.plan import Needs, looks_of
from governance.quality.scratch import Scratch
from governance.quality.standard import load_standard
from policies.catalog import parse_catalog
from policies.quality_rules import QualityFile

SIZES = (100_000, 1_000_000)
REFERENCE_ROWS = 5_000
BATCH = 50_000
NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
FIELDS = {
    "id": "user.unique_id",
    "name": "user.name",
    "email": "user.contact.email",
    "phone": "user.contact.phone_number",
    "birth_date": "user.demographic.date_of_birth",
    "national_id": "user.government_id.national_identification_number",
    "tier": "user.account.tier",
    "created_at": "none",
    "updated_at": "none",
}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉梅红建国志文晓东海燕雪琴波宁鑫浩宇欣怡梓涵子轩若曦思远佳琪"
TRADITIONAL = str.maketrans(
    "张刘陈杨赵吴孙马罗郑谢许韩冯邓萧蒋叶苏吕卢伟静丽强军艳杰涛兰刚华红建国晓东宁轩远",
    "張劉陳楊趙吳孫馬羅鄭謝許韓馮鄧蕭蔣葉蘇呂盧偉靜麗強軍艷傑濤蘭剛華紅建國曉東寧軒遠",
)


def record(rng: random.Random, number: int) -> list[str]:
    """A person like no other: phone, e-mail and paper hold the number."""
    birth = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20_000))
    name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2))))
    body = f"110105{birth:%Y%m%d}{number % 1000:03d}"
    return [
        name,
        f"p{number}@mail{number % 97}.example.cn",
        f"137{12_000_000 + number:08d}",
        birth.isoformat(),
        body + ric.calc_check_digit(f"{body}0"),
        rng.choice(("gold", "silver", "bronze")),
        "2025-01-01 08:00:00",
        "2026-01-01 08:00:00",
    ]


def write(path: Path, rows: int) -> dict[str, int]:
    """People in a Parquet file, and how many faults of which kind stand in it."""
    rng, planted = random.Random(7), {"phone": 0, "email": 0, "birth_date": 0, "national_id": 0, "tier": 0, "twice": 0}
    names = list(FIELDS)
    schema = pa.schema([(name, pa.string()) for name in names])
    earlier: list[list[str]] = []
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, BATCH):
            batch = []
            for number in range(start, min(rows, start + BATCH)):
                row = record(rng, number)
                kind = number % 100
                if kind == 0:
                    earlier.append(list(row))
                elif kind == 50:
                    first = earlier[-1]
                    row[0], row[3], row[4] = first[0].translate(TRADITIONAL), first[3], first[4]
                    planted["twice"] += 1
                elif kind == 10:
                    row[2] = "13800138000"
                    planted["phone"] += 1
                elif kind == 20:
                    row[1] = "abc@@qq.com"
                    planted["email"] += 1
                elif kind == 30:
                    row[3] = "1980-02-30"
                    planted["birth_date"] += 1
                elif kind == 40:
                    row[4] = row[4][:-1] + ("1" if row[4][-1] != "1" else "2")
                    planted["national_id"] += 1
                elif kind == 60 and number % 200 == 60:
                    row[5] = "golden"
                    planted["tier"] += 1
                batch.append([str(number), *row])
            del earlier[:-1]
            writer.write_table(pa.table(dict(zip(names, zip(*batch, strict=True), strict=True)), schema=schema))
    return planted


def run(path: Path) -> tuple[float, dict[str, int]]:
    """CPU seconds of a run, and what it found."""
    store = FileStore("crm", str(path))
    [dataset] = [each.name for each in store.datasets()]
    lines = "\n".join(
        f"          {name}: {{id: f{n}, category: {category}, status: confirmed}}"
        for n, (name, category) in enumerate(FIELDS.items(), start=1)
    )
    catalog = parse_catalog(
        f"version: 1\nstores:\n  crm:\n    id: s1\n    datasets:\n      {dataset}:\n        id: d1\n"
        f"        subject_key: id\n        record_key: id\n        fields:\n{lines}\n"
    ).stores["crm"]
    standard = load_standard(QualityFile(), NOW.date(), ("CN",))
    started = time.process_time()
    looks = looks_of("crm", store.datasets(), catalog, standard, Needs({}, frozenset()), NOW)
    with Scratch() as scratch:
        done = Run(standard, scratch)
        assert measure(done, {store: looks}) == []
    seconds = time.process_time() - started
    found: dict[str, int] = {}
    for (place, rule), number in done.tally.faulty.items():
        key = "twice" if rule.startswith("uniqueness") else place.rpartition(".")[2]
        found[key] = found.get(key, 0) + number
    return seconds, found


def check(found: dict[str, int], planted: dict[str, int]) -> None:
    """Just what was planted was found; but namesakes of one day whose paper is wrong pass for one person."""
    assert planted["twice"] <= found["twice"] <= planted["twice"] * 1.005 + 1, (planted, found)
    assert found | {"twice": 0} == planted | {"twice": 0}, (planted, found)


def cell_by_cell(path: Path, rows: int) -> float:
    """CPU seconds for the same checks one cell after the other, without duplicates."""
    table = pq.read_table(path).slice(0, rows).to_pylist()
    email = re.compile(r"[^\s@]+@(?:[^\s@.]+\.)+[^\s@.]{2,}")
    started, wrong = time.process_time(), 0
    for row in table:
        try:
            wrong += not phonenumbers.is_valid_number(phonenumbers.parse(row["phone"], "CN"))
        except phonenumbers.NumberParseException:
            wrong += 1
        wrong += email.fullmatch(row["email"]) is None
        wrong += not ric.is_valid(row["national_id"])
        try:
            dt.date.fromisoformat(row["birth_date"])
        except ValueError:
            wrong += 1
        wrong += row["tier"] not in {"gold", "silver", "bronze"}
        wrong += dt.datetime.fromisoformat(row["updated_at"]) < dt.datetime.fromisoformat(row["created_at"])
    assert wrong
    return time.process_time() - started


def child(path: Path) -> None:
    """One run in a process of its own: CPU seconds, peak memory in MiB, what was found."""
    seconds, found = run(path)
    peak = peak_mb()
    print(json.dumps({"seconds": seconds, "peak": peak, "found": found}))


def main(sizes: tuple[int, ...]) -> None:
    """Both sizes, each in a process of its own."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"people{rows}.parquet"
            planted = write(path, rows)
            told = subprocess.run(
                [sys.executable, __file__, "--child", str(path)], check=True, capture_output=True, text=True
            )
            measured = json.loads(told.stdout)
            check(measured["found"], planted)
            ours = rows / measured["seconds"]
            theirs = REFERENCE_ROWS / cell_by_cell(path, REFERENCE_ROWS)
            peaks.append(measured["peak"])
            figure = {"what": "quality, records a CPU second", "records": rows, "ours": round(ours)}
            print(
                json.dumps(
                    figure | {"cell_by_cell_without_duplicates": round(theirs), "ratio": round(ours / theirs, 2)}
                )
            )
            print(
                json.dumps({"what": "quality, peak memory in MiB", "records": rows, "peak": round(measured["peak"], 1)})
            )
    print(
        json.dumps(
            {"what": "quality, memory at the larger size over the smaller", "ratio": round(peaks[-1] / peaks[0], 3)}
        )
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)

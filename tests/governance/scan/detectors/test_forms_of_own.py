"""Plates, coordinates, secrets, network addresses, ids of Hong Kong, Taiwan and the US: more forms."""

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.coordinate import COORDINATE
from governance.scan.detectors.ip import IP
from governance.scan.detectors.national_ids import CN_RESIDENT_ID, HK_ID, TW_NATIONAL_ID, US_SSN
from governance.scan.detectors.plate import PLATE
from governance.scan.detectors.secret import SECRET
from governance.scan.detectors.url import URL
from governance.scan.normalise import fold

BY_ENTITY = {
    each.entity: each for each in (COORDINATE, CN_RESIDENT_ID, HK_ID, IP, PLATE, SECRET, TW_NATIONAL_ID, URL, US_SSN)
}


def strong(entity, text):
    folded = fold(text)
    hits = BY_ENTITY[entity].find(pa.array([folded]), FieldContext())
    rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
    return {folded[start:end] for start, end, score in rows if score >= 50}


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEogIBAAKCAQEA7x\n4Vd+ab/9=\n-----END RSA PRIVATE KEY-----"
HITS = [
    ("VEHICLE_PLATE", "车牌京AD12345停着", "京AD12345"),
    ("VEHICLE_PLATE", "粤B12345D充电", "粤B12345D"),
    ("VEHICLE_PLATE", "粤Z·1234港", "粤Z·1234港"),
    ("VEHICLE_PLATE", "沪A1234警", "沪A1234警"),
    ("VEHICLE_PLATE", "車牌號碼 ABC-1234", "ABC-1234"),
    ("VEHICLE_PLATE", "車號1234-AB", "1234-AB"),
    ("VEHICLE_PLATE", "AM 1234 is my car", "AM 1234"),
    ("VEHICLE_PLATE", "澳門車牌 MB-12-34", "MB-12-34"),
    ("VEHICLE_PLATE", "Kennzeichen M-AB 1234", "M-AB 1234"),
    ("VEHICLE_PLATE", "vehicle AB12 CDE", "AB12 CDE"),
    ("VEHICLE_PLATE", "品川 300 あ 12-34", "品川 300 あ 12-34"),
    ("VEHICLE_PLATE", "차량 12가 3456", "12가 3456"),
    ("COORDINATE", "at 39.9042° N, 116.4074° E now", "39.9042° N, 116.4074° E"),
    ("COORDINATE", "北纬39.9042，东经116.4074", "北纬39.9042,东经116.4074"),
    ("COORDINATE", "lat: 31.2304, lon: 121.4737", "lat: 31.2304, lon: 121.4737"),
    ("COORDINATE", "坐标(31.2304,121.4737)。", "(31.2304,121.4737)"),
    ("COORDINATE", "121.4737, 31.2304", "121.4737, 31.2304"),
    ("SECRET", f"key:\n{KEY}\nend", KEY),
    ("SECRET", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz123456", "Bearer abcdefghijklmnopqrstuvwxyz123456"),
    ("SECRET", "API_KEY=sk-TEST1234567890abcdefghij1234567890", "sk-TEST1234567890abcdefghij1234567890"),
    ("SECRET", "token: 8f14e45fceea167a5a36dedd4bea2543", "token: 8f14e45fceea167a5a36dedd4bea2543"),
    ("SECRET", "密钥：Zx81-k2Qm-77pL", "密钥:Zx81-k2Qm-77pL"),
    ("SECRET", '{"client_secret": "a1b2c3d4e5f6"}', 'client_secret": "a1b2c3d4e5f6'),
    ("IP_ADDRESS", "net 192.168.1.0/24 is ours", "192.168.1.0/24"),
    ("IP_ADDRESS", "2001:db8::/32", "2001:db8::/32"),
    (
        "URL",
        "https://example.com/oauth?access_token=eyJhbGciOiJI",
        "https://example.com/oauth?access_token=eyJhbGciOiJI",
    ),
    ("US_SSN", "SSN 078.05.1123", "078.05.1123"),
    ("US_SSN", "ssn: 123-45-6789", "123-45-6789"),
    ("US_SSN", "SSN 987-65-4321 on file", "987-65-4321"),
    ("HK_ID", "身份證號碼A1234563", "A1234563"),
    ("HK_ID", "HKID A1234563 checked", "A1234563"),
    ("TW_NATIONAL_ID", "居留證A800000014", "A800000014"),
    ("TW_NATIONAL_ID", "舊式居留證AC01234567", "AC01234567"),
]


@pytest.mark.parametrize(("entity", "text", "value"), HITS)
def test_form_is_found_whole(entity, text, value):
    assert value in strong(entity, text)


DECOYS = [
    ("VEHICLE_PLATE", "model AB12 CDE in stock"),
    ("VEHICLE_PLATE", "AM 1234"),
    ("VEHICLE_PLATE", "京都大学2024"),
    ("COORDINATE", "99.1234, 181.5000"),
    ("COORDINATE", "between 36.5° and 37.2°"),
    ("COORDINATE", "lat: unknown, lon: unknown"),
    ("COORDINATE", "2.718 3.142 1.414x"),
    ("SECRET", "token: please_send_it_again_now"),
    ("SECRET", "bearer of bad news"),
    ("SECRET", "the private key is kept in the safe"),
    ("IP_ADDRESS", "1.2.3.4/5/6"),
    ("US_SSN", "SSN 000-00-0000"),
    ("US_SSN", "078.05.1123"),
    ("US_SSN", "987-65-4321"),
    ("US_SSN", "078-05-1120"),
    ("HK_ID", "part A1234563"),
    ("HK_ID", "身份證A1234564"),
    ("TW_NATIONAL_ID", "A800000015"),
]


@pytest.mark.parametrize(("entity", "text"), DECOYS)
def test_look_alike_of_a_form_is_left_alone(entity, text):
    assert strong(entity, text) == set()

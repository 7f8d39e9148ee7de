"""Values that only the words before them tell, and the sentences in which such words tell nothing."""

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.handle import HANDLE
from governance.scan.detectors.identifiers import make_announced
from governance.scan.normalise import fold

DETECTORS = (*make_announced(), HANDLE)


def strong(text, hints=()):
    folded = fold(text)
    found = set()
    for detector in DETECTORS:
        hits = detector.find(pa.array([folded]), FieldContext(hints=frozenset(hints)))
        rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
        found |= {(detector.entity, folded[start:end]) for start, end, score in rows if score >= 50}
    return found


HITS = [
    ("USERNAME", "微信号wxid_k3m9q2谢谢", "wxid_k3m9q2"),
    ("USERNAME", "加我微信：lin_yue88", "lin_yue88"),
    ("USERNAME", "ＷｅＣｈａｔ： mei_ling7", "mei_ling7"),
    ("USERNAME", "WeChat ID: annleehk", "annleehk"),
    ("USERNAME", "QQ号20457719，在线", "20457719"),
    ("USERNAME", "qq 981245577", "981245577"),
    ("USERNAME", "QQ20457719", "20457719"),
    ("USERNAME", "LINE ID：kenji_t90", "kenji_t90"),
    ("USERNAME", "加賴 amy0912", "amy0912"),
    ("USERNAME", "Telegram: @bo_the_one", "bo_the_one"),
    ("USERNAME", "username: ann.miller", "ann.miller"),
    ("USERNAME", "logged in as jsmith2 today", "jsmith2"),
    ("USERNAME", "用户名是zhao_lei，已停用", "zhao_lei"),
    ("USERNAME", "thanks @mia_k99!", "@mia_k99"),
    ("USERNAME", "follow @annlee", "@annlee"),
    ("MEDICAL_RECORD_ID", "MRN: 00482913", "00482913"),
    ("POSTAL_CODE", "my zip code is 60614", "60614"),
    ("POSTAL_CODE", "ZIP: 94105-1234", "94105-1234"),
    ("POSTAL_CODE", "PLZ 10115", "10115"),
    ("POSTAL_CODE", "postcode SW1A 1AA", "SW1A 1AA"),
    ("POSTAL_CODE", "Canadian postal code K1A 0B1", "K1A 0B1"),
    ("POSTAL_CODE", "邮编：100081", "100081"),
    ("POSTAL_CODE", "郵遞區號106", "106"),
    ("POSTAL_CODE", "〒150-0002", "150-0002"),
    ("MEDICAL_RECORD_ID", "MRN00482913 discharged", "00482913"),
    ("MEDICAL_RECORD_ID", "Patient ID A-102938 admitted", "A-102938"),
    ("MEDICAL_RECORD_ID", "病历号：20230815001", "20230815001"),
    ("MEDICAL_RECORD_ID", "住院号ZY20231105，三楼", "ZY20231105"),
    ("MEDICAL_RECORD_ID", "病歷號碼 A0093321", "A0093321"),
    ("HEALTH_INSURANCE_ID", "医保卡号：310577829016", "310577829016"),
    ("HEALTH_INSURANCE_ID", "Member ID: XYZ123456789", "XYZ123456789"),
    ("CN_MILITARY_ID", "军字第2045771号", "2045771"),
    ("DRIVER_LICENSE", "Driver's license number: D08954796", "D08954796"),
    ("DRIVER_LICENSE", "驾驶证号430102198001011234", "430102198001011234"),
    ("VEHICLE_PLATE", "license plate: 7ABC123", "7ABC123"),
    ("VEHICLE_PLATE", "车牌号MB-12-34", "MB-12-34"),
]


@pytest.mark.parametrize(("entity", "text", "value"), HITS)
def test_announced_value_is_found_at_its_place(entity, text, value):
    assert (entity, value) in strong(text)


DECOYS = [
    "微信支付成功",
    "zip 3 files",
    "ZIP 1234 is invalid",
    "the postcode is missing",
    "post code review 12",
    "微信号abcde",
    "wechat payment received",
    "paid by wechat yesterday",
    "数字是20457719",
    "the user logged in",
    "user name is required",
    "username: admin",
    "handle with care",
    "line 12 is broken",
    "QQ群里说好了",
    "@property",
    "npm i @angular/core",
    "write to ann@b_c",
    "reorder@30d",
    "病历号码格式不对",
    "medical record is missing",
    "the driver licence was renewed",
    "patient number of visits: 12",
    "license plates are sold here",
    "member ids are unique",
]


@pytest.mark.parametrize("text", DECOYS)
def test_word_without_a_value_tells_nothing(text):
    assert strong(text) == set()


def test_mention_is_weak_until_the_field_speaks():
    assert strong("@alone") == set()
    assert strong("@alone", hints={"USERNAME"}) == {("USERNAME", "@alone")}

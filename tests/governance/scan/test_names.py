# ruff: noqa: E501  the cases read as a table; Chinese characters count twice
"""Names as a path of their own: whole words, many languages, and words that turn the meaning."""

import pytest

from governance.scan.names import (
    numbers_things,
    parts_of_names,
    read_comment,
    read_dataset,
    read_name,
    says_date,
    says_text,
    words_of,
)

PEOPLE = read_dataset("customers")
THINGS = read_dataset("products")
PLAIN = read_dataset("t1")

SAYS = [
    ("email", "EMAIL_ADDRESS"), ("EMailAddress", "EMAIL_ADDRESS"), ("e_mail_2", "EMAIL_ADDRESS"), ("电子邮箱", "EMAIL_ADDRESS"),
    ("customer_phone", "PHONE_NUMBER"), ("手机号码", "PHONE_NUMBER"), ("lxdh", "PHONE_NUMBER"), ("mobileNo", "PHONE_NUMBER"),
    ("FirstName", "PERSON"), ("customer name", "PERSON"), ("xm", "PERSON"), ("收件人", "PERSON"), ("agentfirstname", "PERSON"),
    ("dob", "DATE_OF_BIRTH"), ("birth_date", "DATE_OF_BIRTH"), ("出生日期", "DATE_OF_BIRTH"), ("csrq", "DATE_OF_BIRTH"),
    ("shipping_address", "ADDRESS"), ("收货地址", "ADDRESS"), ("principalzipcode", "POSTAL_CODE"), ("郵遞區號", "POSTAL_CODE"),
    ("SSN", "US_SSN"), ("sfzh", "CN_RESIDENT_ID"), ("身分證字號", "TW_NATIONAL_ID"), ("passport_no", "PASSPORT"),
    ("ip_last_login", "IP_ADDRESS"), ("mac_addr", "MAC_ADDRESS"), ("card_number", "CREDIT_CARD"), ("iban", "IBAN_CODE"),
    ("gender", "GENDER"), ("性别", "GENDER"), ("diagnosis", "HEALTH"), ("过敏史", "HEALTH"), ("车牌号", "VEHICLE_PLATE"),
    ("api_token", "SECRET"), ("newsletter_opt_in", "CONSENT_FLAG"), ("created_by", "USERNAME"), ("wechat", "USERNAME"),
    ("given_names", "PERSON"), ("phone numbers", "PHONE_NUMBER"), ("age_at_retirement", "AGE"), ("ADDRESS WITH GEOCODE", "ADDRESS"),
    ("owner_add_1", "ADDRESS"), ("race_code", "ETHNICITY"), ("gender_desc", "GENDER"), ("state_of_residence", "STATE"), ("surnames", "PERSON"),
    ("xcoordinate", "COORDINATE"), ("salary", "INCOME"), ("宗教", "RELIGION"), ("latitude", "COORDINATE"),
    ("vehicle_vin", "VIN"), ("车架号", "VIN"), ("imei_1", "IMEI"), ("港澳通行证号", "TRAVEL_PERMIT"), ("回乡证", "TRAVEL_PERMIT"), ("travel_permit_no", "TRAVEL_PERMIT"),
    ("health_insurance_no", "HEALTH_INSURANCE_ID"), ("军官证号", "CN_MILITARY_ID"), ("wallet_address", "CRYPTO"),
]  # fmt: skip

SILENT = [
    ("acid_level", "NATIONAL_ID"), ("acid_level", "CN_RESIDENT_ID"), ("company_name", "PERSON"), ("file_name", "PERSON"),
    ("product_name", "PERSON"), ("table_name", "PERSON"), ("hostname", "PERSON"), ("street_name", "PERSON"),
    ("email_template", "EMAIL_ADDRESS"), ("email_sent_at", "EMAIL_ADDRESS"), ("is_email_verified", "EMAIL_ADDRESS"),
    ("phone_type", "PHONE_NUMBER"), ("phone_count", "PHONE_NUMBER"), ("mac_os_min", "MAC_ADDRESS"), ("ip_rating", "IP_ADDRESS"),
    ("ip_address", "ADDRESS"), ("email_address", "ADDRESS"), ("mac_address", "ADDRESS"), ("address_id", "ADDRESS"),
    ("country_of_origin", "COUNTRY"), ("gift_card", "CREDIT_CARD"), ("card_type", "CREDIT_CARD"), ("user_agent", "USERNAME"),
    ("capacity", "CITY"), ("velocity", "CITY"), ("message", "AGE"), ("storage", "AGE"), ("average_age", "AGE"),
    ("spouse_birthday", "PERSON"), ("邮箱状态", "EMAIL_ADDRESS"), ("license_plate_type", "VEHICLE_PLATE"), ("token_count", "SECRET"),
    ("phone_verified_at", "PHONE_NUMBER"), ("email_at", "EMAIL_ADDRESS"), ("ages", "AGE"), ("races", "ETHNICITY"),
    ("description", "PERSON"), ("shippable", "ADDRESS"), ("st_suffix", "PERSON"), ("insurance_plan", "HEALTH"), ("id", "NATIONAL_ID"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "entity"), SAYS)
def test_name_speaks_for_the_entity(name, entity):
    assert read_name(name, PLAIN)[entity].weight >= 0.5


@pytest.mark.parametrize(("name", "entity"), SILENT)
def test_name_does_not_speak_for_the_entity(name, entity):
    signal = read_name(name, PLAIN).get(entity)
    assert signal is None or signal.weight < 0.3


def test_bare_name_is_a_person_among_people_and_none_among_things():
    assert read_name("name", PEOPLE)["PERSON"].weight >= 0.5
    assert "PERSON" not in read_name("name", THINGS)


@pytest.mark.parametrize(
    "name", ["crm.user", "async.user", "exports/users.csv", "users.csv.gz", "sheet.xlsx#customers"]
)
def test_table_of_people_is_known_behind_a_schema_and_before_an_ending(name):
    assert read_dataset(name).about_people


def test_first_and_last_are_parts_of_a_name_together_only():
    assert set(parts_of_names(["judge_first", "judge_last", "judge_middle"])) == {
        "judge_first",
        "judge_last",
        "judge_middle",
    }
    assert set(parts_of_names(["pilot_first_name", "pilot_last", "pilot_seat"])) == {"pilot_first_name", "pilot_last"}
    assert parts_of_names(["first", "judge_last", "last_seen"]) == {}
    assert parts_of_names(["first_name", "judge_last", "name"]) == {}


def test_comment_speaks_in_whole_words():
    assert "PERSON" in read_comment("收件人")
    assert "EMAIL_ADDRESS" in read_comment("the e-mail address of the buyer")
    assert read_comment("supplier") == {}
    assert read_comment("no e-mail here") == {}


@pytest.mark.parametrize("name", ["patients", "clinic_visits", "hr.sick_leave", "exports/patients.csv", "门诊记录"])
def test_list_of_patients_is_special(name):
    assert read_dataset(name).special == ("user.health_and_medical",)


@pytest.mark.parametrize(
    "name", ["customers", "patient_types", "hospital_products", "treatment_prices", "impatience", "orders"]
)
def test_list_of_things_is_not_special(name):
    assert read_dataset(name).special == ()


def test_words_are_split_by_case_script_and_digits():
    assert words_of("CustomerEMail_2") == ("customer", "e", "mail", "2")
    assert words_of("客户email地址") == ("客户", "email", "地址")


@pytest.mark.parametrize(
    ("name", "says"), [("remarks", True), ("备注", True), ("order_note", True), ("name", False), ("notebook", False)]
)
def test_names_of_text_fields(name, says):
    assert says_text(name) is says


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("permit_number", True),
        ("borough_county_code", True),
        ("entityid", True),
        ("编号", True),
        ("paid", False),
        ("phone", False),
    ],
)
def test_names_of_numbers_of_things(name, numbers):
    assert numbers_things(name) is numbers


@pytest.mark.parametrize(
    ("name", "plain"), [("date", True), ("date_2", True), ("日期", True), ("hire_date", False), ("", False)]
)
def test_names_that_say_no_more_than_a_date(name, plain):
    assert says_date(name) is plain

# ruff: noqa: E501  the tables read as tables; Chinese characters count twice
"""Hand-made tables of shops, clinics, schools and staff, English and Chinese: personal columns beside harmless look-alikes.

Each column is held twice: with its name, and its values under a name that says nothing where values alone can tell.
"""

import random

import pyarrow as pa
import pytest

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

ROWS = 60
GIVEN = [
    "Maria",
    "Peter",
    "Susan",
    "Daniel",
    "Karen",
    "Robert",
    "Linda",
    "Thomas",
    "Julia",
    "Martin",
    "Emma",
    "Lucas",
    "Sophie",
    "Oliver",
    "Hannah",
]
FAMILY = [
    "Walker",
    "Schmidt",
    "Johnson",
    "Garcia",
    "Miller",
    "Brown",
    "Wilson",
    "Fischer",
    "Taylor",
    "Anderson",
    "Clark",
    "Lewis",
    "Young",
]
ZH = [a + b for a in "王李张刘陈杨赵黄周吴" for b in ("伟", "秀英", "志强", "丽娟", "建国", "晓梅")]
TOWNS = ["Denver", "Boston", "Houston", "Chicago", "Seattle", "Phoenix", "Dallas", "Austin", "Portland", "Miami"]
STREETS = ["Maple Street", "Oak Avenue", "Cedar Road", "Pine Street", "Elm Drive", "Park Avenue"]
CITIES_ZH = ["北京市", "上海市", "广州市", "深圳市", "杭州市", "成都市", "武汉市", "南京市"]


def drawn(make, seed=7):
    rng = random.Random(seed)
    return [make(rng, row) for row in range(ROWS)]


def chosen(*values):
    return drawn(lambda rng, _: rng.choice(values))


VALUES = {
    "given": chosen(*GIVEN),
    "family": chosen(*FAMILY),
    "full": drawn(lambda rng, _: f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"),
    "zh": chosen(*ZH),
    "email": drawn(lambda rng, row: f"{rng.choice(GIVEN).lower()}.{row}@example.org"),
    "phone": drawn(lambda rng, _: f"({rng.randint(201, 989)}) {rng.randint(201, 989)}-{rng.randint(1000, 9999)}"),
    "mobile": drawn(lambda rng, _: f"13{rng.randint(100000000, 999999999)}"),
    "street": drawn(lambda rng, _: f"{rng.randint(1, 999)} {rng.choice(STREETS)}"),
    "street_zh": drawn(
        lambda rng, _: f"{rng.choice(CITIES_ZH)}朝阳区建设路{rng.randint(1, 300)}号{rng.randint(1, 20)}单元"
    ),
    "town": chosen(*TOWNS),
    "town_zh": chosen(*CITIES_ZH),
    "zip": drawn(lambda rng, _: f"{rng.randint(10000, 99950)}"),
    "born": drawn(lambda rng, _: f"{rng.randint(1945, 2004)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"),
    "age": drawn(lambda rng, _: str(rng.randint(18, 90))),
    "band": chosen("18-29", "30-39", "40-49", "50-64", "65+"),
    "sex": chosen("male", "female"),
    "sex_zh": chosen("男", "女"),
    "job": chosen("Accountant", "Nurse", "Sales Manager", "Software Engineer", "Teacher", "Driver"),
    "job_zh": chosen("会计", "护士", "销售经理", "工程师", "教师", "司机"),
    "order": drawn(lambda _, row: f"SO-{2025000000 + row * 7}"),
    "number": drawn(lambda _, row: str(8600000 + row * 37)),
    "sku": drawn(lambda rng, _: f"{rng.choice('ABCD')}{rng.randint(100, 999)}-{rng.choice('XYZ')}"),
    "product": chosen("Oak Table", "Desk Lamp", "Garden Chair", "Steel Shelf", "Cotton Towel", "Glass Bowl"),
    "product_zh": chosen("橡木餐桌", "台灯", "花园椅", "钢架", "棉毛巾", "玻璃碗"),
    "company": drawn(
        lambda rng, _: (
            f"{rng.choice(FAMILY)} {rng.choice(['Logistics', 'Foods', 'Steel'])} {rng.choice(['Ltd', 'GmbH', 'Inc.'])}"
        )
    ),
    "company_zh": drawn(
        lambda rng, _: f"{rng.choice(CITIES_ZH)[:2]}{rng.choice(['宏达', '鑫源', '华美'])}科技有限公司"
    ),
    "status": chosen("open", "closed", "pending", "shipped"),
    "status_zh": chosen("已付款", "待发货", "已取消", "已完成"),
    "version": drawn(lambda rng, _: f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"),
    "amount": drawn(lambda rng, _: f"{rng.randint(1, 900)}.{rng.randint(10, 99)}"),
    "fine": drawn(lambda rng, _: f"{rng.random():.6f}"),
    "count": drawn(lambda rng, _: str(rng.randint(0, 40))),
    "percent": drawn(lambda rng, _: f"{rng.uniform(0, 100):.1f}"),
    "date": drawn(lambda rng, _: f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"),
    "yes": chosen("yes", "no"),
    "class_zh": chosen("三年级一班", "三年级二班", "四年级一班"),
    "dept": chosen("Finance", "Sales", "Support", "Legal"),
    "dept_zh": chosen("财务部", "销售部", "客服部", "法务部"),
    "point": drawn(lambda rng, _: f"POINT ({rng.uniform(-99, -70):.6f} {rng.uniform(30, 45):.6f})"),
    "placed": drawn(
        lambda rng, _: (
            f"{rng.randint(1, 999)} {rng.choice(STREETS)}\nDenver, CO 80203\n({rng.uniform(30, 45):.6f}, {rng.uniform(-99, -70):.6f})"
        )
    ),
    "plate": drawn(lambda rng, _: f"{rng.choice('ABCDEFGHJK')}{rng.choice('LMNPRSTU')}-{rng.randint(1000, 9999)}"),
}

TABLES = {
    "crm.customers": [
        ("customer_no", "number", None), ("first_name", "given", "PERSON"), ("last_name", "family", "PERSON"), ("e_mail", "email", "EMAIL_ADDRESS"),
        ("phone", "phone", "PHONE_NUMBER"), ("street", "street", "ADDRESS"), ("city", "town", "CITY"), ("zip", "zip", "POSTAL_CODE"),
        ("birth_date", "born", "DATE_OF_BIRTH"), ("status", "status", None), ("created_at", "date", None), ("credit_limit", "amount", None),
        ("app_version", "version", None), ("order_count", "count", None),
    ],
    "crm.user": [("id", "number", None), ("name", "full", "PERSON"), ("login_count", "count", None), ("last_login", "date", None)],
    "shop.orders": [
        ("order_number", "order", None), ("product_name", "product", None), ("sku", "sku", None), ("quantity", "count", None), ("unit_price", "amount", None),
        ("ship_to_name", "full", "PERSON"), ("shipping_address", "street", "ADDRESS"), ("status", "status", None), ("gift", "yes", None), ("weight_kg", "fine", None),
    ],
    "suppliers": [("supplier_no", "number", None), ("company_name", "company", None), ("contact_name", "full", "PERSON"), ("rating", "percent", None), ("contract_date", "date", None)],
    "hr.employees": [
        ("emp_no", "number", None), ("full_name", "full", "PERSON"), ("job_title", "job", "JOB_TITLE"), ("department", "dept", None), ("salary", "amount", "INCOME"),
        ("hire_date", "date", None), ("gender", "sex", "GENDER"), ("age", "age", "AGE"), ("remaining_leave", "count", None),
    ],
    "judges": [("judge_first", "given", "PERSON"), ("judge_last", "family", "PERSON"), ("court", "dept", None), ("cases", "count", None)],
    "survey_results": [("age_group", "band", None), ("age", "band", None), ("gender", "sex", "GENDER"), ("answer_count", "count", None), ("share", "percent", None), ("white_pct", "percent", None)],
    "parks": [("park_name", "product", None), ("the_geom", "point", None), ("area", "fine", None), ("visits", "number", None)],
    "incidents": [("case_number", "order", None), ("location", "placed", "COORDINATE"), ("opened", "date", None), ("severity", "status", None)],
    "telemetry": [("device_version", "version", None), ("temperature", "percent", None), ("serial_number", "number", None), ("measured_on", "date", None), ("reading", "fine", None)],
    "客户": [
        ("客户编号", "number", None), ("姓名", "zh", "PERSON"), ("手机号", "mobile", "PHONE_NUMBER"), ("收货地址", "street_zh", "ADDRESS"), ("城市", "town_zh", "CITY"),
        ("性别", "sex_zh", "GENDER"), ("出生日期", "born", "DATE_OF_BIRTH"), ("会员状态", "status_zh", None), ("订单数量", "count", None), ("注册日期", "date", None),
    ],
    "订单": [("订单号", "order", None), ("商品名称", "product_zh", None), ("单价", "amount", None), ("状态", "status_zh", None), ("收货人姓名", "zh", "PERSON"), ("收件人电话", "mobile", "PHONE_NUMBER")],
    "学生": [("学号", "number", None), ("学生姓名", "zh", "PERSON"), ("班级", "class_zh", None), ("家长姓名", "zh", "PERSON"), ("家长电话", "mobile", "PHONE_NUMBER"), ("成绩", "percent", None)],
    "员工": [("工号", "number", None), ("员工姓名", "zh", "PERSON"), ("部门", "dept_zh", None), ("职位", "job_zh", "JOB_TITLE"), ("月薪", "amount", "INCOME"), ("入职日期", "date", None)],
    "供应商": [("供应商编号", "number", None), ("公司名称", "company_zh", None), ("评分", "percent", None), ("合同版本", "version", None)],
    "车辆": [("设备版本", "version", None), ("里程", "number", None), ("保养日期", "date", None)],
}  # fmt: skip

BY_VALUES = [
    ("email", "EMAIL_ADDRESS"), ("phone", "PHONE_NUMBER"), ("mobile", "PHONE_NUMBER"), ("full", "PERSON"), ("zh", "PERSON"), ("given", "PERSON"),
    ("street", "ADDRESS"), ("street_zh", "ADDRESS"), ("town", "CITY"), ("sex", "GENDER"), ("sex_zh", "GENDER"),
]  # fmt: skip
HARMLESS = [
    "order", "number", "sku", "product", "product_zh", "status", "status_zh", "version", "amount", "fine", "count", "percent", "date", "yes", "class_zh", "dept_zh", "point",
]  # fmt: skip


def labels(table, columns):
    """The labels of one table, by field, organizations left out: they are no person."""
    store = MemoryStore("s", {table: pa.table({name: pa.array(values) for name, values in columns.items()})})
    fields = scan_store(store, ScanOptions()).datasets[0].fields
    return {
        each.field: each.label.entity if each.label and each.label.entity != "ORGANIZATION" else None for each in fields
    }


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_a_table_get_their_labels_and_harmless_ones_none(table):
    columns = TABLES[table]
    found = labels(table, {name: VALUES[values] for name, values, _ in columns})
    assert found == {name: entity for name, _, entity in columns}


@pytest.mark.parametrize(("values", "entity"), BY_VALUES)
def test_values_alone_tell_a_personal_column(values, entity):
    assert labels("t1", {"c1": VALUES[values]})["c1"] == entity


@pytest.mark.parametrize("values", HARMLESS)
def test_values_alone_make_no_harmless_column_personal(values):
    assert labels("t1", {"c1": VALUES[values]})["c1"] is None


@pytest.mark.parametrize("values", HARMLESS)
def test_names_that_lie_give_harmless_values_no_sure_label(values):
    store = MemoryStore(
        "s", {"t1": pa.table({"first_name": VALUES[values], "city": VALUES["number"], "email": VALUES["status"]})}
    )
    [dataset] = scan_store(store, ScanOptions()).datasets
    assert all(each.label is None or each.label.confidence < 0.9 for each in dataset.fields)

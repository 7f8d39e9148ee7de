"""The demo store's tables: a shop with a clinic line, as its successive programmers left it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)

metadata = MetaData()
"""Every table below; the view `v_customer_contact` is made by `VIEW_SQL`."""

VIEW = "v_customer_contact"
"""The name of the store's only view."""

VIEW_SQL = (
    "CREATE VIEW v_customer_contact AS SELECT c.id AS id, c.name AS full_name, c.email AS contact, c.phone AS tel, "
    "c.country AS country, h.spouse_name AS partner FROM customers c LEFT JOIN households h ON h.id = c.household_id"
)
"""One statement that all three database kinds accept."""


def _table(name: str, *columns: Column[object], comment: str | None = None) -> Table:
    return Table(name, metadata, *columns, comment=comment, mysql_charset="utf8mb4")


def _money(name: str) -> Column[object]:
    return Column(name, Numeric(12, 2, asdecimal=False))


def _id() -> Column[object]:
    return Column("id", Integer, primary_key=True, autoincrement=False)


households = _table(
    "households",
    _id(),
    Column("head_customer_id", Integer, comment="no foreign key: the head may have left"),
    Column("spouse_name", String(80)),
    Column("spouse_birthday", String(20), comment="free text since 2019"),
    Column("address", String(200)),
    Column("jtdh", String(40), comment="家庭电话"),
    Column("紧急联系人", String(120)),
    Column("members", Integer),
    Column("created_at", DateTime),
)

customers = _table(
    "customers",
    _id(),
    Column("customer_no", String(16), nullable=False, unique=True),
    Column("name", String(80), comment="full name as given"),
    Column("gender", String(8)),
    Column("birth_date", Date),
    Column("email", String(120), index=True),
    Column("phone", String(40)),
    Column("country", String(2)),
    Column("region", String(2), index=True),
    Column("city", String(60)),
    Column("address", String(200)),
    Column("postal_code", String(12)),
    Column("national_id", String(20)),
    Column("passport_no", String(12)),
    Column("id_type", String(10)),
    Column("wechat", String(40)),
    Column("tier", String(12)),
    Column("household_id", Integer, ForeignKey("households.id")),
    Column("newsletter_opt_in", Boolean),
    Column("clinic", Boolean, nullable=False, comment="patient of the clinic line"),
    Column("profile", JSON(none_as_null=True)),
    Column("status", String(12), nullable=False),
    Column("ip_last_login", String(45)),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", String(40)),
    Column("updated_at", DateTime),
    Column("last_seen_at", DateTime),
    Column("verified_at", DateTime),
    comment="one row per customer account; 会员主表",
)

orders = _table(
    "orders",
    _id(),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("order_no", String(24), nullable=False),
    _money("amount"),
    Column("currency", String(3)),
    Column("ordered_at", DateTime),
    Column("channel", String(12)),
    Column("product_id", Integer, ForeignKey("products.id")),
    Column("ship_to", String(80), comment="收件人"),
    Column("ship_address", String(240)),
    Column("ship_phone", String(40)),
    Column("payment_card", String(24)),
    Column("iban", String(34)),
    Column("invoice_uscc", String(18), comment="开票用"),
    Column("tracking_no", String(24)),
    Column("note", String(400)),
    Column("extra", JSON(none_as_null=True)),
    Column("updated_at", DateTime),
)

clinic_visits = _table(
    "clinic_visits",
    _id(),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("visit_date", Date),
    Column("department", String(40)),
    Column("diagnosis", String(200)),
    Column("medical_record_no", String(20)),
    Column("doctor_name", String(80)),
    Column("remarks", Text),
    Column("fee", Numeric(10, 2, asdecimal=False)),
    Column("created_by", String(40)),
    comment="clinic line only, 门诊记录",
)

tickets = _table(
    "tickets",
    _id(),
    Column("customer_id", Integer, ForeignKey("customers.id"), index=True),
    Column("opened_at", DateTime),
    Column("subject", String(160)),
    Column("body", Text),
    Column("agent_id", Integer, ForeignKey("staff.id")),
    Column("status", String(12)),
    Column("priority", Integer),
    Column("closed_at", DateTime),
)

marketing_contacts = _table(
    "marketing_contacts",
    _id(),
    Column("customer_id", Integer, ForeignKey("customers.id")),
    Column("xm", String(80)),
    Column("email", String(120)),
    Column("mobile", String(40)),
    Column("source", String(24)),
    Column("campaign", String(60)),
    Column("consent_flag", String(4)),
    Column("utm_url", String(300)),
    Column("score", Integer),
    Column("added_at", DateTime),
    comment="imported lists; not deduplicated",
)

staff = _table(
    "staff",
    _id(),
    Column("login", String(40), nullable=False),
    Column("name", String(80)),
    Column("email", String(120)),
    Column("phone", String(40)),
    Column("id_card_no", String(20)),
    Column("vehicle_plate", String(16)),
    Column("password_hash", String(100)),
    Column("api_token", String(80)),
    Column("role", String(40)),
    Column("hired_at", Date),
)

devices = _table(
    "devices",
    _id(),
    Column("customer_id", Integer, ForeignKey("customers.id"), index=True),
    Column("ip", String(45)),
    Column("mac", String(17)),
    Column("user_agent", String(240)),
    Column("session_token", String(64)),
    Column("app_version", String(20)),
    Column("last_seen", DateTime),
)

products = _table(
    "products",
    _id(),
    Column("sku", String(24), nullable=False),
    Column("name", String(120)),
    Column("price", Numeric(10, 2, asdecimal=False)),
    Column("ean", String(13)),
    Column("company_name", String(80), comment="supplier"),
    Column("firmware", String(20)),
    Column("acid_level", Numeric(3, 1, asdecimal=False)),
    Column("ip_rating", String(8)),
    Column("mac_os_min", String(12)),
    Column("email_template", String(40)),
    Column("manual_file_name", String(80)),
    Column("weight_g", Integer),
    Column("batch_no", BigInteger),
    Column("released_on", Date),
)

audit_log = _table(
    "audit_log",
    _id(),
    Column("table_name", String(40)),
    Column("row_id", Integer),
    Column("action", String(12)),
    Column("at", DateTime),
    Column("actor_login", String(40)),
    Column("detail", String(300)),
)

"""Readers other than SQL: each gives the same changes for the same schema, and says what it cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from governance.gate.changes import ChangeKind
from governance.gate.metadata import changes_between, changes_in
from governance.gate.reads.files import read_file
from governance.gate.reads.order import Link, in_order
from governance.gate.reads.python_modules import Modules
from governance.gate.reads.snapshots import read_snapshot, since

PRISMA = """
datasource db { provider = "postgresql"
  url = env("URL") }
/// a person
model Customer {
  id       Int      @id @default(autoincrement())
  email    String   @unique
  /// of the passport
  passport String?  @map("passport_no")
  active   Boolean
  orders   Order[]
  @@map("customers")
  @@index([passport])
}
model Order {
  id         Int @id
  customerId Int
  customer   Customer @relation(fields: [customerId], references: [id])
}
"""
PROTO = """
syntax = "proto3";
message Customer { // email is the login
  string email = 1;
  repeated string phones = 2 [packed = false];
  message Home { string street = 1; /* string ssn = 9; */ }
  oneof contact { string fax = 5; Home home = 6; }
  map<string, string> labels = 7;
  reserved 8;
}
"""
OPENAPI = """
openapi: 3.0.0
paths:
  /people:
    get:
      operationId: findPeople
      parameters: [{name: email, in: query, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {properties: {birth: {type: string, format: date}}}}}}
components:
  schemas:
    Person:
      required: [name]
      properties:
        name: {type: string, description: full name}
        address: {properties: {street: {type: string}}}
        children: {type: array, items: {properties: {age: {type: integer}}}}
      allOf: [{properties: {ssn: {type: string}}}, {$ref: '#/components/schemas/Other'}]
"""
DBT = """
version: 2
models:
  - name: dim_customers
    columns:
      - {name: email, description: where to write, data_type: text, tests: [not_null]}
sources:
  - {name: crm, schema: raw, tables: [{name: people, columns: [{name: phone}]}]}
"""
MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship
NAME = "customers"
class Dated:
    created: Mapped[datetime]
class Customer(Dated, Base):
    __tablename__ = NAME
    __table_args__ = (sa.Index("ix", "email"), {"schema": "sales"})
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column("e_mail", sa.String(80), comment="login")
    owner_id = sa.Column(sa.ForeignKey("staff.id"))
    nick: Mapped[str]
    orders: Mapped[list["Order"]] = relationship()
    def method(self): return 1
other = sa.Table("other", metadata, sa.Column("phone", sa.Text(), nullable=False), sa.UniqueConstraint("phone"))
"""


def fields(reading):
    return [f"{each.dataset}.{each.field}" for each in reading.changes if each.kind is ChangeKind.ADD_FIELD]


def snapshot(name, text):
    reading = read_snapshot(Path(name), name, text, ())
    assert reading is not None
    return reading


def test_prisma():
    reading = snapshot("schema.prisma", PRISMA)
    assert fields(reading) == [
        "customers.id", "customers.email", "customers.passport_no", "customers.active", "Order.id", "Order.customerId",
    ]  # fmt: skip
    passport = reading.changes[3]
    assert (passport.comment, passport.required, passport.line) == ("of the passport", False, 9)
    assert {each.fields for each in reading.changes if each.kind is ChangeKind.ADD_INDEX} == {("email",), ("passport",)}


def test_protobuf():
    reading = snapshot("a.proto", PROTO)
    assert fields(reading) == [
        "Customer.email", "Customer.phones", "Customer.Home.street", "Customer.fax", "Customer.home", "Customer.labels",
    ]  # fmt: skip
    assert reading.changes[0].line == 4
    assert snapshot("a.proto", "message A { string email = 1;").unread


def test_openapi():
    reading = snapshot("api.yaml", OPENAPI)
    assert set(fields(reading)) == {
        "Person.name", "Person.address.street", "Person.children.age", "Person.ssn", "findPeople.email",
        "findPeople.birth",
    }  # fmt: skip
    name = next(each for each in reading.changes if each.field == "name")
    assert (name.required, name.comment, name.line) == (True, "full name", 14)


def test_json_schema_with_definitions():
    text = '{"title": "person", "properties": {"email": {}}, "$defs": {"home": {"properties": {"zip": {}}}}}'
    assert fields(snapshot("p.json", text)) == ["person.email", "home.zip"]


def test_dbt():
    reading = snapshot("models/schema.yml", DBT)
    assert fields(reading) == ["dim_customers.email", "raw.people.phone"]
    assert (reading.changes[0].comment, reading.changes[0].required) == ("where to write", True)


def test_models():
    reading = snapshot("models.py", MODELS)
    assert fields(reading) == [
        "sales.customers.created", "sales.customers.id", "sales.customers.e_mail", "sales.customers.owner_id",
        "sales.customers.nick", "other.phone",
    ]  # fmt: skip
    by_name = {each.field: each for each in reading.changes if each.kind is ChangeKind.ADD_FIELD}
    assert (by_name["e_mail"].comment, by_name["e_mail"].native_type) == ("login", "sa.String(80)")
    assert [by_name[name].required for name in ("e_mail", "nick", "phone")] == [False, True, True]
    assert [each.target for each in reading.changes if each.kind is ChangeKind.ADD_REFERENCE] == ["staff"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: ["),
        ("a.yaml", "- 1"),
        ("a.json", '{"a": 1}'),
        ("a.graphql", "type A"),
        ("a.py", "def"),
        ("a.proto", "message A {"),
    ],
)
def test_what_a_description_does_not_tell_is_said(name, text):
    assert snapshot(name, text).unread


def test_since_tells_new_retyped_and_gone_fields():
    old = snapshot("s.prisma", "model A {\n a Int\n b Int\n}")
    new = snapshot("s.prisma", "model A {\n a String\n c Int\n}")
    told = [(each.kind.value, each.field) for each in since(old, new).changes]
    assert told == [("retype_field", "a"), ("add_field", "c"), ("drop_field", "b")]
    assert since(new, new).changes == ()


def metadata(*columns):
    made = MetaData()
    Table("staff", made, Column("id", Integer, primary_key=True))
    Table("customers", made, Column("id", Integer, primary_key=True), *columns)
    return made


def test_two_metadata_objects():
    old = metadata(Column("email", String(80), unique=True), Column("staff_id", ForeignKey("staff.id")))
    new = metadata(Column("email", Integer, unique=True), Column("ssn", String, nullable=False, comment="tax"))
    told = [(each.kind.value, each.field, each.target) for each in changes_between(old, new).changes]
    assert told == [
        ("retype_field", "email", ""), ("add_field", "ssn", ""), ("drop_field", "staff_id", ""),
    ]  # fmt: skip
    assert [(each.comment, each.required) for each in changes_in(new).changes if each.field == "ssn"] == [("tax", True)]


DJANGO = """
from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(name="Customer", fields=[
            ("id", models.AutoField(primary_key=True)),
            ("email", models.EmailField(unique=True, help_text="login")),
            ("owner", models.ForeignKey(to="staff.Person", on_delete=models.CASCADE, null=True)),
            ("tags", models.ManyToManyField(to="Tag")),
        ]),
        migrations.AddField("customer", "ssn", models.CharField(max_length=11, db_column="tax_no", null=True)),
        migrations.RenameField("customer", "a", "b"),
        migrations.RemoveField("customer", "old"),
        migrations.RunSQL(["GRANT SELECT ON shop_customer TO PUBLIC"]),
        migrations.AlterModelOptions(name="customer", options={}),
        migrations.RunPython(fill),
        CustomThing("x"),
    ]
"""


def test_django(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(DJANGO)
    reading = read_file(path, "shop/migrations/0001.py", ("postgres",)).reading
    assert fields(reading) == [
        "shop_customer.id", "shop_customer.email", "shop_customer.owner_id", "shop_customer.tax_no",
    ]  # fmt: skip
    told = {each.kind.value for each in reading.changes}
    assert told == {"add_field", "add_index", "add_reference", "rename_field", "drop_field", "grant"}
    assert [(each.what, each.grave) for each in reading.unread] == [("body", False), ("operation", True)]


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("AlterField('customer', 'mail', models.TextField(db_column='contact'))",
         [("drop_field", "mail", False), ("retype_field", "contact", True)]),
        ("AlterField('customer', 'owner', models.ForeignKey(to='staff.Person'))",
         [("drop_field", "owner", False), ("retype_field", "owner_id", True)]),
        ("AlterField('customer', 'mail', models.TextField())", [("retype_field", "mail", True)]),
        ("RemoveField('customer', 'owner')", [("drop_field", "owner", True), ("drop_field", "owner_id", False)]),
        ("RenameField('customer', 'owner', 'keeper')",
         [("rename_field", "keeper", True), ("drop_field", "owner_id", False)]),
    ],
)  # fmt: skip
def test_django_names_every_column_that_may_go(tmp_path, operation, told):
    path = tmp_path / "a.py"
    path.write_text(
        "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
        f"    operations = [migrations.{operation}]\n"
    )
    reading = read_file(path, "shop/migrations/0001.py", ("postgres",)).reading
    assert [(each.kind.value, each.field, each.certain) for each in reading.changes] == told


def test_a_helper_of_the_same_repository_is_followed(tmp_path):
    (tmp_path / "app" / "migrations").mkdir(parents=True)
    (tmp_path / "app" / "shared.py").write_text(
        "from alembic import op\nfrom app.deeper import really\ndef add(table, *columns, **kw):\n"
        "    for column in columns:\n        really(table, column)\n"
    )
    (tmp_path / "app" / "deeper.py").write_text(
        "from alembic import op\ndef really(table, column):\n    with op.batch_alter_table(table) as batch:\n"
        "        batch.add_column(column)\n"
    )
    path = tmp_path / "app" / "migrations" / "a.py"
    path.write_text(
        "import sqlalchemy as sa\nfrom app.shared import add\nrevision, down_revision = 'b', 'a'\n"
        "NAMES = ['email', 'ssn']\n"
        "def upgrade():\n    add('customers', *[sa.Column(name, sa.Text()) for name in NAMES])\n"
    )
    found = read_file(path, "a.py", ("postgres",), Modules(path, tmp_path))
    assert fields(found.reading) == ["customers.email", "customers.ssn"]
    assert not found.reading.unread
    alone = read_file(path, "a.py", ("postgres",), Modules(path, path.parent))
    assert fields(alone.reading) == fields(found.reading)  # by what it is given


def test_a_helper_that_cannot_be_found_is_said(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "from elsewhere import act\nrevision, down_revision = 'b', 'a'\ndef upgrade():\n    act('customers')\n"
    )
    found = read_file(path, "a.py", ("postgres",), Modules(path, tmp_path))
    assert [each.what for each in found.reading.unread] == ["helper"]


def test_revisions_run_in_the_order_of_their_chain_and_files_in_that_of_their_numbers():
    links = [
        ("m/z.py", Link("a", ())),
        ("m/a.py", Link("d", ("b", "c"))),
        ("m/y.py", Link("b", ("a",))),
        ("m/b.py", Link("c", ("a",))),
    ]
    assert [links[place][0] for place in in_order(links)] == ["m/z.py", "m/y.py", "m/b.py", "m/a.py"]
    files = [("m/R__views.sql", None), ("m/V10__b.sql", None), ("m/V2__a.sql", None)]
    assert [files[place][0] for place in in_order(files)] == ["m/V2__a.sql", "m/V10__b.sql", "m/R__views.sql"]
    ring = [("a", Link("a", ("b",))), ("b", Link("b", ("a",)))]
    assert sorted(in_order(ring)) == [0, 1]

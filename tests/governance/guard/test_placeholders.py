from __future__ import annotations

import pytest

from governance.guard.placeholders import cut_mysql, number_mysql, number_postgres, number_sqlite, pick
from policies.errors import StatementRefusedError


@pytest.mark.parametrize(
    ("sql", "numbered", "slots"),
    [
        ("SELECT ? , ?", "SELECT :gov1 , :gov2", (0, 1)),
        ("SELECT ?2, ?1", "SELECT :gov1, :gov2", (1, 0)),
        ("SELECT :a, :b, :a", "SELECT :gov1, :gov2, :gov1", ("a", "b")),
        ("SELECT '?', \"?\", `?`, [?] -- ?\n, ?", "SELECT '?', \"?\", `?`, [?] -- ?\n, :gov1", (0,)),
        ("SELECT 'it''s ?', /* ? */ ?", "SELECT 'it''s ?', /* ? */ :gov1", (0,)),
        ("SELECT a$b, @c", "SELECT a$b, :gov1", ("c",)),
    ],
)
def test_sqlite_parameters_are_numbered(sql, numbered, slots):
    found = number_sqlite(sql)
    assert (found.sql, found.slots) == (numbered, slots)


@pytest.mark.parametrize(
    ("sql", "numbered", "slots"),
    [
        ("SELECT %s, %s", "SELECT $1, $2", (0, 1)),
        ("SELECT %(a)s, %(b)s, %(a)s", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT 5 %% 2, %s", "SELECT 5 % 2, $1", (0,)),
        ("SELECT x LIKE '%%a' , %s", "SELECT x LIKE '%a' , $1", (0,)),
        ("SELECT $t$ ' $t$, %s", "SELECT $t$ ' $t$, $1", (0,)),
        ("SELECT E'\\'', %s", "SELECT E'\\'', $1", (0,)),
        ("SELECT /* /* x */ */ %s", "SELECT /* /* x */ */ $1", (0,)),
    ],
)
def test_postgres_parameters_are_numbered(sql, numbered, slots):
    found = number_postgres(sql, has_parameters=True)
    assert (found.sql, found.slots) == (numbered, slots)


@pytest.mark.parametrize(
    ("sql", "numbered", "slots"),
    [
        ("SELECT %s, %s", "SELECT :gov1, :gov2", (0, 1)),
        ("SELECT %(a)s, %(b)s, %(a)s", "SELECT :gov1, :gov2, :gov1", ("a", "b")),
        ("SELECT x LIKE '%%a' , %s", "SELECT x LIKE '%a' , :gov1", (0,)),
        ("SELECT 'a\\'', \"it's\", `%%`, %s", "SELECT 'a\\'', \"it's\", `%`, :gov1", (0,)),
        ("SELECT 1 # it's\n, %s", "SELECT 1 # it's\n, :gov1", (0,)),
        ("SELECT 1 -- it's\n, %s", "SELECT 1 -- it's\n, :gov1", (0,)),
        ("SELECT /* ' */ %s", "SELECT /* ' */ :gov1", (0,)),
        ("SELECT '/*!1 x */', %s", "SELECT '/*!1 x */', :gov1", (0,)),
    ],
)
def test_mysql_parameters_are_numbered(sql, numbered, slots):
    found = number_mysql(sql, has_parameters=True)
    assert (found.sql, found.slots) == (numbered, slots)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT /*!50000 1 */", "SELECT /*M!100000 1 */", "SELECT 1--1", "SELECT :gov1", "SELECT '%s'", "SELECT 5 % 2",
        "SELECT %s, %(a)s", "SELECT 1 # %s\n", "SELECT `%s`",
    ],
)  # fmt: skip
def test_doubtful_text_is_refused_in_mysql(sql):
    with pytest.raises(StatementRefusedError):
        number_mysql(sql, has_parameters=True)


def test_generated_statement_is_cut_at_its_own_marks_only():
    texts, places = cut_mysql("SELECT ':gov1', `:gov2`, 'a\\':gov3', :gov2 FROM t WHERE a = :gov10")
    assert texts == ["SELECT ':gov1', `:gov2`, 'a\\':gov3', ", " FROM t WHERE a = ", ""]
    assert places == [1, 9]


def test_without_parameters_nothing_is_a_placeholder():
    assert number_postgres("SELECT x LIKE '%s', 5 % 2", has_parameters=False).sql == "SELECT x LIKE '%s', 5 % 2"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT '%s'", 'SELECT "%s"', "SELECT 1 -- %s\n", "SELECT /* %(a)s */ 1", "SELECT $$%s$$", "SELECT 5 % 2",
        "SELECT %s, %(a)s", "SELECT $1, %s", "SELECT $t$ x", "SELECT /* x", "SELECT 'x%'",
    ],
)  # fmt: skip
def test_doubtful_placeholders_are_refused(sql):
    with pytest.raises(StatementRefusedError):
        number_postgres(sql, has_parameters=True)


def test_server_form_is_refused_without_parameters_too():
    with pytest.raises(StatementRefusedError):
        number_postgres("SELECT $1", has_parameters=False)


@pytest.mark.parametrize(
    ("slots", "given"), [((0, 1), [1]), (("a",), {}), (("a",), [1]), ((0,), {"a": 1}), ((0,), None)]
)
def test_parameters_that_do_not_fit_are_refused(slots, given):
    with pytest.raises(StatementRefusedError):
        pick(slots, given)

"""What a statement may consist of: an allow-list of node types and, for those with a shape, of their parts.

Everything else is refused: what is not written down here has not been thought about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from policies.errors import StatementRefusedError

_VALUES = """
    Literal Null Boolean Placeholder Parameter And Or Not Neg EQ NEQ GT GTE LT LTE Is In Between Like ILike Glob
    RegexpLike RegexpILike SimilarTo Escape Exists Any All Case If Cast DataType DataTypeParam Add Sub Mul Div Mod Pow
    DPipe BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift NullSafeEQ NullSafeNEQ Collate
    Var JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar JSONPath JSONPathRoot JSONPathKey
    JSONPathSubscript ArrayContainsAll ArrayContainedBy JSONBContainsTopKey JSONBContainsAllTopKeys
    JSONBContainsAnyTopKeys Anonymous Extract Substring Trim StrPosition Overlay AtTimeZone Interval CurrentDate
    CurrentTimestamp CurrentTime Array Bracket Slice HexString Tuple Paren Filter WithinGroup Distinct Order Ordered
"""
_SHAPES: Mapping[str, str] = {
    "Select": "with_ expressions distinct from_ joins where group having windows order limit offset",
    "Union": "with_ this expression distinct order limit offset",
    "Intersect": "with_ this expression distinct order limit offset",
    "Except": "with_ this expression distinct order limit offset",
    "Subquery": "this alias with_ order limit offset joins",
    "From": "this",
    "Join": "this on side kind using method",
    "Table": "this alias db joins",
    "TableAlias": "this columns",
    "Lateral": "this alias view outer",
    "Identifier": "this quoted",
    "Column": "this table db",
    "Star": "",
    "Alias": "this alias",
    "Where": "this",
    "Group": "expressions grouping_sets cube rollup",
    "GroupingSets": "expressions",
    "Cube": "expressions",
    "Rollup": "expressions",
    "Having": "this",
    "Limit": "this expression",
    "Offset": "this expression",
    "Fetch": "direction count limit_options",
    "LimitOptions": "rows",
    "With": "expressions recursive",
    "CTE": "this alias materialized",
    "Window": "this partition_by order spec alias over",
    "WindowSpec": "kind start start_side end end_side exclude",
    "Values": "expressions alias",
    "In": "this expressions query",
    "Exists": "this",
    "Distinct": "expressions on",
    "Any": "this",
    "All": "this",
    "Cast": "this to",
    "DataType": "this expressions nested values kind",
    "Ordered": "this desc nulls_first",
    "Order": "this expressions",
    "Case": "this ifs default",
    "Trim": "this expression position",
    "Substring": "this start length",
    "StrPosition": "this substr",
    "CurrentTimestamp": "",
    "CurrentTime": "",
    "CurrentDate": "",
    "Interval": "this unit",
    "Bracket": "this expressions offset",
    "Slice": "this expression",
    "JSONExtract": "this expression only_json_types",
    "JSONExtractScalar": "this expression only_json_types",
    "Array": "expressions bracket_notation",
}

_ALLOWED: Mapping[type[exp.Expr], frozenset[str] | None] = {
    **{getattr(exp, name): None for name in _VALUES.split()},
    **{getattr(exp, name): frozenset(parts.split()) for name, parts in _SHAPES.items()},
}

_OWN: Mapping[str, Mapping[type[exp.Expr], frozenset[str] | None]] = {
    "mysql": {exp.IntDiv: None, exp.Xor: None, exp.GroupConcat: frozenset({"this", "separator"})},
}
"""What one kind of store allows besides."""
_WRITES: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Insert: frozenset({"this", "expression", "default", "returning"}),
    exp.Update: frozenset({"this", "expressions", "where", "returning"}),
    exp.Delete: frozenset({"this", "where", "returning"}),
}
"""Statements that write: as a whole statement only."""
_WRITE_PARTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Schema: frozenset({"this", "expressions"}),
    exp.Returning: frozenset({"expressions"}),
}
"""What stands directly under one of them."""

_TYPES: Mapping[str, frozenset[str]] = {
    "mysql": frozenset(
        [
            "CHAR",
            "CHARACTER_SET",
            "TEXT",
            "VARCHAR",
            "INT",
            "BIGINT",
            "UBIGINT",
            "DECIMAL",
            "DOUBLE",
            "FLOAT",
            "DATE",
            "DATETIME",
            "TIME",
            "BINARY",
        ]
    ),
    "sqlite": frozenset(
        [
            "TEXT",
            "VARCHAR",
            "CHAR",
            "INT",
            "BIGINT",
            "SMALLINT",
            "TINYINT",
            "FLOAT",
            "DOUBLE",
            "DECIMAL",
            "BLOB",
            "VARBINARY",
        ]
    ),
    "postgresql": frozenset(
        [
            "TEXT",
            "VARCHAR",
            "CHAR",
            "BPCHAR",
            "INT",
            "BIGINT",
            "SMALLINT",
            "FLOAT",
            "DOUBLE",
            "DECIMAL",
            "BOOLEAN",
            "DATE",
            "TIME",
            "TIMETZ",
            "TIMESTAMP",
            "TIMESTAMPTZ",
            "TIMESTAMPNTZ",
            "INTERVAL",
            "JSON",
            "JSONB",
            "UUID",
            "ARRAY",
            "VARBINARY",
        ]
    ),
}
_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between,
    exp.Like, exp.ILike, exp.Glob, exp.RegexpLike, exp.RegexpILike, exp.SimilarTo, exp.Not,
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]{1,40}")
_COLLATION = re.compile(r"[A-Za-z0-9_.@-]{1,60}")
_COLLATIONS_SQLITE = frozenset({"binary", "nocase", "rtrim"})
_FRAME = frozenset({"UNBOUNDED", "CURRENT ROW", "PRECEDING", "FOLLOWING", "ROWS", "RANGE", "GROUPS"})
_JOIN_WORDS = frozenset({"", "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL"})


def check_nodes(tree: exp.Expr, kind: str) -> None:
    """Return when each node and each part of it is allowed. Raises StatementRefusedError that names the node's kind."""
    for node in tree.walk():
        allowed = _allowed(node, tree, kind)
        parts = allowed.get(type(node), frozenset({"none"}))
        if parts is not None:
            if type(node) not in allowed:
                raise _refused(type(node).__name__)
            for name, value in node.args.items():
                if name not in parts and value not in (None, False, [], ""):
                    if (type(node), name) in _INSTEAD:
                        raise _refused(*_INSTEAD[type(node), name])
                    raise _refused(f"{type(node).__name__} with `{name.rstrip('_')}`")
        _check_words(node, kind)


def check_operands(tree: exp.Expr, kind: str) -> None:
    """Return when no comparison is an operand of another without parentheses. Raises StatementRefusedError.

    In a row they mean one thing to the parser and another to SQLite and MariaDB: `a = b NOT IN (1)`. In PostgreSQL
    only what is denied would be written back as if more were: `a NOT IN (1) = b`.
    """
    parting = exp.Not if kind == "postgresql" else _COMPARISONS
    for node in tree.find_all(*_COMPARISONS):
        settles = isinstance(node, exp.Not) or isinstance(node.parent, exp.Update)
        operands = () if settles else ("this", "expression", "low", "high")
        if any(isinstance(node.args.get(each), parting) for each in operands):
            raise _refused("comparisons in a row", "put parentheses around each")


def _allowed(node: exp.Expr, tree: exp.Expr, kind: str) -> Mapping[type[exp.Expr], frozenset[str] | None]:
    if node is tree and type(node) in _WRITES:
        return _WRITES
    if type(node) in _OWN.get(kind, ()):
        return _OWN[kind]
    return _WRITE_PARTS if type(node) in _WRITE_PARTS and node.parent is tree else _ALLOWED


def _check_words(node: exp.Expr, kind: str) -> None:
    match node:
        case exp.DataType():
            _check_type(node, kind)
        case exp.Var():
            named = kind == "mysql" and isinstance(node.parent, exp.Collate | exp.DataType)
            if not (_COLLATION if named else _WORD).fullmatch(node.name):
                raise _refused("a word in an unexpected place")
        case exp.Collate():
            _check_collation(node.expression, kind)
        case exp.WindowSpec():
            words = [node.args.get(each) for each in ("kind", "start", "start_side", "end", "end_side")]
            if any(isinstance(word, str) and word.upper() not in _FRAME for word in words):
                raise _refused("a window frame of an unexpected form")
        case exp.Join():
            if any(str(node.args.get(each) or "").upper() not in _JOIN_WORDS for each in ("side", "kind", "method")):
                raise _refused("a join of an unexpected form")
        case exp.Trim():
            if str(node.args.get("position") or "BOTH").upper() not in ("BOTH", "LEADING", "TRAILING"):
                raise _refused("a trim of an unexpected form")
        case exp.Parameter() if kind == "mysql":
            raise _refused("a variable of the session")
        case exp.Placeholder() if kind == "mysql" and not str(node.this or "").startswith("gov"):
            raise _refused("a placeholder of another driver")
        case exp.LimitOptions():
            if node.args.get("percent") or node.args.get("with_ties"):
                raise _refused("FETCH with ties or percent")
        case _:
            pass


def _check_type(node: exp.DataType, kind: str) -> None:
    name = node.this.value if isinstance(node.this, exp.DType) else ""
    word = node.args.get("kind")
    plain = word is None or (name == "CHARACTER_SET" and word.name.lower() == "utf8mb4")
    if name not in _TYPES[kind] or not plain or node.args.get("values"):
        raise _refused("a cast to a type that is not on the list")


def _check_collation(node: exp.Expr | None, kind: str) -> None:
    name = node.name if isinstance(node, exp.Identifier | exp.Var) else ""
    if not _COLLATION.fullmatch(name) or (kind == "sqlite" and name.lower() not in _COLLATIONS_SQLITE):
        raise _refused("a collation of an unexpected form")


_UPSERT = (
    "an INSERT that changes or passes over rows that are there already",
    "UPDATE the row first, and INSERT it when no row was changed: an upsert would tell of rows that cannot be seen",
)
_JOINED = "name the rows by `IN (SELECT ...)` in WHERE, and take each new value from a sub-query"
_INSTEAD: Mapping[tuple[type[exp.Expr], str], tuple[str, str]] = {
    (exp.Insert, "conflict"): _UPSERT,
    (exp.Insert, "alternative"): _UPSERT,
    (exp.Insert, "ignore"): _UPSERT,
    (exp.Insert, "overwrite"): _UPSERT,
    (exp.Update, "from_"): ("UPDATE ... FROM", _JOINED),
    (exp.Delete, "using"): ("DELETE ... USING", _JOINED),
    (exp.Delete, "tables"): ("a DELETE from joined tables", _JOINED),
    (exp.Update, "with_"): ("WITH before a write", "put each of its queries where its name stands"),
    (exp.Delete, "with_"): ("WITH before a write", "put each of its queries where its name stands"),
    (exp.Insert, "with_"): (
        "WITH before a write",
        "write it behind the field names: INSERT INTO t (a) WITH ... SELECT",
    ),
    (exp.Update, "order"): ("UPDATE ... ORDER BY", "name the rows by their keys"),
    (exp.Delete, "order"): ("DELETE ... ORDER BY", "name the rows by their keys"),
    (exp.Update, "limit"): ("UPDATE ... LIMIT", "name the rows by their keys"),
    (exp.Delete, "limit"): ("DELETE ... LIMIT", "name the rows by their keys"),
}
"""Forms that people expect: what they are called, and what to write in their place."""


def _refused(found: str, next_step: str = "write the query in another form") -> StatementRefusedError:
    return StatementRefusedError(
        "statement",
        found=f"{found}, which the guard does not admit",
        expected="a statement of the forms listed in docs/guard.md",
        next_step=next_step,
        rule_ids=("guard.form",),
    )

"""Reads descriptions in JSON and YAML: JSON Schema, OpenAPI, dbt model files; the document says which it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.place import At
from policies.errors import BadInputError, ConfigError
from policies.yaml_files import line_of, parse_yaml

_DEEPEST = 12
_PARTS = ("allOf", "anyOf", "oneOf")


def read_json_document(text: str, file: str) -> Reading:
    """The fields of a JSON Schema or an OpenAPI description: JSON is read as the YAML that it also is."""
    return read_yaml_document(text, file)


def read_yaml_document(text: str, file: str) -> Reading:
    """The fields of a dbt model file, a JSON Schema or an OpenAPI description; any other is said to be unread."""
    try:
        document = parse_yaml(text.replace("\t", " "), file, error=ConfigError)
    except (BadInputError, ValueError, RecursionError):
        return Reading(unread=(Unread(file, 1, "no_document"),))
    if not isinstance(document, dict):
        return Reading(unread=(Unread(file, 1, "other_tool", "JSON"),))
    reader = _Reader(document, At("sqlite", file, 1))
    if "openapi" in document or "swagger" in document:
        changes = list(reader.openapi())
    elif any(key in document for key in ("properties", "$defs", "definitions")):
        changes = list(reader.json_schema())
    elif any(key in document for key in ("models", "sources", "seeds", "snapshots")):
        changes = list(reader.dbt())
    else:
        return Reading(unread=(Unread(file, 1, "other_tool", "YAML"),))
    return Reading(tuple(changes), (), len(changes))


class _Reader:
    """One document."""

    def __init__(self, document: Any, at: At) -> None:
        self._document = document
        self._at = at

    def openapi(self) -> Iterator[SchemaChange]:
        """The fields of every schema, and of the bodies and parameters of every operation."""
        named = self._document.get("definitions") or (self._document.get("components") or {}).get("schemas") or {}
        at = ("definitions",) if self._document.get("definitions") else ("components", "schemas")
        for name, schema in _pairs(named):
            yield from self._schema(schema, str(name), (*at, name), "", 0)
        for path, item in _pairs(self._document.get("paths")):
            for method, operation in _pairs(item):
                if isinstance(operation, dict):
                    named_as = str(operation.get("operationId") or f"{method} {path}")
                    yield from self._operation(operation, named_as, ("paths", path, method))

    def json_schema(self) -> Iterator[SchemaChange]:
        """The fields of the schema and of its definitions."""
        title = str(self._document.get("title") or self._at.file.rpartition("/")[2].partition(".")[0])
        yield from self._schema(self._document, title, (), "", 0)
        for key in ("$defs", "definitions"):
            for name, schema in _pairs(self._document.get(key)):
                yield from self._schema(schema, str(name), (key, name), "", 0)

    def dbt(self) -> Iterator[SchemaChange]:
        """The columns of models, seeds, snapshots and the tables of sources."""
        for kind in ("models", "seeds", "snapshots"):
            for place, model in _items(self._document.get(kind)):
                yield from self._columns(model, str(model.get("alias") or model.get("name")), (kind, place))
        for place, source in _items(self._document.get("sources")):
            for inner, table in _items(source.get("tables")):
                schema = source.get("schema") or source.get("name")
                name = str(table.get("identifier") or table.get("name"))
                yield from self._columns(
                    table, f"{schema}.{name}" if schema else name, ("sources", place, "tables", inner)
                )

    def _columns(self, table: Any, dataset: str, where: tuple[Any, ...]) -> Iterator[SchemaChange]:
        for place, column in _items(table.get("columns")):
            tests = column.get("tests") or column.get("data_tests") or ()
            required = any(each == "not_null" for each in tests if isinstance(each, str))
            yield self._field(
                dataset, str(column.get("name")), (*where, "columns", place), str(column.get("data_type") or ""),
                str(column.get("description") or ""), required=required,
            )  # fmt: skip

    def _operation(self, operation: Any, name: str, where: tuple[Any, ...]) -> Iterator[SchemaChange]:
        for place, each in _items(operation.get("parameters")):
            schema = each.get("schema") if isinstance(each.get("schema"), dict) else each
            if each.get("in") != "body" and isinstance(each.get("name"), str):
                yield self._field(
                    name, each["name"], (*where, "parameters", place), str(schema.get("type") or ""),
                    str(each.get("description") or ""), required=each.get("required") is True,
                )  # fmt: skip
            elif isinstance(each.get("schema"), dict):
                yield from self._schema(each["schema"], name, (*where, "parameters", place, "schema"), "", 0)
        bodies: list[tuple[tuple[Any, ...], Any]] = [(("requestBody",), operation.get("requestBody"))]
        bodies += [(("responses", code), each) for code, each in _pairs(operation.get("responses"))]
        for keys, body in bodies:
            for media, content in _pairs(body.get("content") if isinstance(body, dict) else None):
                path = (*where, *keys, "content", media, "schema")
                yield from self._schema((content or {}).get("schema"), name, path, "", 0)

    def _schema(
        self, schema: Any, dataset: str, where: tuple[Any, ...], prefix: str, depth: int
    ) -> Iterator[SchemaChange]:
        """The properties of an object, those of inner objects as paths; a `$ref` is read where it points."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return
        required = schema.get("required") if isinstance(schema.get("required"), list) else ()
        for name, stated in _pairs(schema.get("properties")):
            inner = stated if isinstance(stated, dict) else {}
            path = (*where, "properties", name)
            native = inner.get("format") if inner.get("format") in ("date", "date-time") else inner.get("type")
            holds = not any(isinstance(inner.get(each), dict) for each in ("properties", "items"))
            said = " ".join(str(inner[each]) for each in ("title", "description") if inner.get(each))
            if holds:
                yield self._field(
                    dataset, f"{prefix}{name}", path, str(native or ""), said, required=name in (required or ())
                )
            yield from self._schema(inner, dataset, path, f"{prefix}{name}.", depth + 1)
        if isinstance(schema.get("items"), dict):
            yield from self._schema(schema["items"], dataset, (*where, "items"), prefix, depth + 1)
        for key in _PARTS:
            for place, part in _items(schema.get(key)):
                yield from self._schema(part, dataset, (*where, key, place), prefix, depth + 1)

    def _field(
        self, dataset: str, name: str, where: tuple[Any, ...], native: str, comment: str, *, required: bool
    ) -> SchemaChange:
        line = line_of(self._document, where) or 1
        return self._at.change(
            ChangeKind.ADD_FIELD, dataset, name, line=line, native_type=native, comment=comment, required=required
        )


def _pairs(found: Any) -> Iterator[tuple[Any, Any]]:
    yield from found.items() if isinstance(found, dict) else ()


def _items(found: Any) -> Iterator[tuple[int, Any]]:
    yield from (
        ((place, each) for place, each in enumerate(found) if isinstance(each, dict)) if isinstance(found, list) else ()
    )

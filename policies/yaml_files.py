"""Read a YAML 1.2 file that a person wrote, and say with file and line what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from policies.errors import BadInputError, ConfigError

MakeError = Callable[..., BadInputError]
Model = TypeVar("Model", bound=BaseModel)


class FileModel(BaseModel):
    """The base of every model of a file: unknown keys are refused, values are never coerced between kinds.

    A key without a value is as if it were not there, so that a heading whose entries are all commented out is no fault.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


def load_yaml(path: Path, *, error: MakeError = ConfigError) -> Any:
    """The document in a YAML file, comments and lines kept for a later rewrite.

    Raises `error` when the file is missing, is no UTF-8, is no YAML 1.2 or gives one key twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error(
            str(path), found="no file", expected="a YAML file", next_step="create it, or run `governance init`"
        ) from None
    except (OSError, UnicodeDecodeError) as cause:
        raise error(
            str(path), found=type(cause).__name__, expected="a readable UTF-8 file", next_step="mend the file"
        ) from None
    return parse_yaml(text, str(path), error=error)


def parse_yaml(text: str, place: str, *, error: MakeError = ConfigError) -> Any:
    """The document in a YAML text. Raises `error` as `load_yaml` does; `place` names the text in it."""
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    try:
        return yaml.load(text)
    except DuplicateKeyError as cause:
        raise error(
            _at(place, cause), found="a key given twice", expected="each key once", next_step="remove one of the two"
        ) from None
    except MarkedYAMLError as cause:
        raise error(
            _at(place, cause), found="text that is no YAML 1.2", expected="YAML 1.2", next_step="mend this line"
        ) from None
    except YAMLError:
        raise error(place, found="text that is no YAML 1.2", expected="YAML 1.2", next_step="mend the file") from None


def read_model(model: type[Model], path: Path, *, error: MakeError = ConfigError) -> Model:
    """A YAML file as a checked model. Raises `error` that names the line and the key of the first fault."""
    return check_model(model, load_yaml(path, error=error), str(path), error=error)


def check_model(model: type[Model], document: Any, place: str, *, error: MakeError = ConfigError) -> Model:
    """A loaded document as a checked model. Raises `error` that names the line and the key of the first fault."""
    try:
        return model.model_validate({} if document is None else document)
    except ValidationError as cause:
        faults = cause.errors(include_input=False, include_url=False)
        where = faults[0]["loc"]
        line = line_of(document, where)
        raise error(
            f"{place}:{line}" if line else place,
            found=f"{len(faults)} fault(s), the first at `{_path(where)}`",
            expected=_expected(faults[0]["msg"]),
            next_step="mend this key; `governance init` writes a commented example",
        ) from None


def _expected(message: str) -> str:
    return message[:1].lower() + message[1:]


def _path(where: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in where) or "the whole file"


def _at(place: str, cause: MarkedYAMLError) -> str:
    return f"{place}:{cause.problem_mark.line + 1}" if cause.problem_mark else place


def line_of(document: Any, where: Sequence[int | str]) -> int | None:
    """The line of the deepest part of a path that the document has, counted from 1."""
    line: int | None = None
    for step in where:
        if isinstance(document, CommentedMap) and step in document:
            line = document.lc.key(step)[0] + 1
            document = document[step]
        elif isinstance(document, CommentedSeq) and isinstance(step, int) and step < len(document):
            line = document.lc.item(step)[0] + 1
            document = document[step]
        else:
            break
    return line

r"""A user's own `recognizers.yaml`, in Presidio's no-code format.

recognizers:
  - name: member number
    supported_entity: MEMBER_NUMBER
    patterns: [{name: m, regex: 'M-\d{6}', score: 0.7}]
    context: [member]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from governance.scan.detectors.presidio_patterns import RecognizerDetector, as_detector
from policies.errors import ConfigError
from policies.yaml_files import FileModel, read_model


class _Pattern(FileModel):
    name: str = "pattern"
    regex: str
    score: float = Field(ge=0, le=1)

    @field_validator("regex")
    @classmethod
    def _compiles(cls, text: str) -> str:
        import regex  # type: ignore[import-untyped]  # publishes no types

        try:
            regex.compile(text)
        except regex.error:
            raise ValueError("a regular expression that compiles") from None
        return text


class _Recognizer(FileModel):
    name: str
    supported_entity: str | None = None
    supported_entities: tuple[str, ...] = ()
    supported_language: str | None = None
    supported_languages: tuple[Any, ...] = ()
    patterns: tuple[_Pattern, ...] = ()
    deny_list: tuple[str, ...] = ()
    deny_list_score: float = Field(default=1.0, ge=0, le=1)
    context: tuple[str, ...] = ()
    type: Literal["custom", "predefined"] = "custom"
    enabled: bool = True
    version: str = "0.0.1"
    country_code: str | None = None
    class_name: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> _Recognizer:
        if self.type == "custom" and not (self.supported_entity or self.supported_entities):
            raise ValueError("`supported_entity`: what the recognizer finds")
        if self.type == "custom" and not (self.patterns or self.deny_list):
            raise ValueError("`patterns` or a `deny_list`")
        return self


class _File(FileModel):
    recognizers: tuple[_Recognizer, ...]
    supported_languages: tuple[str, ...] = ()
    global_regex_flags: int = 26


def read_recognizers(path: Path) -> tuple[RecognizerDetector, ...]:
    """The custom recognizers of a file as detectors; predefined ones take part anyway.

    Raises ConfigError that names the line of the first fault.
    """
    file = read_model(_File, path, error=ConfigError)
    wanted = [each for each in file.recognizers if each.type == "custom" and each.enabled]
    names = [each.name for each in wanted]
    if len(set(names)) < len(names):
        raise ConfigError(
            str(path),
            found="two recognizers of one name",
            expected="each name once",
            next_step="give one of them another name",
        )
    return tuple(as_detector(f"user.{each.name}", _made(each, file), trusted=True) for each in wanted)


def _made(entry: _Recognizer, file: _File) -> Any:
    from presidio_analyzer import Pattern, PatternRecognizer

    return PatternRecognizer(
        supported_entity=entry.supported_entity or entry.supported_entities[0],
        name=entry.name,
        patterns=[Pattern(each.name, each.regex, each.score) for each in entry.patterns],
        deny_list=list(entry.deny_list),
        deny_list_score=entry.deny_list_score,
        context=list(entry.context),
        global_regex_flags=file.global_regex_flags,
    )

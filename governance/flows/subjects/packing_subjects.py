"""The files of a package: a folder or a ZIP, written beside its place and moved there whole."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from audits.formats.csv import harmless
from governance.scan.shapes import shape_name
from policies.errors import BadInputError, ConfigError

SCHEMA = "governance.subject-package/1"
"""The form of `data.json`."""


class Package:
    """A package that is being written; nothing of it is held in memory but counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._json: TextIO = (folder / "data.json").open("w", encoding="utf-8", newline="\n")
        self._datasets = 0
        self.counts: dict[str, int] = {}
        """How many records each dataset has in it."""

    def begin(self, as_of: str) -> None:
        """Write the head."""
        self._json.write(f'{{"schema": {json.dumps(SCHEMA)}, "as_of": {json.dumps(as_of)}, "datasets": [')

    def dataset(
        self,
        name: str,
        columns: Sequence[str],
        about: Mapping[str, Any],
        rows: Iterable[Mapping[str, Any]],
        linked: Iterable[Mapping[str, Any]] = (),
    ) -> str:
        """Write one dataset as CSV and into the JSON, row by row; gives the name of its CSV file.

        `linked`, which is asked for when the rows are written, is what hangs on them: into the JSON alone.
        """
        self._datasets += 1
        file = f"{self._datasets:02d}-{_file_name(name)}.csv"
        self._json.write(",\n" if self._datasets > 1 else "\n")
        self._json.write(json.dumps({"dataset": name, **about}, ensure_ascii=False)[:-1] + ', "rows": [')
        count = 0
        with (self._folder / file).open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, lineterminator="\r\n")
            writer.writerow([harmless(each) for each in columns])
            for row in rows:
                writer.writerow([harmless(text_of(row[each])) for each in columns])
                self._json.write((",\n" if count else "\n") + json.dumps(dict(row), ensure_ascii=False))
                count += 1
        hanging = [dict(each) for each in linked]
        tail = f', "linked": {json.dumps(hanging, ensure_ascii=False)}' if hanging else ""
        self._json.write(f"]{tail}}}")
        self.counts[name] = count
        return file

    def page(self, parts: Iterable[str]) -> None:
        """Write the readable page."""
        with (self._folder / "index.html").open("w", encoding="utf-8", newline="\n") as out:
            out.writelines(parts)

    def end(self, about: Mapping[str, Any]) -> None:
        """Write the end of the JSON, and `manifest.json` with the digest of each file."""
        self._json.write("\n]}\n")
        self._json.close()
        files = {each.name: _digest(each) for each in sorted(self._folder.iterdir())}
        manifest = {**about, "records": self.counts, "sha256": files}
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (self._folder / "manifest.json").write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Let go of the file that is open."""
        self._json.close()


def check_place(output: Path) -> None:
    """Return when a package can be written there. Raises BadInputError for a place that is taken."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise BadInputError(
            str(output),
            found="something there already",
            expected="a new folder or file",
            next_step="name another place",
        )


@contextmanager
def package_at(output: Path) -> Iterator[Package]:
    """A package that stands at its place, readable by its owner alone, when the block ends well; else nowhere.

    A name that ends in `.zip` makes a ZIP. Raises BadInputError for a place that is taken, ConfigError for one that
    cannot be written.
    """
    check_place(output)
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.absolute().parent))  # mode 0700
    except OSError as cause:
        raise _unwritable(output, cause) from None
    package = Package(draft)
    try:
        yield package
        package.close()
        _place(draft, output)
    except OSError as cause:
        raise _unwritable(output, cause) from None
    finally:
        package.close()
        shutil.rmtree(draft, ignore_errors=True)


def text_of(value: Any) -> str:
    """A value in a cell."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _place(draft: Path, output: Path) -> None:
    if output.suffix.lower() != ".zip":
        if output.is_dir():
            output.rmdir()
        draft.rename(output)
        return
    packed = draft.with_name(f"{draft.name}.zip")
    try:
        packed.touch(mode=0o600)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in sorted(draft.iterdir()):
                archive.write(each, each.name)
        packed.replace(output)
    finally:
        packed.unlink(missing_ok=True)


def _file_name(dataset: str) -> str:
    return "".join(each if each.isalnum() or each in "._-" else "_" for each in shape_name(dataset))[:80]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwritable(output: Path, cause: OSError) -> ConfigError:
    return ConfigError(
        str(output),
        found=type(cause).__name__,
        expected="a folder that can be written",
        next_step="name another place",
    )

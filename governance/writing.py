"""Write a file as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from policies.errors import ConfigError


def replace_file(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write a file as a whole or not at all. Raises ConfigError when the folder cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, encoding=encoding, newline="")
        draft.replace(path)
    except OSError as cause:
        draft.unlink(missing_ok=True)
        raise ConfigError(
            str(path),
            found=type(cause).__name__,
            expected="a folder that can be written",
            next_step="name another file",
        ) from None

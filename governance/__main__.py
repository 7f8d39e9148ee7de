"""Start the command: `python -m governance` and the script `governance`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType


def run() -> None:
    """Run the command and leave the process with its exit code."""
    from governance.installation import refuse_intruders

    try:
        refuse_intruders()
    except ImportError as cause:
        sys.stderr.write(f"governance: {cause}\n")
        sys.exit(2)
    from governance.cli.main import main

    if "check" in sys.argv:
        _leave_pandas_out()
    sys.exit(main())


def _leave_pandas_out() -> None:
    """Have this process take pandas as not installed: pyarrow loads it with the first array, a sixth of a check's time.

    Only here, where the process ends with the command: who calls the library keeps pandas.
    """
    sys.meta_path.insert(0, _NoPandas())


class _NoPandas:
    """Finds nothing, and says of pandas that it is not installed."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /) -> None:
        """Leave every module but pandas to the finders behind this one."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


if __name__ == "__main__":
    run()

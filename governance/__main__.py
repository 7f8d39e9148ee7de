"""Start the command: `python -m governance` and the script `governance`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command and leave the process with its exit code."""
    from governance.installation import refuse_intruders

    try:
        refuse_intruders()
    except ImportError as cause:
        sys.stderr.write(f"governance: {cause}\n")
        sys.exit(2)
    from governance.cli.main import main

    sys.exit(main())


if __name__ == "__main__":
    run()

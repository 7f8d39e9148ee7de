"""`governance doctor`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, output_option


@click.command(
    epilog=examples(
        "doctor",
        "doctor --format json",
    )
)
@format_option("text", "json")
@output_option
@click.pass_context
def doctor(ctx: click.Context, form: str, output: Path | None) -> int:
    """Look at every store, key, record, policy file and extra: found or not, and what to do.

    Exits 1 when something needs mending. A part that is optional and absent is no finding, nor is what the vendor of a
    CRM cannot do. A CRM is asked for its token, rights, one page, fields and limits, and only read. Without a
    configuration only the installation is looked at.
    """
    from governance.clock import now
    from governance.flows.opening.checks import State
    from governance.flows.opening.doctor import examine_installation, examine_project
    from governance.project import Project

    config: Path = ctx.find_root().obj
    checks = list(examine_installation())
    if config.exists():
        checks += examine_project(Project.read(config, os.environ), now)
    if form == "json":
        emit(
            json.dumps({"schema": "governance.doctor/1", "checks": [each.to_json() for each in checks]}, indent=2),
            output,
        )
    else:
        lines = [f"{each.state:<8} {each.what:<28} {each.found}" for each in checks]
        steps = [f"  -> {each.what}: {each.next_step}" for each in checks if each.state is State.FINDING]
        closing = ["", "To mend:", *steps] if steps else ["", "Nothing to mend."]
        emit("\n".join(lines + closing), output)
    return 1 if any(each.state is State.FINDING for each in checks) else 0

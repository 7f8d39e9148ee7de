"""What a shell offers on TAB: users, purposes, stores and objects of the project's own policy files.

A shell must not be disturbed: where a file cannot be read, nothing is offered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from policies.errors import GovernanceError

if TYPE_CHECKING:
    from governance.access.policy import AccessPolicy

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offering(names: Callable[[AccessPolicy], Iterable[str]]) -> Complete:
    """A function for Click that offers those names of the policy in force that begin as what was typed."""

    def complete(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
        from governance.app import Governance

        given = ctx.find_root().params.get("config")
        path = Path(given or os.environ.get("GOVERNANCE_CONFIG", "governance.yaml"))
        try:
            with Governance.open(path) as gov:
                return [
                    CompletionItem(each) for each in sorted(names(gov.policy_files.policy)) if each.startswith(typed)
                ]
        except GovernanceError:
            return []

    return complete


def _objects(policy: AccessPolicy) -> set[str]:
    """Datasets and fields of the catalog, by their full names."""
    fields = {str(field) for field, _ in policy.catalog.walk()}
    return fields | {str(ref) for ref in policy.datasets}


def _all_objects(policy: AccessPolicy) -> set[str]:
    words = {f"category:{key}" for key in policy.taxonomy.categories} | {"special", "*"}
    return _objects(policy) | set(policy.catalog.stores) | words


users = _offering(lambda policy: policy.principals.principals)
"""Users of the policy."""
purposes = _offering(lambda policy: policy.purposes.purposes)
"""Purposes."""
stores = _offering(lambda policy: policy.catalog.stores)
"""Stores of the catalog."""
places = _offering(_objects)
"""Datasets and fields."""
objects = _offering(_all_objects)
"""Whatever a policy line can be about."""

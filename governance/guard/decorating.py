"""Functions that work for one purpose, whoever calls them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from governance.guard.acting import Acting, acting, current
from policies.errors import ConfigError

Worker = TypeVar("Worker", bound=Callable[..., Any])


def guarded(
    project: object, purpose: str, treat: Callable[[Any], Any], check: Callable[[], object]
) -> Callable[[Worker], Worker]:
    """A decorator that sets the purpose while a function runs, and hands on what `treat` makes of its answer.

    `check` is called at each call, and raises AccessRefusedError where nobody acts. Raises ConfigError for a generator:
    it runs on after its call, in whatever context asks it for more.
    """

    def decorate(work: Worker) -> Worker:
        if inspect.isgeneratorfunction(work) or inspect.isasyncgenfunction(work):
            raise ConfigError(
                f"function `{work.__name__}`",
                found="a generator",
                expected="a function that is done when it returns",
                next_step="decorate the function that reads the generator",
            )

        def block() -> Any:
            check()
            here = current(project)
            return acting(Acting(project, here.principal, purpose) if here is not None else None)

        if inspect.iscoroutinefunction(work):

            @functools.wraps(work)
            async def later(*args: Any, **options: Any) -> Any:
                with block():
                    return treat(await work(*args, **options))

            return cast("Worker", later)

        @functools.wraps(work)
        def now(*args: Any, **options: Any) -> Any:
            with block():
                return treat(work(*args, **options))

        return cast("Worker", now)

    return decorate

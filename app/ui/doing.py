"""Acts that a page's button does, each in its own unit of work."""

from collections.abc import Callable
from typing import TypeVar

from app.ui import show
from valor_core.store.work import Work
from valor_core.values import Caller
from valor_core.workbench.verb import open_work

Result = TypeVar("Result")


def done(who: Caller, act: Callable[[Work], Result]) -> Result | None:
    """What came of the act; None after its refusal was shown in place."""

    def do() -> Result:
        with open_work(who) as work:
            return act(work)

    return show.or_explain(do)

"""The end of a computation, awaited."""

from concurrent.futures import CancelledError
from contextlib import suppress

from app.computations import COMPUTATIONS
from valor_core.errors import ValorError

LONGEST_S = 60.0


def awaited(computation_id: str) -> None:
    """Until it has ended, in whatever way, and its end is kept."""
    if at_work := COMPUTATIONS.at_work(computation_id):
        if at_work.run:
            with suppress(CancelledError, ValorError):
                at_work.run.result()
        assert at_work.kept.wait(LONGEST_S)

"""A computation on somebody's screen: begun, awaited, found again after a restart of the server."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app.computations import COMPUTATIONS
from app.compute import RUNS, Run, owner_of
from app.ui import show
from app.ui.frame import caller
from valor_core.coverage.computations import Computation, Status
from valor_core.errors import ValorError
from valor_core.store.work import Work
from valor_core.workbench.computations import newest_computation
from valor_core.workbench.verb import open_work

POLL_S = 0.5


@dataclass(slots=True, kw_only=True)
class Awaited:
    """What a bench waits for, and what kept the last computation from a result."""

    computation: str = ""  # its id; nothing: none is awaited
    problem: ValorError | None = None
    cancelled: bool = False
    interrupted: str = ""  # the id of the one that can be begun again

    @property
    def run(self) -> Run | None:
        """What is at work in this process."""
        return COMPUTATIONS.run_of(self.computation)

    def find(self, act: str, subject: str) -> None:
        """Await the caller's newest one, such as after a restart of the server."""
        with open_work(caller()) as work:
            found = newest_computation(work, act, subject)
        told = (Status.RUNNING, Status.SUCCEEDED, Status.INTERRUPTED)
        self.computation = found.id if found and found.status in told else ""

    def begin(self, asked: Callable[[Work], str]) -> None:
        """Begin one, which is awaited from now on; why it cannot be is told."""
        self.problem, self.cancelled, self.interrupted = None, False, ""
        try:
            with open_work(caller()) as work:
                made = asked(work)
        except ValorError as refusal:
            self.problem = refusal
        else:
            self.computation = made

    def ended(self) -> Computation | None:
        """The awaited one, once, if it has brought a result; else why not is noted."""
        run = self.run
        if not self.computation or (run is not None and not run.finished):
            return None
        with open_work(caller()) as work:
            found = COMPUTATIONS.found(work, self.computation)
        if found.status is Status.RUNNING:
            return None  # in another process
        self.computation = ""
        if found.status is Status.FAILED and found.outcome:
            self.problem = ValorError(found.outcome["detail"], hint=found.outcome["hint"])
        self.cancelled = found.status is Status.CANCELLED
        self.interrupted = found.id if found.status is Status.INTERRUPTED else ""
        return found if found.status is Status.SUCCEEDED else None


def running() -> Run | None:
    """The caller's run that is at work or waits."""
    return RUNS.running(owner_of(caller()))


def state(bench: Awaited) -> None:
    """How far the caller's run is; else why the last one brought nothing."""
    if at_work := running():
        progress(at_work, "" if at_work is bench.run else "Your other computation: ")
    elif bench.problem is not None:
        show.refusal(bench.problem)
    elif bench.cancelled:
        st.info(
            "The run was cancelled. Nothing of it was kept or charged.", icon=":material/cancel:"
        )
    elif bench.interrupted:
        lost = bench.interrupted
        st.warning(
            "The run was interrupted when the server stopped. Nothing was charged.",
            icon=":material/power_off:",
        )
        st.button(
            "Start it again",
            icon=":material/replay:",
            on_click=lambda: bench.begin(lambda work: COMPUTATIONS.begin_again(work, lost)),
        )
    elif bench.computation:
        st.info("Your run is at work in another process.", icon=":material/hourglass_top:")


@st.fragment(run_every=POLL_S)
def progress(run: Run, whose: str) -> None:
    """How far the run is, asked twice a second, and the way to end it."""
    if run.finished:
        st.rerun()
    told = f"{100 * run.done:.0f} %" if run.done else "starting"
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(min(run.done, 1.0), text=f"{whose}{told}")
    button.button("Cancel", icon=":material/stop:", on_click=run.cancel, key="simulation:cancel")

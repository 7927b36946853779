"""Computations that take their time: how far each is, what came of it, its end."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.requests import StrictRoute
from app.computations import COMPUTATIONS
from valor_core.coverage.computations import Computation, Status
from valor_core.errors import ValorError
from valor_core.models.simulation.kept import without_values
from valor_core.store.work import Work

router = APIRouter(
    prefix="/computations/{computation_id}", tags=["computations"], route_class=StrictRoute
)
Id = Annotated[str, Path(max_length=100)]


class RefusalView(BaseModel):
    """Why a computation has no result."""

    code: str
    detail: str
    hint: str

    @classmethod
    def of(cls, error: ValorError) -> "RefusalView":
        """The refusal as clients see it."""
        return cls(code=error.code, detail=str(error), hint=error.hint)


INTERRUPTED = {
    "code": "interrupted",
    "detail": "The server was stopped before the computation had ended. Nothing was charged.",
    "hint": "Begin it again: the same seed gives the same result.",
}


class ComputationView(BaseModel):
    """A computation: at first what can be asked for again, at its end what came of it."""

    id: str
    act: str
    status: Status
    done: float = Field(description="The part that is done, from 0 to 1.")
    began_at: datetime
    began_by: str
    result: dict[str, Any] | None
    refusal: RefusalView | None

    @classmethod
    def of(cls, made: Computation) -> "ComputationView":
        """The computation as clients see it."""
        done, run = made.status is Status.SUCCEEDED, COMPUTATIONS.run_of(made.id)
        refusal = INTERRUPTED if made.status is Status.INTERRUPTED else made.outcome
        return cls(
            id=made.id,
            act=made.act,
            status=made.status,
            done=1.0 if done else run.done if run else 0.0,
            began_at=made.began_at,
            began_by=made.began_by,
            result=without_values(made.outcome) if done and made.outcome else None,
            refusal=None if done or refusal is None else RefusalView(**refusal),
        )


@router.get("")
def read_computation(work: CallersWork, computation_id: Id) -> ComputationView:
    """How far it is; once it has ended, its result or why there is none."""
    return ComputationView.of(COMPUTATIONS.found(work, computation_id))


@router.delete("", status_code=204)
def cancel_computation(work: CallersWork, computation_id: Id) -> None:
    """Give it up at once; what has ended stays as it ended."""
    COMPUTATIONS.cancel(work, computation_id)


@router.post("/again", status_code=202, response_model=ComputationView)
def begin_again(work: CallersWork, once: MakesOnce, computation_id: Id) -> Response:
    """Begin anew what was asked, such as after an interruption: the same inputs, plan and seed."""
    return once.do(
        lambda: begun_view(work, COMPUTATIONS.begin_again(work, computation_id)), status=202
    )


def begun_view(work: Work, computation_id: str) -> ComputationView:
    """A computation that has just begun, as clients see it."""
    return ComputationView.of(COMPUTATIONS.found(work, computation_id))

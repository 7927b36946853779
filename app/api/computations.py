"""Computations that take their time: how far each is, what came of it, its end."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from app.computations import COMPUTATIONS, Computation, Status
from valor_core.errors import ValorError

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
        status, told = made.outcome
        refused = isinstance(told, ValorError)
        return cls(
            id=made.id,
            act=made.act,
            status=status,
            done=1.0 if status is Status.SUCCEEDED else made.run.done,
            began_at=made.began_at,
            began_by=made.began_by,
            result=None if refused else told,
            refusal=RefusalView.of(told) if refused else None,
        )


@router.get("")
def read_computation(work: CallersWork, computation_id: Id) -> ComputationView:
    """How far it is; once it has ended, its result or why there is none."""
    return ComputationView.of(COMPUTATIONS.found(work, computation_id))


@router.delete("", status_code=204)
def cancel_computation(work: CallersWork, computation_id: Id) -> None:
    """Give it up at once; what has ended stays as it ended."""
    COMPUTATIONS.found(work, computation_id).run.cancel()

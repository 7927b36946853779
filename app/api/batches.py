"""Batches: all companies by one policy, computed beside the server."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.computations import ComputationView, begun_view
from app.api.requests import StrictRoute
from app.computations import COMPUTATIONS
from valor_core.coverage.batches import BatchPolicy
from valor_core.models.codec import load, schema
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/batches", tags=["batches"], route_class=StrictRoute)


class BatchBody(BaseModel):
    """What all companies are valued by."""

    model_config = ConfigDict(extra="forbid")

    policy: dict[str, Any] = Field(
        default={},
        description="Model, changes of inputs, day, layer, prices; nothing: as the facts suggest.",
        json_schema_extra=schema(BatchPolicy),
    )


@router.post("", status_code=202, response_model=ComputationView)
def value_all(work: CallersWork, once: MakesOnce, body: BatchBody) -> Response:
    """Begin to value all companies; ask for the computation by its id until it has ended."""
    allowed(work, "batch.run")
    policy = load(BatchPolicy, body.policy)  # before the writer is taken

    return once.do(lambda: begun_view(work, COMPUTATIONS.value_all(work, policy)), status=202)

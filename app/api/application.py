"""The API as one application: its routers, its one error shape, its OpenAPI document."""

from functools import cache
from typing import Any

from fastapi import FastAPI

from app.api import (
    adjustments,
    analytics,
    audit,
    batches,
    billing,
    companies,
    computations,
    drafts,
    feeds,
    files,
    flags,
    grants,
    groups,
    health,
    imports,
    jobs,
    keys,
    market_methods,
    me,
    members,
    own_notebooks,
    plans,
    preferences,
    provider_keys,
    providers,
    reports,
    retention,
    series,
    sessions,
    share_terms,
    simulations,
    snapshots,
    tenants,
    valuations,
    workbooks,
)
from app.api.problems import REFUSALS, Problem, add_problems

ROUTERS = (
    me.router,
    sessions.router,
    keys.router,
    members.router,
    plans.router,
    preferences.router,
    flags.router,
    groups.router,
    health.router,
    companies.router,
    adjustments.router,
    share_terms.router,
    imports.router,
    provider_keys.router,
    feeds.router,
    market_methods.router,
    series.router,
    valuations.router,
    drafts.router,
    simulations.router,
    batches.router,
    computations.router,
    workbooks.router,
    files.router,
    providers.router,
    own_notebooks.router,
    reports.router,
    jobs.router,
    snapshots.router,
    analytics.router,
    audit.router,
    retention.router,
    billing.router,
    tenants.router,
    grants.router,
)


class Api(FastAPI):
    """FastAPI, whose document says of each route how it refuses."""

    def openapi(self) -> dict[str, Any]:
        """As FastAPI's, with the shape of a refusal."""
        document = super().openapi()
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return document


@cache  # its routes take a second to build and hold no state: a process has one API
def create_api() -> FastAPI:
    """FastAPI without its documentation pages, which would load from another host."""
    api = Api(
        title="Valor IVX",
        version="1",
        summary="Companies, filed facts, valuations and the audit log of one tenant.",
        docs_url=None,
        redoc_url=None,
        responses=REFUSALS,
    )
    add_problems(api)
    for router in ROUTERS:
        api.include_router(router)
    return api

"""The API as one application: its routers, its one error shape, its OpenAPI document."""

from fastapi import FastAPI

from app.api import (
    adjustments,
    audit,
    batches,
    billing,
    companies,
    computations,
    drafts,
    files,
    flags,
    grants,
    groups,
    health,
    imports,
    keys,
    market_methods,
    me,
    members,
    plans,
    provider_keys,
    providers,
    reports,
    retention,
    series,
    sessions,
    simulations,
    snapshots,
    tenants,
    valuations,
    workbooks,
)
from app.api.problems import add_problems

ROUTERS = (
    me.router,
    sessions.router,
    keys.router,
    members.router,
    plans.router,
    flags.router,
    groups.router,
    health.router,
    companies.router,
    adjustments.router,
    imports.router,
    provider_keys.router,
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
    reports.router,
    snapshots.router,
    audit.router,
    retention.router,
    billing.router,
    tenants.router,
    grants.router,
)


def create_api() -> FastAPI:
    """FastAPI without its documentation pages, which would load from another host."""
    api = FastAPI(
        title="Valor IVX",
        version="1",
        summary="Companies, filed facts, valuations and the audit log of one tenant.",
        docs_url=None,
        redoc_url=None,
    )
    add_problems(api)
    for router in ROUTERS:
        api.include_router(router)
    return api

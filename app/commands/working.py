"""What commands share: the open database, and who acts."""

from contextlib import AbstractContextManager
from functools import cache

from app.answering import answering
from app.serving import open_store
from jobs.lending import use_api
from valor_core.settings import setting
from valor_core.store.engines import Store
from valor_core.store.work import Work
from valor_core.telemetry import start_logging
from valor_core.tenancy.tenants import no_tenant
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import people, setup
from valor_core.workbench.verb import open_work, use_store


@cache
def the_open_store() -> Store:
    """The database of the settings; refuses where the schema is another version's."""
    start_logging(setting("VALOR_LOG"))
    store = open_store()
    use_store(store)
    use_api(answering)
    return store


def fresh_tenant(slug: str) -> TenantId:
    """A new id for a tenant of that name."""
    the_open_store()
    return people.tenant_for(slug)


def tenant_id(slug: str) -> TenantId:
    """The id of the tenant of that short name; NotFound otherwise."""
    with as_operator_of(setup.PLATFORM) as work:
        for row in people.list_tenants(work):
            if row.slug == slug:
                return TenantId(row.id)
    raise no_tenant(slug)


def as_operator_of(tenant: TenantId) -> AbstractContextManager[Work]:
    """A work of the operator in a tenant: members and keys, no content."""
    return open_work(setup.operator(tenant), the_open_store())


def as_local_user(slug: str, role: Role = Role.ANALYST) -> Caller:
    """Whoever runs commands on this machine, acting in a tenant; the log says `cli:local`."""
    return Caller(tenant_id=tenant_id(slug), user_id="local", role=role, kind="cli")

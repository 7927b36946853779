"""What commands share: the open database, and who acts."""

from contextlib import AbstractContextManager
from functools import cache

from app.answering import answering
from app.serving import open_store
from jobs.lending import use_api
from valor_core.errors import ValorError
from valor_core.settings import setting
from valor_core.store.engines import Store
from valor_core.store.work import Work
from valor_core.telemetry import start_logging
from valor_core.tenancy import api_keys
from valor_core.tenancy.tenants import no_tenant
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import people, setup
from valor_core.workbench.verb import open_work, use_store


class PersonNeeded(ValorError):
    """A command for a certain person was given no key that works."""

    code, status = "person_needed", 401

    def __init__(self, *, given: bool) -> None:
        super().__init__(
            "VALOR_API_KEY is no API key of this installation."
            if given
            else "This is done in your own name, and VALOR_API_KEY holds no key that tells it.",
            hint="Make a key of your own with the scope decide on the page API keys, then: "
            "read -rs VALOR_API_KEY && export VALOR_API_KEY",
        )


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


def as_person() -> AbstractContextManager[Work]:
    """A work of whoever's API key VALOR_API_KEY holds, told by the key as the API tells it.

    What takes a certain person, or two, no operator of the machine does for them.
    """
    store, key = the_open_store(), setting("VALOR_API_KEY")
    caller = api_keys.caller_of_key(store, key)
    if caller is None:
        raise PersonNeeded(given=bool(key))
    api_keys.touch(store, caller)
    return open_work(caller, store)


def as_local_user(slug: str, role: Role = Role.ANALYST) -> Caller:
    """Whoever runs commands on this machine, acting in a tenant; the log says `cli:local`."""
    return Caller(tenant_id=tenant_id(slug), user_id="local", role=role, kind="cli")

"""Opening a workspace: on this machine's database, or on a server with an API key."""

import os
from typing import TYPE_CHECKING

from valor_core.errors import BadInput
from valor_core.notebook.workspace import Workspace
from valor_core.settings import setting

if TYPE_CHECKING:
    from valor_core.notebook.connection import Key

DEMO = "demo"
OF_A_REPORT = "as this report reads it"  # whose address is another each time
_lent: "list[tuple[str, Key]]" = []


def lend(url: str, key: str) -> None:
    """What `open` opens in a notebook that is run as a report: for this run alone."""
    from valor_core.notebook.connection import Key

    _lent[:] = [(url, Key(key))]


def open(tenant: str = "", *, url: str = "", key: "str | Key | None" = None) -> Workspace:  # noqa: A001  vc.open() is how it reads
    """Opens a tenant: of a server with an API key, or of the local installation as an analyst.

    `VALOR_URL` and `VALOR_KEY` say both where nothing is given, so that no key stands in a
    notebook. Locally, by VALOR_HOME or DB_URL, the tenant is "demo" unless another is named; on a
    server it is the key's. In a notebook that is run as a report it is the report's own.
    """
    from valor_core.notebook.connection import Key

    if isinstance(key, str):
        key = Key(key)  # the plain text stands in no frame that a traceback could show
    server = url or setting("VALOR_URL")
    if server:
        return _there(server, key or _own_key(), tenant)
    if _lent and key is None:
        return _there(*_lent[0], tenant, named=OF_A_REPORT)
    if key is not None:
        raise BadInput("A key opens a server, and none is named.", hint="Give its url= as well.")
    return _here(tenant or DEMO)


def _own_key() -> "Key":
    from valor_core.notebook.connection import Key

    if not setting("VALOR_KEY"):
        raise BadInput(
            "A server is opened with an API key, and there is none.",
            hint="Make one on the page API keys, and set VALOR_KEY before the notebook starts.",
        )
    return Key(setting("VALOR_KEY"))


def _there(url: str, key: "Key", tenant: str, *, named: str = "") -> Workspace:
    from valor_core.notebook.connection import Connection
    from valor_core.notebook.remote import RemoteDesk

    server = Connection(url, key)
    mine = server.get("/me")["tenant"]
    if tenant and tenant != mine:
        raise BadInput(
            f"The key is one of {mine}, and opens no other tenant.",
            hint="Leave the tenant out, or take a key of the tenant that you mean.",
        )
    return Workspace(mine, RemoteDesk(server, named=named))


def _here(tenant: str) -> Workspace:
    from valor_core.notebook.local import LocalDesk
    from valor_core.store.engines import check_login, store_from
    from valor_core.store.migrate import check_revision
    from valor_core.tenancy import tenants
    from valor_core.values import Caller, Role, TenantId
    from valor_core.workbench import setup
    from valor_core.workbench.verb import open_work

    store = store_from(os.environ)
    check_revision(store)
    check_login(store)
    setup.prepare(store)
    with open_work(setup.operator(setup.PLATFORM), store) as work:
        tenant_id = TenantId(tenants.tenant_by_slug(work, tenant).id)
    caller = Caller(tenant_id=tenant_id, user_id="local", role=Role.ANALYST, kind="notebook")
    return Workspace(tenant, LocalDesk(store, caller))

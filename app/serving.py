"""`valor serve`: from a database to a page that answers, in the order that fails earliest."""

import os
import time
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from app import process
from app.web.oidc_settings import PublicAddress, is_loopback, public_address
from valor_core.errors import BadInput
from valor_core.settings import ROOT, setting
from valor_core.store.engines import Store, check_login, store_from
from valor_core.store.migrate import check_revision, migrate
from valor_core.telemetry import log, start_logging
from valor_core.workbench import setup
from valor_core.workbench.demo import member_to_sign_in, seed_demo
from valor_core.workbench.verb import open_work


def open_store() -> Store:
    """The database of the settings, at this version's schema and by a login that is held."""
    store = store_from(os.environ)
    check_revision(store)
    check_login(store)
    setup.prepare(store)
    return store


def bring_up_to_date() -> bool:
    """Migrates the database of the settings as its owner; whether there was anything to do."""
    store = store_from(os.environ)
    try:
        return migrate(store)
    finally:
        store.close()


def serve_locally(*, host: str, port: int) -> None:
    """Serves until SIGTERM."""
    began = time.perf_counter()
    public = public_address()
    # A taken port is told in no time.
    listener = process.listen(host=host, port=port, beyond_loopback=public is not None)
    address, port = listener.getsockname()[:2]
    start_logging(setting("VALOR_LOG"))
    os.chdir(ROOT)  # Streamlit looks for its settings here
    bring_up_to_date()
    store = open_store()
    seed_demo(store)
    told = greeting(store, public, address=address, port=port)

    # The heavy part, after everything that can refuse.
    from app.server import create_app
    from jobs.runner import running

    here = setting("VALOR_JOBS") == "here"
    background = (lambda: running(store)) if here else nullcontext
    application = create_app(store, host=address, port=port, public=public, background=background)
    if public:
        process.let_streamlit_answer_as(urlsplit(public.origin).hostname or "")
    process.check_hardening()

    def ready() -> None:
        log.info("ready", seconds=f"{time.perf_counter() - began:.2f}", database=store.where)
        print(told, flush=True)

    process.serve(application, listener=listener, on_ready=ready)
    store.close()


def greeting(store: Store, public: PublicAddress | None, *, address: str, port: int) -> str:
    """What whoever starts the server does next; a link is for who can open it on the machine."""
    opened = f"  People open {public.origin}\n\n" if public else ""
    near = address in process.EVERYWHERE or is_loopback(address)
    if not near:
        return f"\n  Valor IVX is ready.\n\n{opened}  To end: Ctrl+C\n"
    link = sign_in_link(store, at=process.origin(address, port))
    here = "On this machine open" if public else "Open"
    return (
        f"\n  Valor IVX is ready.\n\n{opened}  {here} this link once, within ten minutes:\n\n"
        f"    {link}\n\n"
        f"  Another one: ./valor token{_where(address, port)}        To end: Ctrl+C\n"
    )


def _where(address: str, port: int) -> str:
    """What `valor token` has to be told of a place that is not the usual one."""
    usual = address in (process.HOST, *process.EVERYWHERE)
    host = "" if usual else f" --host {address}"
    return host + (f" --port {port}" if port != process.PORT else "")


def sign_in_link(store: Store, *, at: str, tenant: str = "demo", member: str = "") -> str:
    """A link that signs a member in, once, at the origin where `valor serve` listens."""
    from valor_core.workbench.people import issue_token

    tenant_id, name = member_to_sign_in(store, tenant, member)
    with open_work(setup.operator(tenant_id), store) as work:
        token = issue_token(work, name)
    return f"{at}/login#token={token}"


def operator_link(store: Store, *, at: str, name: str = "") -> str:
    """A link that signs an operator in, once; the first one makes the first operator."""
    from valor_core.workbench.people import issue_token, operator_to_sign_in

    with open_work(setup.operator(setup.PLATFORM), store) as work:
        token = issue_token(work, operator_to_sign_in(work, name))
    return f"{at}/login#token={token}"


def write_key_file(store: Store, file: Path, *, name: str = "") -> str:
    """A new file that only its owner reads, with an operator's key in it; whose key it is."""
    from valor_core.workbench.people import issue_key_file, operator_to_sign_in

    with open_work(setup.operator(setup.PLATFORM), store) as work:
        name = operator_to_sign_in(work, name)
        key = issue_key_file(work, name)
        try:
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except OSError as error:
            raise BadInput(
                f"{file} cannot be made: {error.strerror}.", hint="Name a file that is not there."
            ) from error
        with os.fdopen(handle, "w") as stream:
            stream.write(f"{key}\n")
    return name

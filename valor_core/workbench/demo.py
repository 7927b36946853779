"""The demo: the shared book of real companies, and a tenant with one member to look at it."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from valor_core.coverage import imports
from valor_core.coverage.demo_book import DEMO, read_demo_book
from valor_core.coverage.records import ParsedFacts
from valor_core.errors import NotFound
from valor_core.models.dcf import DcfInputs
from valor_core.store.engines import Store
from valor_core.store.work import Work
from valor_core.tenancy import tenants
from valor_core.values import SHARED, Caller, Role, TenantId
from valor_core.workbench import companies, people, setup, valuations
from valor_core.workbench.verb import open_work, verb

SLUG, YOU = "demo", "you"


def seed_demo(store: Store, book: Path = DEMO) -> None:
    """Brings the shared book up to this version's, and makes the demo tenant. Safe to repeat."""
    raw = b"".join(table.read_bytes() for table in sorted(book.glob("*.csv")))
    with open_work(setup.operator(SHARED), store) as work:
        if not imports.is_known(work, hashlib.sha256(raw).hexdigest()):
            load_book(work, raw, read_demo_book(book))
    with open_work(setup.operator(setup.PLATFORM), store) as work:
        known = any(tenant.slug == SLUG for tenant in tenants.tenants(work))
    if not known:
        with open_work(setup.operator(people.tenant_for(SLUG)), store) as work:
            people.add_tenant(work, SLUG, label="Demo")
            people.add_member(work, YOU, Role.ADMIN)


@verb("demo.seed")
def load_book(work: Work, raw: bytes, read: Sequence[ParsedFacts]) -> None:
    """Keep the demo book in the shared tenant, where everybody reads it and nobody writes.

    It takes the place of an older version's: a figure that was copied wrongly is put right by it.
    """
    imports.drop_all(work)
    done = imports.keep(work, raw, read, kind="demo", file_name="demo book")
    work.note(f"import:{done.import_id}", companies=len(done.companies), facts=done.facts_n)


def member_to_sign_in(store: Store, slug: str, name: str) -> tuple[TenantId, str]:
    """The tenant of that short name, and the member named or else its first one."""
    with open_work(setup.operator(setup.PLATFORM), store) as work:
        tenant_id = TenantId(tenants.tenant_by_slug(work, slug).id)
    with open_work(setup.operator(tenant_id), store) as work:
        found = [m.name for m in people.list_members(work) if not name or m.name == name]
    if not found:
        raise NotFound("member", name or YOU)
    return tenant_id, found[0]


HISTORY = ("AAPL", "GOOGL", "NVDA", "KO", "HD")


def seed_history(store: Store) -> int:
    """A first valuation of a few companies, as the facts suggest; how many were made.

    Each states what its filing lacks as zero, and says so: a place to start, not a view.
    """
    tenant_id, name = member_to_sign_in(store, SLUG, "")
    with open_work(setup.operator(tenant_id), store) as work:
        member = tenants.member_by_name(work, name)
    caller = Caller(tenant_id=tenant_id, user_id=member.user_id, role=Role(member.role))
    made = 0
    for ticker in HISTORY:
        with open_work(caller, store) as work:
            company = companies.read_company(work, ticker)
            if valuations.list_valuations(work, company.id, limit=1):
                continue
            start = valuations.prefilled(work, company.id)
            inputs, rationales = nothing_beside(start.inputs)
            valuations.run_valuation(
                work,
                company.id,
                inputs,
                rationale="A first value from the filed figures and the default assumptions.",
                rationales=rationales,
            )
            made += 1
    return made


def nothing_beside(inputs: DcfInputs) -> tuple[DcfInputs, dict[str, str]]:
    """The inputs with every bridge item that nobody has stated set to zero, and the reason."""
    missing = inputs.bridge.missing
    bridge = replace(inputs.bridge, **dict.fromkeys(missing, 0.0))
    reason = "Not in the filed figures at hand; taken as none for a first look."
    return replace(inputs, bridge=bridge), {f"bridge.{item}": reason for item in missing}

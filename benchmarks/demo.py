"""A demo installation in the folder that VALOR_HOME names, and one of its analysts."""

import os
from dataclasses import replace

from valor_core.models.dcf import DcfInputs
from valor_core.store.engines import Store, store_from
from valor_core.store.migrate import migrate
from valor_core.values import Caller, Role
from valor_core.workbench import demo, people, setup
from valor_core.workbench.verb import open_work, use_store


def a_demo() -> tuple[Store, Caller]:
    """The database, opened for this process, and an analyst of the demo tenant."""
    store = store_from(os.environ)
    migrate(store)
    setup.prepare(store)
    demo.seed_demo(store)
    use_store(store)
    tenant_id, _ = demo.member_to_sign_in(store, demo.SLUG, "")
    with open_work(setup.operator(tenant_id), store) as work:
        member = people.add_member(work, "bench", Role.ANALYST)
    return store, Caller(tenant_id=tenant_id, user_id=member.user_id, role=Role.ANALYST)


def with_nothing_beside(inputs: DcfInputs) -> DcfInputs:
    """The inputs with what the filings lack stated as none."""
    bridge = replace(inputs.bridge, **dict.fromkeys(inputs.bridge.missing, 0.0))
    return replace(inputs, bridge=bridge)

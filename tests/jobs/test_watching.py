import threading

from sqlalchemy import select

from jobs.watching import watch_all
from tests.market.played import QUESTION, Played
from valor_core.store.tables import ProviderIntervalRow
from valor_core.store.work import unit_of_work
from valor_core.workbench import routing, watching


def test_each_tenant_that_uses_a_provider_is_watched_and_nobody_else(
    store, acme, rival, monkeypatch
):
    fred = Played(name="fred", clock=lambda: 1_800_000_000.0)
    monkeypatch.setattr(watching, "askable", lambda _work: {"fred": fred})
    routing.ask(acme.analyst, QUESTION, among={"fred": fred})
    tenants, running = [rival.id, acme.id], threading.Event()

    assert watch_all(store, tenants, running) == 1
    assert watch_all(store, tenants, running) == 0, "a minute is watched once"

    with unit_of_work(acme.analyst, store) as work:
        assert work.session.scalars(select(ProviderIntervalRow.state)).all() == ["up"]


def test_whatever_ails_the_providers_of_one_tenant_the_others_are_watched(
    store, acme, rival, monkeypatch
):
    fred = Played(name="fred", clock=lambda: 1_800_000_000.0)
    for tenant in (acme, rival):
        routing.ask(tenant.analyst, QUESTION, among={"fred": fred})
    offers = iter([RuntimeError("broken"), {"fred": fred}])

    def askable(_work):
        found = next(offers)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(watching, "askable", askable)

    assert watch_all(store, [acme.id, rival.id], threading.Event()) == 1

from tests.billing.telling import deliver, invoice, usage
from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, run, saved, texts
from valor_core.values import utc_now

pytestmark = ONLY_SQLITE


def test_differences_stand_with_their_causes_and_invoices_with_their_state(
    book, store, acme, monkeypatch
):
    page = opened(monkeypatch, acme.admin, "billing")
    assert "Nothing was used and nothing was billed" in texts(page)

    saved(acme.analyst, "KO")
    shown = texts(opened(monkeypatch, acme.admin, "billing"))
    assert "No billing provider has told anything of this tenant yet" in shown
    assert "missing at provider" in shown

    deliver(store, usage("evt_1", day=str(utc_now().date()), amount_minor=125_000))
    deliver(store, invoice("evt_2", "paid", version=2))
    page = opened(monkeypatch, acme.admin, "billing")
    shown = texts(page)

    assert "1,250.00 USD" in shown
    assert "2 findings, each with its cause" in shown
    assert "extra at provider" in shown
    assert "<td class=vx-text>paid</td>" in shown
    days = page.selectbox(key="billing_days")
    days.set_value(days.options[3])
    assert "Nothing was used and nothing was billed" in texts(run(page))

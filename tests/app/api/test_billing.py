"""The reconciliation by API: the same figures as JSON and as a CSV, for who may read them."""

import csv
import hashlib
import io
from datetime import timedelta

from tests.billing.telling import deliver, invoice, usage
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.store.engines import Store
from valor_core.values import utc_now

PATH = "/admin/billing/reconciliation"
TOLD = {"day": "2026-11-03", "currency": "EUR"}


@ONLY_SQLITE
def test_json_and_csv_tell_the_same_to_the_minor_unit(client, store: Store, acme: Tenant):
    """G43."""
    for n in range(3):
        deliver(store, usage(f"evt_{n}", **TOLD, quantity=n, amount_minor=250 * n))
    span = {"from": "2026-11-01", "to": "2026-11-30"}

    told = client(acme.admin).get(PATH, params=span).json()
    answer = client(acme.admin).get(PATH, params={**span, "format": "csv"})

    assert answer.headers["content-disposition"] == (
        'attachment; filename="valor-reconciliation-2026-11-01-2026-11-30.csv"'
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert hashlib.sha256(answer.content).hexdigest() == told["csv_sha256"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [{k: str(v) for k, v in row.items()} for row in told["rows"]] == [
        {k: v for k, v in row.items() if k != "tenant"} for row in rows
    ]
    assert told["totals"] == [
        {"currency": "EUR", "metered_minor": 0, "billed_minor": 750, "explained_minor": 750,
         "unexplained_minor": 0}
    ]  # fmt: skip


@ONLY_SQLITE
def test_without_days_it_is_the_last_thirty_and_backwards_ones_are_refused(client, acme: Tenant):
    today = utc_now().date()

    told = client(acme.admin).get(PATH).json()
    assert told["last"] in (str(today), str(today + timedelta(days=1)))
    assert told["rows"] == []
    answer = client(acme.admin).get(PATH, params={"from": "2026-11-02", "to": "2026-11-01"})
    assert answer.json()["code"] == "bad_input"
    answer = client(acme.admin).get(PATH, params={"from": "yesterday"})
    assert answer.json()["code"] == "bad_inputs"


@ONLY_SQLITE
def test_days_at_the_ends_of_the_calendar_are_refused_as_any_other_wrong_ones(client, acme: Tenant):
    admin = client(acme.admin)
    for span in (
        {"to": "0001-01-05"},
        {"from": "0001-01-01", "to": "0001-01-05"},
        {"from": "1969-12-31", "to": "1970-01-05"},
        {"from": "9999-12-30", "to": "9999-12-31"},
    ):
        assert admin.get(PATH, params=span).status_code == 422, span
    for span in ({"from": "1970-01-01", "to": "1970-01-01"}, {"to": "9998-12-31"}):
        assert admin.get(PATH, params=span).json()["rows"] == [], span


@ONLY_SQLITE
def test_events_and_invoices_are_listed_newest_first(client, store: Store, acme: Tenant):
    deliver(store, invoice("evt_1", "created", version=1))
    deliver(store, invoice("evt_2", "voided", version=3))
    deliver(store, invoice("evt_3", "paid", version=2))

    events = client(acme.admin).get("/admin/billing/events").json()
    [bill] = client(acme.admin).get("/admin/billing/invoices").json()

    assert [(e["event_id"], e["outcome"]) for e in events] == [
        ("evt_3", "stale"), ("evt_2", "applied"), ("evt_1", "applied"),
    ]  # fmt: skip
    assert (bill["invoice_id"], bill["status"], bill["version"]) == ("in_1", "void", 3)

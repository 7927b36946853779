"""`valor billing …`: prices, the provider's inbox, reconciliation, and a provider to try with."""

import http.client
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.content import Tenant
from app.commands.people import DryRun, Reason
from valor_core.values import SHARED, Role, utc_now

if TYPE_CHECKING:
    from valor_core.billing.reconciliation import Reconciliation
    from valor_core.billing.sandbox import Sending

billing = typer.Typer(no_args_is_help=True, help="Metering, prices and what was billed.")

Day = Annotated[str, typer.Option(help="YYYY-MM-DD, in UTC.")]
WAIT_S = 30


def _day(text: str, *, otherwise: date) -> date:
    from valor_core.errors import BadInput

    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise BadInput(f"{text[:20]!r} is no day.", hint="Write 2026-11-26.") from error


@billing.command("price")
def price(
    meter: str,
    minor: Annotated[int, typer.Argument(help="Whole minor units: 250 is 2.50 USD.")],
    currency: str,
    tenant: Tenant,
    reason: Reason,
    per: Annotated[int, typer.Option(help="For so many units of the meter.")] = 1,
    first: Annotated[str, typer.Option("--from", help="YYYY-MM-DD; today if empty.")] = "",
    plan: Annotated[str, typer.Option(help="The plan and version that it belongs to.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Say what a tenant pays for what a meter counts, from a day on."""
    from app.commands.working import as_operator_of, tenant_id
    from valor_core.billing.money import written
    from valor_core.billing.reconciliation import Price
    from valor_core.workbench.billing import foresee_price, set_price

    day = _day(first, otherwise=utc_now().date())
    said = Price(
        meter=meter, valid_from=day.isoformat(), price_minor=minor, per_quantity=per,
        currency=currency, plan_version=plan,
    )  # fmt: skip
    with as_operator_of(tenant_id(tenant)) as work:
        before = foresee_price(work, said)
        if not dry_run:
            set_price(work, said, reason=reason)
    held = (
        f"{written(before.price_minor, before.currency)} for {before.per_quantity}"
        if before
        else "no price"
    )
    print(f"{meter} of {tenant} from {day} on: {held} → {written(minor, currency)} for {per}")
    print("nothing was changed" if dry_run else "done")


@billing.command("reconcile")
def reconcile(
    tenant: Annotated[str, typer.Option(help="The tenant's short name; all if empty.")] = "",
    first: Annotated[str, typer.Option("--from", help="30 days back if empty.")] = "",
    last: Annotated[str, typer.Option("--to", help="Today if empty, in UTC.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """What was metered against what was billed; fails where a part has no cause."""
    to = _day(last, otherwise=utc_now().date())
    found = _found(tenant, _day(first, otherwise=to - timedelta(days=30)), to)
    for n, each in enumerate(found):
        if as_csv:
            text = each.as_csv()
            print(text.partition("\r\n")[2] if n else text, end="")
        else:
            _tell(each)
    if any(total.unexplained_minor for each in found for total in each.totals):
        raise typer.Exit(1)


def _found(tenant: str, first: date, last: date) -> "list[Reconciliation]":
    from app.commands.working import as_local_user, as_operator_of
    from valor_core.workbench import billing as acts
    from valor_core.workbench import people, setup
    from valor_core.workbench.verb import open_work

    reserved = (setup.PLATFORM, SHARED)
    with as_operator_of(setup.PLATFORM) as work:
        nobodys = acts.billed_to_nobody(work, first, last)
        known = [row.slug for row in people.list_tenants(work) if row.id not in reserved]
    slugs = [tenant] if tenant else known
    found = []
    for slug in slugs:
        with open_work(as_local_user(slug, Role.ADMIN)) as work:
            found.append(acts.reconcile(work, first, last))
    return found if tenant else [*found, nobodys]


def _tell(found: "Reconciliation") -> None:
    from valor_core.billing.money import written

    for total in found.totals:
        amounts = {
            "metered": total.metered_minor,
            "billed": total.billed_minor,
            "unexplained": total.unexplained_minor,
        }
        told = ", ".join(f"{name} {written(of, total.currency)}" for name, of in amounts.items())
        print(f"{found.tenant or '(no tenant of ours)'}: {told}")
    if not found.rows:
        print(f"{found.tenant}: nothing was used and nothing was billed" if found.tenant else "")
    for row in found.causes:
        amount = written(row.amount_minor, row.currency)
        print(f"  {row.day}  {row.meter:<16} {row.line:<24} {row.events:>4} × {amount:>16}")


@billing.command("inbox")
def show_inbox() -> None:
    """List the events that wait, were laid aside, or are of no tenant of ours."""
    from app.commands.working import as_operator_of
    from valor_core.workbench import setup
    from valor_core.workbench.billing import read_inbox

    with as_operator_of(setup.PLATFORM) as work:
        for row in read_inbox(work, limit=200):
            print(f"{row.event_id:<40} {row.state:<12} {row.tenant_slug:<20} {row.error}")


@billing.command("retry")
def retry(event_id: str) -> None:
    """Let an event take effect that was laid aside, once its cause is mended."""
    from app.commands.working import as_operator_of, the_open_store
    from valor_core.workbench import setup
    from valor_core.workbench.billing import try_again
    from valor_core.workbench.webhooks import work_off

    with as_operator_of(setup.PLATFORM) as work:
        try_again(work, event_id)
    work_off(the_open_store())
    print(f"{event_id} was tried again; `valor billing inbox` shows it if it failed")


@billing.command("set-aside")
def set_aside(event_id: str, reason: Reason) -> None:
    """Let an event that waits for its next attempt wait no longer."""
    from app.commands.working import as_operator_of
    from valor_core.workbench import billing, setup

    with as_operator_of(setup.PLATFORM) as work:
        billing.set_aside(work, event_id, reason=reason)
    print(f"{event_id} is set aside; to try it again: ./valor billing retry {event_id}")


@billing.command("sandbox")
def sandbox(
    tenant: Tenant = "demo",
    url: Annotated[str, typer.Option(help="Where the server listens.")] = "http://127.0.0.1:8501",
    seed: Annotated[int, typer.Option(help="The same seed tells the same.")] = 1,
    sound: Annotated[bool, typer.Option("--sound", help="Without faults.")] = False,
) -> None:
    """Bill a tenant's uses of 30 days as a provider would: signed, shuffled, repeated, faulty."""
    from app.commands.working import as_local_user
    from valor_core.billing.sandbox import Sandbox
    from valor_core.workbench import billing as acts
    from valor_core.workbench.verb import open_work

    today = utc_now().date()
    with open_work(as_local_user(tenant, Role.ADMIN)) as work:
        used = acts.list_uses(work, today - timedelta(days=30), today)
        prices = acts.list_prices(work)
    provider = Sandbox(tenant=tenant, seed=seed, today=today)
    stream = provider.stream(used, prices, faulty=not sound)
    wrong = _send(url, stream.sendings)
    print(f"{len(stream.sendings)} deliveries for {len(used)} uses, "
          f"{wrong} answered otherwise than they should be")  # fmt: skip
    for line, count in stream.faults.items():
        print(f"  {line:<26} {count}")
    print(f"now: valor billing reconcile --tenant {tenant}")
    if wrong:
        raise typer.Exit(1)


def _send(url: str, sendings: "Sequence[Sending]") -> int:
    """Posts each in turn; how many were answered with another status than expected."""
    from urllib.parse import urlsplit

    from valor_core.billing.signatures import active_secrets

    wrong, host = 0, urlsplit(url).netloc
    connection = http.client.HTTPConnection(host, timeout=WAIT_S)
    for each in sendings:
        headers = each.headers(active_secrets()[-1], now_s=time.time())
        connection.request("POST", "/api/v1/billing/webhook", each.body, dict(headers))
        answer = connection.getresponse()
        told = answer.read().decode(errors="replace")
        if answer.status != each.expected:
            wrong += 1
            print(f"{answer.status} instead of {each.expected}: {told[:200]}")
    connection.close()
    return wrong

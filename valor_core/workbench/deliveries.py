"""Sending reports: destinations that administrators name, and what became of each delivery."""

from collections.abc import Sequence
from dataclasses import dataclass

from valor_core.coverage import deliveries, job_runs, own_notebooks
from valor_core.coverage.deliveries import Delivery, Destination, Kind, State, check_address
from valor_core.coverage.job_runs import JobRun, run_of
from valor_core.errors import BadInput, NotFound
from valor_core.market.posting import may_be_posted_to
from valor_core.store.sealed import SealBroken
from valor_core.store.tables import DeliveryRow, DestinationRow, TenantRow
from valor_core.store.work import Work
from valor_core.workbench import reports
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One try: what is sent where, and by what a webhook is signed."""

    delivery: Delivery  # as this try holds it
    run: JobRun
    after_failure: bool  # the run before it, of its schedule, had failed
    tenant: str
    signing_key: str
    title: str  # of an own notebook; else empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A delivery as the page of jobs lists it."""

    delivery: Delivery
    run: JobRun
    title: str  # of an own notebook; else empty


@view("report.read")
def list_destinations(work: Work) -> list[Destination]:
    """Where reports can be sent, by name."""
    return [Destination.of(row) for row in deliveries.destinations(work)]


def destination_named(work: Work, name: str) -> Destination:
    """The destination of that name; NotFound otherwise."""
    standing = list_destinations(work)
    found = next((each for each in standing if each.name == name.strip()), None)
    if found is None:
        known = ", ".join(each.name for each in standing)
        raise NotFound("destination", name[:80], hint=f"There is {known or 'none yet'}.")
    return found


@verb("destination.add")
def add_destination(work: Work, *, name: str, kind: str, address: str) -> tuple[Destination, str]:
    """One more destination, and for a webhook the secret that signs, which is not shown again."""
    name, address = name.strip(), address.strip()
    if kind not in list(Kind):
        raise BadInput(f"Nothing is sent by {kind[:40]!r}.", hint=f"Write {', '.join(Kind)}.")
    if not (0 < len(name) <= 80 and name.isprintable()):
        raise BadInput("A destination needs a name.", hint="Write up to 80 printable signs.")
    check_address(Kind(kind), address)
    if kind == Kind.WEBHOOK and not may_be_posted_to(address):
        raise BadInput(
            "Webhooks are posted to an https address.",
            hint="Write it without a name and password: https://hooks.example.com/valor.",
        )
    row, key = deliveries.add_destination(work, name=name, kind=Kind(kind), address=address)
    work.note(f"destination:{row.id}", name=name, kind=kind)
    return Destination.of(row), key


@verb("destination.end")
def end_destination(work: Work, destination_id: str) -> None:
    """Nothing more is sent there; what is on its way is given up."""
    row = deliveries.destination_row(work, destination_id)
    row.ended_at = work.now_micros
    work.note(f"destination:{row.id}", name=row.name, kind=row.kind)


@view("report.read")
def deliveries_of(work: Work, run_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """What became of sending these runs, by run."""
    told: dict[str, list[Delivery]] = {run_id: [] for run_id in run_ids}
    for row in deliveries.of_runs(work, run_ids):
        told[row.run_id].append(_delivery(work, row))
    return told


@view("job.read")
def list_deliveries(work: Work, *, limit: int = 50) -> list[Sent]:
    """What was sent of reports and news of jobs, the newest first, and what became of each."""
    check_page(limit)
    titles = own_notebooks.titles(work)
    return [
        Sent(
            delivery=Delivery.of(row, destination),
            run=run_of(run),
            title=titles.get(run.job, ""),
        )
        for row, destination, run in deliveries.newest(work, limit=limit)
    ]


@verb("report.deliver")
def deliver_run(work: Work, run_id: str, destination_id: str) -> Delivery:
    """Send a report to a destination, or try once more where that was given up."""
    run = reports.read_run(work, run_id)
    if run.html is None:
        raise NotFound("report of the run", run_id[:80])
    destination = deliveries.destination_row(work, destination_id)
    deliveries.enqueue(work, run.id, [destination.id])
    rows = deliveries.of_runs(work, [run.id])
    [row] = [row for row in rows if row.destination_id == destination.id]
    if row.state == State.FAILED:
        row.state, row.attempts, row.next_at = State.WAITING, 0, work.now_micros
        work.session.flush()
    work.note(f"job_run:{run.id}", report=run.job, destination=destination.name)
    return Delivery.of(row, destination)


@view("job.prepare")
def due_deliveries(work: Work) -> list[str]:
    """The deliveries whose next try has come."""
    return [row.id for row in deliveries.due(work)]


@verb("job.carry_out", audited=False)
def take_delivery(work: Work, delivery_id: str) -> Parcel | None:
    """Holds a delivery for one try; None where another process was first."""
    row = _row(work, delivery_id)
    if row.state != State.WAITING or row.next_at > work.now_micros:
        return None
    destination = work.session.get_one(DestinationRow, (work.caller.tenant_id, row.destination_id))
    if destination.ended_at:
        row.state, row.why = State.FAILED, "its destination was ended"
        return None
    if not deliveries.hold(work, row):
        return None
    work.session.refresh(row)
    run = run_of(job_runs.run_row(work, row.run_id))
    try:
        key = deliveries.signing_key(destination) if destination.kind == Kind.WEBHOOK else ""
    except SealBroken:
        key = ""
    tenant = work.session.get_one(TenantRow, work.caller.tenant_id)
    return Parcel(
        delivery=Delivery.of(row, destination),
        run=run,
        after_failure=_failed_before(work, run),
        tenant=tenant.slug,
        signing_key=key,
        title=own_notebooks.titles(work).get(run.job, ""),
    )


def _failed_before(work: Work, run: JobRun) -> bool:
    if run.schedule_id is None:
        return False
    before = job_runs.last_with_result(work, run.job, run.schedule_id, before=run.scheduled_for)
    return before is not None and run_of(before).failed


@verb("delivery.finish")
def finish_delivery(work: Work, parcel: Parcel, *, why: str) -> None:
    """Keep what came of a try: it has arrived, or why it has not, and when it is tried again."""
    row = _row(work, parcel.delivery.id)
    state = deliveries.end_try(work, row, parcel.delivery.attempts, why=work.clean(why[:500]))
    work.note(
        f"job_run:{parcel.run.id}",
        destination=parcel.delivery.destination.name,
        attempt=parcel.delivery.attempts,
        state=str(state or "taken over"),
        why=why[:500],
    )


def _row(work: Work, delivery_id: str) -> DeliveryRow:
    row = work.session.get(DeliveryRow, (work.caller.tenant_id, delivery_id))
    if row is None:
        raise NotFound("delivery", delivery_id[:80])
    return row


def _delivery(work: Work, row: DeliveryRow) -> Delivery:
    key = work.caller.tenant_id, row.destination_id
    return Delivery.of(row, work.session.get_one(DestinationRow, key))

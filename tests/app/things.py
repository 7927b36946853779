"""One of each thing that has an id, made in a tenant by its people."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from app.prepared import PREPARED, Prepared
from tests.coverage.notebooks import a_notebook
from tests.moulds import Tenant
from valor_core.coverage import computations
from valor_core.coverage.batches import BatchPolicy
from valor_core.coverage.demo_book import DEMO
from valor_core.coverage.job_runs import Status
from valor_core.coverage.notebook_source import read_notebook
from valor_core.coverage.share_terms import Kind
from valor_core.market.provider import BarsQuery, in_series
from valor_core.market.providers.replay import Replay
from valor_core.market.series import Bar, Series
from valor_core.models.codec import dump
from valor_core.snapshots.view import View
from valor_core.store.engines import Store
from valor_core.store.tables import MembershipRow, SessionRow
from valor_core.tenancy import sign_in
from valor_core.tenancy.plans import PlanTerms
from valor_core.values import Caller, CompanyId, Role, Scope, new_id
from valor_core.workbench import (
    adjustments,
    companies,
    deliveries,
    drafts,
    feeds,
    flags,
    grants,
    jobs,
    market_data,
    own_notebooks,
    people,
    plans,
    providers,
    reports,
    saved_views,
    share_terms,
    snapshots,
    valuations,
)
from valor_core.workbench.batches import note_batch
from valor_core.workbench.computations import finish_computation
from valor_core.workbench.verb import open_work

PLAN = "team"
A_NOTEBOOK = read_notebook(a_notebook("# A check", "1 + 1"))
_COUNT = count(1)
IDS = (
    "company_id", "valuation_id", "run_id", "schedule_id", "destination_id", "adjustment_id",
    "term_id",
    "computation_id", "override_id", "file_id", "series_id", "work_id", "session_id", "key_id",
    "user_id", "grant_id", "snapshot_id", "view_id", "part_id", "feed_id", "version_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What a tenant has; every text in it is to be seen by that tenant alone."""

    company_id: str
    company_name: str
    import_id: str
    valuation_id: str
    run_id: str
    schedule_id: str
    destination_id: str
    adjustment_id: str
    term_id: str
    computation_id: str
    override_id: str
    file_id: str
    series_id: str
    work_id: str
    feed_id: str
    session_id: str
    snapshot_id: str
    view_id: str
    part_id: str
    key_id: str
    user_id: str
    grant_id: str
    version_id: str
    rationale: str
    dcf: dict[str, Any]  # the body that values the company once more
    draft_version: int = 0

    @property
    def ids(self) -> list[str]:
        """Those by which routes ask for a thing."""
        return [getattr(self, name) for name in IDS]

    def nowhere(self) -> "Things":
        """The same with ids as long as these, of things that nobody has."""
        return replace(
            self,
            **{
                name: id_[:-1] + ("0" if id_[-1] != "0" else "2")
                for name, id_ in zip(IDS, self.ids, strict=True)
            },
        )

    def texts(self) -> set[str]:
        """All that no other tenant may ever read."""
        numbers = {"dcf", "draft_version"}
        return {getattr(self, name) for name in self.__dataclass_fields__.keys() - numbers}


def things_of(store: Store, tenant: Tenant, *, cik: int) -> Things:
    """A company of the tenant's own with Coca-Cola's figures, and all that follows from it."""
    name = f"{tenant.slug.title()} Own Co"
    raw = (DEMO / "ko.csv").read_text(encoding="utf-8").replace(
        "\n21344,Coca-Cola Co,KO,", f"\n{cik},{name},{tenant.slug.upper()},"
    )  # fmt: skip
    with open_work(tenant.analyst, store) as work:
        document = companies.read_document(raw.encode(), file_name="own.csv")
        imported = companies.import_document(work, document)
        company_id = CompanyId(imported.companies[0])
    with open_work(tenant.analyst, store) as work:
        inputs = valuations.prefilled(work, company_id).inputs
        missing = inputs.bridge.missing
        inputs = replace(inputs, bridge=replace(inputs.bridge, **dict.fromkeys(missing, 0.0)))
        reasons = {f"bridge.{item}": "none known" for item in missing}
        row = valuations.run_valuation(
            work, company_id, inputs, rationale=f"as {name} filed", rationales=reasons
        )
    with open_work(tenant.analyst, store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": company_id})
        html = f"<p>{name}</p>".encode()
        run.folder.mkdir(parents=True)
        (run.folder / "report.html").write_bytes(html)
        (run.folder / "result.json").write_bytes(html)
        outputs = dict.fromkeys(("report.html", "result.json"), hashlib.sha256(html).hexdigest())
        record = {
            "outputs": outputs, "source_sha256": "", "stands_on": {"snapshot_id": "none"},
        }  # fmt: skip
        jobs.finish_run(work, run, Status.SUCCEEDED, record=record)
    with open_work(tenant.analyst, store) as work:
        snapshot = snapshots.publish_snapshot(work)
    with open_work(tenant.operator, store) as work:
        key, _ = people.add_key(work, "for the matrix", Role.VIEWER)
        plans.define_plan(
            work,
            PLAN,
            PlanTerms(
                name="Team",
                currency="USD",
                price_minor=4_900,
                limits={"valuations_per_month": 5_000},
                features={},
            ),
            reason="as sold",
        )
    return Things(
        company_id=company_id,
        company_name=name,
        import_id=imported.import_id,
        valuation_id=row.id,
        run_id=run.id,
        schedule_id=schedule_of(store, tenant, company_id),
        destination_id=destination_of(store, tenant),
        adjustment_id=adjustment_of(store, tenant, company_id),
        term_id=term_of(store, tenant, company_id),
        computation_id=computation_of(replace(tenant.analyst, user_id="somebody")),
        override_id=override_of(store, tenant),
        file_id=file_of(tenant.analyst, name),
        series_id=doubtful_series_of(store, tenant),
        work_id=announced_work_of(store, tenant),
        feed_id=feed_of(store, tenant),
        session_id=session_of(store, tenant, tenant.analyst.user_id),
        snapshot_id=snapshot.id,
        view_id=view_of(store, tenant),
        part_id=snapshot.files_of("companies")[0].sha256,
        key_id=key.id,
        user_id=member_of(store, tenant),
        grant_id=grant_of(store, tenant),
        version_id=version_of(store, tenant),
        rationale=row.rationale,
        dcf={"inputs": dump(inputs), "rationale": "once more", "rationales": reasons},
    )


def schedule_of(store: Store, tenant: Tenant, company_id: str) -> str:
    """A schedule that runs; its id."""
    with open_work(tenant.analyst, store) as work:
        return reports.schedule_report(
            work, "valuation", {"company": company_id}, cron="0 6 * * *"
        ).id


def destination_of(store: Store, tenant: Tenant) -> str:
    """Where reports can be sent; its id."""
    with open_work(tenant.admin, store) as work:
        made, _ = deliveries.add_destination(work, name="Desk", kind="folder", address="desk")
    return made.id


def adjustment_of(store: Store, tenant: Tenant, company_id: str) -> str:
    """An adjustment of a filed figure that stands; its id."""
    with open_work(tenant.analyst, store) as work:
        return adjustments.add_adjustment(
            work,
            CompanyId(company_id),
            layer="Adjusted",
            item="operating_income",
            fiscal_year=2009,
            amount=5e6,
            rationale=f"one-off of {tenant.slug}",
        ).id


def term_of(store: Store, tenant: Tenant, company_id: str) -> str:
    """A split that the tenant has stated; its id."""
    with open_work(tenant.analyst, store) as work:
        on = date(2025, 1, 1) + timedelta(
            days=len(share_terms.list_terms(work, CompanyId(company_id)))
        )
        return share_terms.add_term(
            work,
            CompanyId(company_id),
            kind=Kind.SPLIT,
            ratio=2.0,
            on=on,
            rationale=f"announced to {tenant.slug}",
        ).id


def computation_of(author: Caller) -> str:
    """A batch that has ended; the id of its computation."""
    with open_work(author) as work:
        made = note_batch(work, BatchPolicy())
    with open_work(author) as work:
        finish_computation(work, made, computations.Status.CANCELLED)
    return made


def file_of(author: Caller, text: str) -> str:
    """A file that a page has made ready; its id."""
    file = Prepared(
        act="workbook.audit", name="findings.csv", media_type="text/csv", raw=text.encode()
    )
    return PREPARED.keep(author, file).rpartition("/")[2]


def doubtful_series_of(store: Store, tenant: Tenant) -> str:
    """Another invented series, of whose one bar somebody has to accept that it is right; its id."""
    query = BarsQuery(symbol=tenant.slug.upper(), start=date(2024, 1, 2), end=date(2024, 1, 2))
    bar = Bar(day=query.start, open=-1.0, high=2.0, low=1.0, close=1.5, volume=float(next(_COUNT)))
    series = Series(
        symbol=query.symbol, rows=(bar,), unit="USD", currency="USD", zone="America/New_York"
    )
    answer = in_series(Replay(), query, series, source="replay", synthetic=True)
    with open_work(tenant.analyst, store) as work:
        return market_data.keep_series(work, answer, query).row.sha256


def override_of(store: Store, tenant: Tenant) -> str:
    """Another limit than the plan's, which holds; its id."""
    with open_work(tenant.admin, store) as work:
        return plans.override_limit(
            work,
            "imports_per_month",
            5_000,
            reason=f"for {tenant.slug}",
            expires_at=work.now + timedelta(days=1),
        ).id


def announced_work_of(store: Store, tenant: Tenant) -> str:
    """Announced work on a provider, still to come; its id."""
    with open_work(tenant.admin, store) as work:
        begin = work.now + timedelta(days=1)
        return providers.announce(
            work, "edgar", begin, begin + timedelta(hours=1), reason=f"as told to {tenant.slug}"
        ).id


def feed_of(store: Store, tenant: Tenant) -> str:
    """A stream that is to be taken in; its id."""
    with open_work(tenant.admin, store) as work:
        return feeds.start_feed(work, "replay", ["KO"]).id


def session_of(store: Store, tenant: Tenant, user_id: str) -> str:
    """A sign-in that holds; its id."""
    with open_work(tenant.admin, store) as work:
        work.begin_writing()
        member = MembershipRow(user_id=user_id, version=1)
        cookie = sign_in.begin(work, member, method=sign_in.Method.LINK)
        work.session.flush()
        key = (tenant.id, sign_in.digest(cookie))
        return work.session.get_one(SessionRow, key).id


def member_of(store: Store, tenant: Tenant) -> str:
    """A member who has just come; the id."""
    with open_work(tenant.admin, store) as work:
        return people.add_member(work, f"member {new_id()}", Role.VIEWER).user_id


def grant_of(store: Store, tenant: Tenant) -> str:
    """An access that an operator asks for; its id."""
    with open_work(tenant.operator, store) as work:
        return grants.ask_access(work, reason=f"a fault of {tenant.slug}", hours=2).id


def view_of(store: Store, tenant: Tenant) -> str:
    """A view that the tenant keeps; its id."""
    with open_work(tenant.analyst, store) as work:
        return saved_views.keep_view(work, f"view {new_id()}", View(dataset="facts")).id


def version_of(store: Store, tenant: Tenant) -> str:
    """An own notebook that waits for approval; the id of its version."""
    name = f"check_{new_id()}"
    with open_work(tenant.operator, store) as work:
        flags.switch_flag(work, "own_notebooks", rollout_percent=100, reason="for the matrix")
    with open_work(tenant.analyst, store) as work:
        return own_notebooks.register_notebook(
            work, A_NOTEBOOK, name=name, title=f"Check {name}", file_name="check.ipynb"
        ).id


def key_of(store: Store, who: Caller) -> str:
    """A key of that person's, which works; its id."""
    with open_work(who, store) as work:
        return people.add_own_key(work, f"notebook {new_id()}", [Scope.READ])[0].id


def flag_override_of(store: Store, tenant: Tenant, flag: str) -> None:
    """The flag is on for the tenant, for a day."""
    with open_work(tenant.admin, store) as work:
        flags.override_flag(
            work, flag, True, reason="they asked", expires_at=work.now + timedelta(days=1)
        )


def lay_out_draft(store: Store, tenant: Tenant, user_id: str, company_id: str) -> int:
    """A draft of that user with a step to take back and one to take again; its version."""
    company = CompanyId(company_id)
    author = replace(tenant.analyst, user_id=user_id)
    with open_work(author, store) as work:
        drafts.drop_draft(work, company)
        work.session.flush()
        for step in ("first", "second", "third"):
            drafts.keep_draft(work, company, {"inputs": {}, "step": step})
            work.session.flush()
        row = drafts.undo_draft(work, company)
    assert row is not None
    return row.version

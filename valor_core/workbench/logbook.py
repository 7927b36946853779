"""Reading the audit log and checking it."""

from collections.abc import Iterator, Mapping, Sequence

from valor_core import telemetry
from valor_core.audit import log, verify
from valor_core.audit.verify import Finding, Verdict
from valor_core.store.census import Census, census
from valor_core.store.engines import Store
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import Work, unit_of_work
from valor_core.values import SHARED, TenantId
from valor_core.workbench import setup
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import view


@view("audit.read")
def read_log(
    work: Work, *, before: int | None = None, limit: int = 50, action: str = ""
) -> Sequence[AuditLogRow]:
    """The newest entries first, those before the number `before`, of one action or all."""
    check_page(limit)
    return log.entries(work, before=before, limit=limit, action=action)


@view("audit.read")
def size(work: Work) -> int:
    """How many entries the log has."""
    return log.head(work)[0]


@view("audit.verify")
def verify_log(work: Work) -> Verdict:
    """Whether the whole log of the tenant holds; the first finding is the first bad entry."""
    verdict = verify.verify(work, log.keys_at_hand(work))
    for finding in verdict.findings:
        telemetry.AUDIT_FINDINGS.labels(finding.kind).inc()
    return verdict


def verify_as_operator(store: Store, tenant_id: TenantId | None = None) -> list[Verdict]:
    """The verdict on one tenant's log or on all: it shows no content, so an operator may ask.

    Run from the command line by who owns the installation; it is no verb of a tenant's caller.
    """
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        work.see_one_moment()
        found, made, sealed = census(work), verify.announced(work), verify.sealed(work)
    reserved = {setup.PLATFORM, SHARED}
    ids = [tenant_id] if tenant_id else sorted(found.all | made.keys() | reserved)
    verdicts = []
    for each in ids:
        with unit_of_work(setup.operator(TenantId(each)), store) as work:
            verdict = verify.verify(work, log.keys_at_hand(work), told=sealed.get(each))
        verdicts.append(verdict.with_findings(_missed(each, found, made)))
    return verdicts


def _missed(tenant_id: str, found: Census, made: Mapping[str, int]) -> Iterator[Finding]:
    """What no log tells of itself: a tenant that is gone, or that came by no act of ours."""
    if tenant_id not in found.registered:
        yield Finding("tenant_missing", 1)
    if tenant_id == setup.PLATFORM:
        for each, seq in made.items():
            if each not in found.registered or each not in found.logged:
                yield Finding("tenant_missing", seq)
    elif tenant_id not in made:
        yield Finding("tenant_unannounced", 1)

"""Turning a sign-in link into a session: by nobody yet, so it is no verb, but it is audited."""

from dataclasses import replace

from valor_core import telemetry
from valor_core.audit import log as audit
from valor_core.store.engines import Store
from valor_core.store.tables import SessionRow, TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy import sign_in
from valor_core.tenancy.sign_in import BadToken, claimed_tenant, stranger


def redeem_token(store: Store, token: str) -> str:
    """The cookie of a new session; BadToken otherwise. Either way it is counted and logged."""
    tenant_id = claimed_tenant(token)
    with unit_of_work(stranger(tenant_id), store) as work:
        known = work.session.get(TenantRow, tenant_id)
    if known is None or known.status != "active":
        telemetry.SIGN_INS.labels("refused").inc()
        raise BadToken
    try:
        with unit_of_work(stranger(tenant_id), store) as work:
            work.begin_writing()
            cookie = sign_in.redeem(work, token)
            began = work.session.get(SessionRow, (tenant_id, sign_in.digest(cookie)))
            assert began is not None
            # The link has shown who it is, so the deed is theirs.
            work.caller = replace(work.caller, kind="user", user_id=began.user_id)
            audit.append(
                work,
                "session.began",
                target=f"user:{began.user_id}",
                details={"by": "link"},
                category="security",
            )
    except BadToken:
        telemetry.SIGN_INS.labels("refused").inc()
        with unit_of_work(stranger(tenant_id), store) as work:
            work.begin_writing()
            audit.append(
                work, "session.refused", target="sign-in:link", details={}, category="security"
            )
        raise
    telemetry.SIGN_INS.labels("done").inc()
    return cookie

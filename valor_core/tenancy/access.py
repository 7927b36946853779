"""The one permission table: which role may do which act or read. What is not listed, nobody may.

Beside it stands for which acts a key of which scope is good; what is not listed there, no key is.
"""

from collections.abc import Set as AbstractSet

from valor_core.errors import AccessDenied, ValorError
from valor_core.values import STRANGER, Caller, Role, Scope

_READERS = frozenset({Role.VIEWER, Role.ANALYST, Role.ADMIN, Role.COMPLIANCE})
_ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})
_MANAGERS = frozenset({Role.ADMIN, Role.OPERATOR})
_COMPLIANCE = frozenset({Role.COMPLIANCE})
_AUDITORS = frozenset({Role.ADMIN, Role.COMPLIANCE})
_OPERATORS = frozenset({Role.OPERATOR})
_ANYBODY = frozenset(Role)

MAY: dict[str, frozenset[Role]] = {
    "me.read": _ANYBODY,
    "session.end": _ANYBODY,
    "session.list": _ANYBODY,
    "session.revoke": _ANYBODY,
    "session.list_all": _MANAGERS,
    "session.revoke_any": _MANAGERS,
    "health.read": _READERS,
    "member.names": _READERS,
    "preference.read": _READERS | _OPERATORS,
    "preference.choose": _READERS,
    "preference.set": _ADMINS,
    "company.read": _READERS,
    "fact.read": _READERS,
    "fact.import": _ANALYSTS,
    "import.read": _READERS,
    "provider.read": _READERS | _OPERATORS,
    "provider.key_set": _MANAGERS,
    "provider.key_drop": _MANAGERS,
    "series.read": _READERS,
    "series.keep": _ANALYSTS,
    "series.accept": _ANALYSTS,
    "series.purge": _ADMINS,
    "adjustment.read": _READERS,
    "adjustment.add": _ANALYSTS,
    "adjustment.drop": _ANALYSTS,
    "share_term.read": _READERS,
    "share_term.add": _ANALYSTS,
    "share_term.drop": _ANALYSTS,
    "valuation.read": _READERS,
    "valuation.run": _ANALYSTS,
    "simulation.run": _ANALYSTS,
    "batch.run": _ANALYSTS,
    "computation.read": _ANALYSTS,
    "computation.finish": _ANALYSTS,
    "computation.keep": _ANALYSTS,
    "workbook.audit": _ANALYSTS,
    "draft.read": _ANALYSTS,
    "draft.keep": _ANALYSTS,
    "draft.drop": _ANALYSTS,
    "snapshot.read": _READERS,
    "snapshot.query": _READERS,
    "snapshot.explore": _READERS,
    "snapshot.sql": _ANALYSTS,
    "view.read": _READERS,
    "view.keep": _ANALYSTS,
    "view.change": _ANALYSTS,
    "view.drop": _ANALYSTS,
    "snapshot.cut": _ANALYSTS,
    "snapshot.publish": _ANALYSTS,
    "snapshot.gc": _ADMINS,
    "report.read": _READERS,
    "report.prepare": _ANALYSTS,
    "report.gather": _ANALYSTS,
    "report.run": _ANALYSTS,
    "report.compare": _ANALYSTS,
    "report.verify": _ANALYSTS,
    "report.cancel": _ANALYSTS,
    "report.schedule": _ANALYSTS,
    "report.end_schedule": _ANALYSTS,
    "report.deliver": _ANALYSTS,
    "notebook.read": _READERS,
    "notebook.register": _ANALYSTS,
    "notebook.approve": _AUDITORS,
    "notebook.reject": _AUDITORS,
    "notebook.withdraw": _ANALYSTS | _COMPLIANCE,
    "destination.add": _ADMINS,
    "destination.end": _ADMINS,
    "delivery.finish": _ANALYSTS,
    "job.prepare": _ANALYSTS,
    "job.run": _ANALYSTS,
    "job.carry_out": _ANALYSTS,
    "job.finish": _ANALYSTS,
    "job.read": _ADMINS,
    "job.start": _ADMINS,
    "job.schedule": _ADMINS,
    "audit.read": _AUDITORS,
    "audit.verify": _AUDITORS,
    "audit.prove": _AUDITORS,
    "audit.export": _AUDITORS,
    "audit.purge": _ADMINS,
    "audit.foresee_rotation": _OPERATORS,
    "audit.key_rotated": _OPERATORS,
    "audit.hold_set": _COMPLIANCE,
    "audit.hold_released": _COMPLIANCE,
    "hold.read": _AUDITORS,
    "hold.ask_release": _COMPLIANCE,
    "retention.read": _AUDITORS,
    "retention.change": _ADMINS,
    "retention.foresee": _ADMINS,
    "billing.read": _ADMINS,
    "billing.foresee_price": _OPERATORS,
    "billing.price": _OPERATORS,
    "billing.close": _ANALYSTS,
    "billing.inbox": _OPERATORS,
    "billing.retry": _OPERATORS,
    "routing.read": _READERS,
    "provider.ask": _ANALYSTS,
    "provider.watch": _ANALYSTS,
    "route.count": _ANALYSTS,
    "provider.release": _ANALYSTS,
    "routing.change": _ADMINS,
    "premium.state": _ADMINS,
    "feed.start": _ADMINS,
    "feed.stop": _ADMINS,
    "feed.lead": _ANALYSTS,
    "feed.keep": _ANALYSTS,
    "maintenance.announce": _ADMINS,
    "maintenance.withdraw": _ADMINS,
    "billing.set_aside": _OPERATORS,
    "member.read": _MANAGERS | _COMPLIANCE,
    "member.add": _MANAGERS,
    "member.change_role": _MANAGERS,
    "member.suspend": _MANAGERS,
    "member.resume": _MANAGERS,
    "member.remove": _MANAGERS,
    "member.confirm": _COMPLIANCE | _OPERATORS,
    "key.read": _READERS | _OPERATORS,
    "key.add_own": _READERS,
    "key.add": _MANAGERS,
    "key.rotate": _READERS | _OPERATORS,
    "key.revoke": _READERS | _OPERATORS,
    "token.issue": _MANAGERS,
    "key_file.issue": _OPERATORS,
    "group.list": _OPERATORS,
    "group.map": _OPERATORS,
    "group.unmap": _OPERATORS,
    "flag.read": _READERS | _OPERATORS,
    "flag.override": _MANAGERS,
    "flag.foresee_switch": _OPERATORS,
    "flag.switch": _OPERATORS,
    "plan.read": _READERS | _OPERATORS,
    "plan.assign": _MANAGERS,
    "plan.override": _MANAGERS,
    "plan.zone": _MANAGERS,
    "plan.define": _OPERATORS,
    "tenant.read": _OPERATORS,
    "tenant.add": _OPERATORS,
    "tenant.suspend": _OPERATORS,
    "tenant.resume": _OPERATORS,
    "grant.read": _READERS | _OPERATORS,
    "grant.ask": _OPERATORS,
    "grant.break_glass": _OPERATORS,
    "grant.open": _OPERATORS,
    "grant.give": _ADMINS,
    "grant.end": _MANAGERS,
    "demo.seed": _OPERATORS,
    "demo.months": _OPERATORS,
}


_READING = frozenset({Scope.READ, Scope.VALUE, Scope.REPORT})
_VALUING = frozenset({Scope.VALUE})
_REPORTING = frozenset({Scope.REPORT})
_AUDITING = frozenset({Scope.AUDIT})
_ADMINISTERING = frozenset({Scope.ADMIN})
_DECIDING = frozenset({Scope.DECIDE})

SCOPES: dict[str, frozenset[Scope]] = {
    **dict.fromkeys(("me.read", "session.end"), frozenset(Scope)),
    **dict.fromkeys(
        (
            "health.read",
            "preference.read",
            "company.read",
            "fact.read",
            "import.read",
            "adjustment.read",
            "share_term.read",
            "valuation.read",
            "draft.read",
            "snapshot.read",
            "snapshot.query",
            "snapshot.explore",
            "view.read",
            "snapshot.sql",
            "report.read",
            "notebook.read",
            "provider.read",
            "routing.read",
            "series.read",
        ),
        _READING,
    ),
    **dict.fromkeys(("flag.read", "plan.read"), _READING | _ADMINISTERING),
    "grant.read": _READING | _DECIDING,
    "hold.read": _AUDITING | _DECIDING,
    **dict.fromkeys(
        ("audit.hold_set", "hold.ask_release", "audit.hold_released", "grant.give", "grant.end"),
        _DECIDING,
    ),
    **dict.fromkeys(("member.names", "member.read"), frozenset(Scope)),
    **dict.fromkeys(
        (
            "fact.import",
            "adjustment.add",
            "adjustment.drop",
            "share_term.add",
            "share_term.drop",
            "valuation.run",
            "simulation.run",
            "batch.run",
            "computation.read",
            "computation.finish",
            "computation.keep",
            "workbook.audit",
            "draft.keep",
            "draft.drop",
            "provider.ask",
            "provider.release",
            "series.keep",
            "series.accept",
            "view.keep",
            "view.change",
            "view.drop",
        ),
        _VALUING,
    ),
    **dict.fromkeys(
        (
            "snapshot.publish",
            "snapshot.cut",
            "provider.watch",
            "route.count",
            "feed.lead",
            "feed.keep",
            "report.prepare",
            "report.gather",
            "report.run",
            "report.compare",
            "report.verify",
            "report.cancel",
            "report.schedule",
            "report.end_schedule",
            "report.deliver",
            "notebook.register",
            "delivery.finish",
            "job.prepare",
            "job.run",
            "job.carry_out",
            "job.finish",
        ),
        _REPORTING,
    ),
    **dict.fromkeys(
        (
            "audit.read",
            "audit.verify",
            "audit.prove",
            "audit.export",
            "retention.read",
        ),
        _AUDITING,
    ),
    **dict.fromkeys(
        (
            "audit.purge",
            "series.purge",
            "retention.change",
            "retention.foresee",
            "destination.add",
            "destination.end",
            "job.read",
            "job.start",
            "job.schedule",
            "billing.read",
            "member.add",
            "member.change_role",
            "member.suspend",
            "member.resume",
            "member.remove",
            "flag.override",
            "plan.assign",
            "plan.override",
            "plan.zone",
            "snapshot.gc",
            "routing.change",
            "premium.state",
            "feed.start",
            "feed.stop",
            "maintenance.announce",
            "maintenance.withdraw",
        ),
        _ADMINISTERING,
    ),
}
"""A key of any of these scopes is good for the act; what is missing is for persons alone."""


class OutOfScope(ValorError):
    """The role behind the key may do it, but the key was made for something else."""

    code, status = "out_of_scope", 403

    def __init__(self, act: str, scopes: AbstractSet[Scope]) -> None:
        good = " or ".join(scope for scope in Scope if scope in SCOPES.get(act, ()))
        has = " and ".join(sorted(scopes)) or "none"
        super().__init__(
            f"This key has the scope {has}; {act} needs {good or 'a person who is signed in'}.",
            hint="Use a key of that scope: the page API keys makes one."
            if good
            else "No key may do this. Sign in and do it yourself.",
        )


def may(caller: Caller, act: str) -> bool:
    """Whether the caller's role allows the act, and the caller's key is good for it."""
    by_role = caller.kind != STRANGER and caller.role in MAY.get(act, frozenset())
    return by_role and (caller.scopes is None or bool(caller.scopes & SCOPES.get(act, frozenset())))


def require(caller: Caller, act: str) -> None:
    """AccessDenied unless the caller's role may do it, OutOfScope unless the caller's key may."""
    if may(caller, act):
        return
    if caller.kind == STRANGER or caller.role not in MAY.get(act, frozenset()):
        raise AccessDenied(act, caller.role)
    raise OutOfScope(act, caller.scopes or frozenset())


def scopes_of(role: Role) -> tuple[Scope, ...]:
    """The scopes that give a key of that role anything which reading alone does not."""
    return tuple(
        scope
        for scope in Scope
        if scope is Scope.READ
        or any(
            scope in good and Scope.READ not in good and role in MAY[act]
            for act, good in SCOPES.items()
        )
    )

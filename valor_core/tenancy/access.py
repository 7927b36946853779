"""The one permission table: which role may do which act or read. What is not listed, nobody may."""

from valor_core.errors import AccessDenied
from valor_core.values import STRANGER, Caller, Role

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
    "adjustment.read": _READERS,
    "adjustment.add": _ANALYSTS,
    "adjustment.drop": _ANALYSTS,
    "valuation.read": _READERS,
    "valuation.run": _ANALYSTS,
    "simulation.run": _ANALYSTS,
    "batch.run": _ANALYSTS,
    "workbook.audit": _ANALYSTS,
    "draft.read": _ANALYSTS,
    "draft.keep": _ANALYSTS,
    "draft.drop": _ANALYSTS,
    "snapshot.read": _READERS,
    "snapshot.publish": _ANALYSTS,
    "report.read": _READERS,
    "report.prepare": _ANALYSTS,
    "report.gather": _ANALYSTS,
    "report.run": _ANALYSTS,
    "report.cancel": _ANALYSTS,
    "report.schedule": _ANALYSTS,
    "job.prepare": _ANALYSTS,
    "job.run": _ANALYSTS,
    "job.carry_out": _ANALYSTS,
    "job.finish": _ANALYSTS,
    "audit.read": _AUDITORS,
    "audit.verify": _AUDITORS,
    "audit.prove": _AUDITORS,
    "audit.export": _AUDITORS,
    "audit.purge": _ADMINS,
    "audit.hold_set": _COMPLIANCE,
    "audit.hold_released": _COMPLIANCE,
    "hold.read": _AUDITORS,
    "hold.ask_release": _COMPLIANCE,
    "retention.read": _AUDITORS,
    "retention.change": _ADMINS,
    "billing.read": _ADMINS,
    "billing.price": _OPERATORS,
    "billing.close": _ANALYSTS,
    "billing.inbox": _OPERATORS,
    "billing.retry": _OPERATORS,
    "provider.read": _READERS,
    "provider.ask": _ANALYSTS,
    "provider.watch": _ANALYSTS,
    "provider.release": _ANALYSTS,
    "routing.change": _ADMINS,
    "maintenance.announce": _ADMINS,
    "maintenance.withdraw": _ADMINS,
    "member.read": _MANAGERS,
    "member.add": _MANAGERS,
    "member.remove": _MANAGERS,
    "key.read": _MANAGERS,
    "key.add": _MANAGERS,
    "key.revoke": _MANAGERS,
    "token.issue": _MANAGERS,
    "key_file.issue": _OPERATORS,
    "group.list": _OPERATORS,
    "group.map": _OPERATORS,
    "group.unmap": _OPERATORS,
    "flag.read": _READERS | _OPERATORS,
    "flag.override": _MANAGERS,
    "flag.switch": _OPERATORS,
    "plan.read": _READERS | _OPERATORS,
    "plan.assign": _MANAGERS,
    "plan.override": _MANAGERS,
    "plan.zone": _MANAGERS,
    "plan.define": _OPERATORS,
    "tenant.read": _OPERATORS,
    "tenant.add": _OPERATORS,
    "demo.seed": _OPERATORS,
}


def require(caller: Caller, act: str) -> None:
    """AccessDenied unless the caller's role may do it."""
    if caller.kind == STRANGER or caller.role not in MAY.get(act, frozenset()):
        raise AccessDenied(act, caller.role)

"""What a tenant has switched on: its flags, read once a unit of work, in the light of its plan."""

from valor_core.store.work import Work
from valor_core.tenancy import flags, plans
from valor_core.tenancy.flags import Evaluation, SwitchedOff

GATES = {
    "fact.import": "fact_import",
    "report.read": "reports",
    "report.run": "reports",
    "report.schedule": "reports",
    "report.end_schedule": "reports",
    **dict.fromkeys(
        (
            "notebook.read",
            "notebook.register",
            "notebook.approve",
            "notebook.reject",
            "notebook.withdraw",
        ),
        "own_notebooks",
    ),
    "snapshot.explore": "explore",
    "snapshot.sql": "analyst_sql",
    **dict.fromkeys(("view.read", "view.keep", "view.change", "view.drop"), "explore"),
    "workbook.audit": "workbook_audit",
}
"""The acts that a flag can switch off: where one is off, its routes and its page are not there."""

_ONCE = "evaluated_flags"


def all_flags(work: Work) -> dict[str, Evaluation]:
    """Every flag of the caller's tenant; the same all through this unit of work."""
    known = work.session.info.setdefault(_ONCE, {})
    tenant = work.caller.tenant_id
    if tenant not in known:
        plan = plans.effective(work).plan
        known[tenant] = flags.evaluated(
            work, plan.features if plan else {}, plan=plan.name if plan else ""
        )
    return known[tenant]


def ask_again(work: Work) -> None:
    """After a change in this unit of work, what it says itself is read anew."""
    work.session.info.pop(_ONCE, None)


def is_on(work: Work, act: str) -> bool:
    """Whether the tenant has what the act needs."""
    return act not in GATES or all_flags(work)[GATES[act]].value is not False


def require(work: Work, act: str) -> None:
    """SwitchedOff unless the tenant has what the act needs."""
    if act not in GATES:
        return
    flag = flags.flag_of(GATES[act])
    evaluation = all_flags(work)[flag.name]
    if evaluation.value is False:
        raise SwitchedOff(flag, why=evaluation.decided.why)

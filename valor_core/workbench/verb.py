"""`@verb` and `@view`: what every act and every read of the workbench has around it.

A verb: permission, quota, metering, audit entry and metric, in the transaction of its effect.
A view: permission and metric; it takes no writer.
The register of both is at once the permission matrix, the audit vocabulary, the labels of the
metrics and the catalogue of the API: a test holds it against `tenancy.access.MAY`.

    @verb("valuation.run", meter=Meter.VALUATIONS)
    def run_dcf(work: Work, company_id: CompanyId, inputs: DcfInputs) -> ValuationRow: ...

Inside, `work.note(target, **details)` says what the audit entry tells.
"""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from valor_core import telemetry
from valor_core.audit import log as audit
from valor_core.audit.retention import category_of
from valor_core.billing import metering
from valor_core.billing.metering import Meter
from valor_core.errors import AccessDenied
from valor_core.store.engines import Store
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy import access, features, quotas
from valor_core.tenancy.access import OutOfScope
from valor_core.values import Caller, new_id

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done or read."""

    name: str
    writes: bool
    audited: bool
    meter: Meter | None
    function: Callable[..., Any]


ACTS: dict[str, list[Act]] = {}


def verb(
    name: str, *, meter: Meter | None = None, audited: bool = True, holds_quota: bool = False
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Work, P], R]]:
    """Makes a function an act: allowed, counted, audited and timed with its effect, or undone.

    Only what is nobody's deed but a person's scratch paper (a draft) is not audited. What begins a
    long run holds its share of the quota itself and is counted at its end, so that a run that fails
    is not charged.
    """

    def made(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Work, P], R]:
        @functools.wraps(function)
        def act(work: Work, *args: P.args, **kwargs: P.kwargs) -> R:
            with telemetry.timed(name):
                allowed(work, name)
                work.begin_writing()
                if meter and not holds_quota:
                    quotas.charge(work, meter)
                outer, work.notes = work.notes, {"target": "", "details": {}}
                try:
                    result = function(work, *args, **kwargs)
                except BaseException:
                    work.broken = True
                    raise
                finally:
                    note, work.notes = work.notes, outer
                act_id = new_id()
                if meter and not holds_quota:
                    metering.count(work, meter, act=name, act_id=act_id)
                if audited:
                    details = {"act_id": act_id, **note["details"]}
                    work.at_commit.append(
                        lambda: audit.append(
                            work,
                            name,
                            target=note["target"],
                            details=details,
                            category=category_of(name),
                        )
                    )
                return result

        ACTS.setdefault(name, []).append(Act(name, True, audited, meter, act))
        return act

    return made


def view(
    name: str,
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Work, P], R]]:
    """Makes a function a read: allowed and timed."""

    def made(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Work, P], R]:
        @functools.wraps(function)
        def read(work: Work, *args: P.args, **kwargs: P.kwargs) -> R:
            with telemetry.timed(name):
                allowed(work, name)
                return function(work, *args, **kwargs)

        ACTS.setdefault(name, []).append(Act(name, False, False, None, read))
        return read

    return made


def allowed(work: Work, name: str) -> None:
    """AccessDenied or OutOfScope unless the caller may, SwitchedOff where the tenant lacks it.

    Asked by every act and read, and before by what costs time before an act begins.

    A refusal is audited apart, once this work has ended: its own transaction rolls back.
    """
    try:
        access.require(work.caller, name)
    except (AccessDenied, OutOfScope):
        role, scopes = str(work.caller.role), work.caller.scopes
        tell_denial(work, name, role=role, **({} if scopes is None else {"scopes": sorted(scopes)}))
        raise
    features.require(work, name)


def tell_denial(work: Work, name: str, **details: Any) -> None:
    """That an act was refused, in the audit log, once this work has ended."""
    caller, store = work.caller, work.store
    work.after_end.append(
        lambda: log_refusal(store, caller, "access.denied", target=f"act:{name}", **details)
    )


def log_refusal(store: Store, caller: Caller, action: str, *, target: str, **details: Any) -> None:
    """One entry about what was refused to this caller and what was asked for, by itself.

    One each, as for what is done: the caller is known, and its bucket of calls bounds both.
    """
    told = {**details, "asked": caller.asked} if caller.asked else details
    with unit_of_work(caller, store) as work:
        work.begin_writing()
        audit.append(work, action, target=target, details=told, category="security")


_open: Store | None = None


def use_store(store: Store | None) -> None:
    """The database that `open_work` means in this process."""
    global _open  # noqa: PLW0603  one process, one store: said once, at start
    _open = store


def the_store() -> Store:
    """The database of this process."""
    assert _open is not None, "use_store() comes first"
    return _open


def open_work(caller: Caller, store: Store | None = None) -> AbstractContextManager[Work]:
    """A unit of work of this caller, for a `with` block: it commits once at its end, or not."""
    return unit_of_work(caller, store or the_store())

"""Changing the key of the audit chain in the middle of every log.

The key stands in a file of VALOR_HOME, or in the environment, never in the database. A process that
serves finds a log signed by a key that it has not seen, and reads the file anew; one that has only
a copy of the file refuses every act until the copy has the line.
"""

from dataclasses import dataclass

from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.audit.log import ROTATED
from valor_core.store.engines import Store
from valor_core.store.secrets import add_line, check_kept_here
from valor_core.store.work import Work
from valor_core.tenancy import tenants
from valor_core.tenancy.reasons import stated
from valor_core.tenancy.tenants import one_at_a_time
from valor_core.values import Caller, TenantId
from valor_core.workbench.tenants import acting_in
from valor_core.workbench.verb import open_work, verb, view

THE_KEY = "AUDIT_HMAC_SECRET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The key that signs from here on, or would."""

    key: int  # its number, the line in which it stands
    logs: int  # how many change to it
    drawn: bool  # anew; otherwise one is taken that waits, or that a change left half used


@view("audit.foresee_rotation")
def foresee_rotation(work: Work) -> Rotation:
    """What a change would do; a refusal where it would be refused."""
    known, behind = _known(work), 0
    for each in known:
        with open_work(acting_in(work.caller, each), work.store) as inside:
            behind += _signs_by_older(inside)
    return _foreseen(known, behind)


def rotate_key(store: Store, operator: Caller, *, reason: str) -> Rotation:
    """Has a newer key sign every log from here on, each in a transaction of its own.

    What is interrupted is carried on by doing it again, under the same key.
    """
    with open_work(operator, store) as work:
        known, drawn = _take_key(work, reason=reason)
    changed = 0
    for each in known:
        with open_work(acting_in(operator, each), store) as work:
            changed += _sign_by_newest(work, reason=reason)
    return Rotation(key=max(audit.keys()), logs=changed, drawn=drawn)


def _known(work: Work) -> list[TenantId]:
    """Every tenant; the keys are read anew, and WrongAuditKey where another machine has others.

    Else two machines with a file each would draw two keys under one number.
    """
    audit.keys.cache_clear()
    audit_keys.confirm_keys(work.session, audit.keys())
    return [TenantId(row.id) for row in tenants.tenants(work)]


def _signs_by_older(work: Work) -> bool:
    return audit.signed_by(work) != max(audit.keys())


def _foreseen(known: list[TenantId], behind: int) -> Rotation:
    newest = max(audit.keys())
    if behind:
        return Rotation(key=newest, logs=behind, drawn=False)
    check_kept_here(THE_KEY)
    return Rotation(key=newest + 1, logs=len(known), drawn=True)


@verb(ROTATED, audited=False)
def _take_key(work: Work, *, reason: str) -> tuple[list[TenantId], bool]:
    """The key that waits, else one that is drawn; two who change it at once draw one."""
    stated(reason)
    one_at_a_time(work)
    known, behind = _known(work), 0
    for each in known:
        with work.acting_as(acting_in(work.caller, each)):
            behind += _signs_by_older(work)
    told = _foreseen(known, behind)
    if told.drawn:
        add_line(THE_KEY)
        audit.keys.cache_clear()
    audit_keys.note_keys(work.session, audit.keys(), work.now_micros)
    return known, told.drawn


@verb(ROTATED, audited=False)
def _sign_by_newest(work: Work, *, reason: str) -> bool:
    """Whether the tenant's log changes to the newest key; its own entry says so."""
    return audit.rotate(work, reason=stated(reason)) is not None

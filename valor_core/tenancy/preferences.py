"""In what amounts of money are shown: to a person or key, else as the tenant has it."""

from dataclasses import dataclass

from valor_core.amounts import Scale
from valor_core.store.tables import PreferenceRow
from valor_core.store.work import Work

EVERYBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountsIn:
    """In what amounts are shown to the caller, and to who has chosen nothing."""

    own: Scale | None  # none: as the tenant has it
    tenant: Scale

    @property
    def shown(self) -> Scale:
        """What holds for the caller."""
        return self.own or self.tenant


def amounts_in(work: Work, *, whose: str = "") -> AmountsIn:
    """What the caller or somebody else has chosen, and the tenant; millions where nobody has."""
    own, tenant = (_chosen(work, each) for each in (whose or work.caller.actor, EVERYBODY))
    return AmountsIn(own=own, tenant=tenant or Scale.MILLIONS)


def _chosen(work: Work, whose: str) -> Scale | None:
    row = work.session.get(PreferenceRow, (work.caller.tenant_id, whose))
    return Scale(row.amounts_in) if row else None


def choose(work: Work, whose: str, scale: Scale | None) -> None:
    """Amounts are shown so from now on; none takes the choice back."""
    row = work.session.get(PreferenceRow, (work.caller.tenant_id, whose))
    if scale is None:
        if row:
            work.session.delete(row)
        return
    if row is None:
        row = PreferenceRow(whose=whose)
        work.add_all([row])
    row.amounts_in, row.changed_at = scale, work.now_micros
    row.changed_by = work.caller.actor

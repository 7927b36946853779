"""In what amounts of money are shown, as a person or the whole tenant has it."""

from valor_core.amounts import Scale
from valor_core.store.work import Work
from valor_core.tenancy import preferences
from valor_core.tenancy.preferences import EVERYBODY, AmountsIn
from valor_core.workbench.verb import verb, view


@view("preference.read")
def amounts_in(work: Work) -> AmountsIn:
    """In what amounts are shown to the caller, and to who has chosen nothing."""
    return preferences.amounts_in(work)


@verb("preference.choose")
def show_me(work: Work, scale: Scale | None) -> None:
    """Show amounts so to the caller alone; none: as the tenant has it."""
    preferences.choose(work, work.caller.actor, scale)
    work.note(work.caller.actor, amounts_in=scale or "as the tenant")


@verb("preference.set")
def show_everybody(work: Work, scale: Scale) -> None:
    """Show amounts so to all of the tenant who have chosen nothing themselves."""
    preferences.choose(work, EVERYBODY, scale)
    work.note(f"tenant:{work.caller.tenant_id}", amounts_in=scale)

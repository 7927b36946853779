from app.ui.audit_words import DEEDS
from valor_core.tenancy.access import MAY
from valor_core.workbench import (  # noqa: F401, each registers its acts
    companies,
    demo,
    jobs,
    people,
    reports,
    snapshots,
    valuations,
)
from valor_core.workbench.verb import ACTS

NO_ACTS = {"access.denied", "session.began", "session.refused"}


def test_every_act_that_is_logged_is_told_in_words():
    logged = {name for name, acts in ACTS.items() if any(act.audited for act in acts)}

    assert logged <= set(DEEDS)
    assert set(DEEDS) <= set(MAY) | NO_ACTS

"""A feature of a tenant switched for a time, and the end of that."""

from datetime import timedelta

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.limits import switched
from valor_core.store.work import Work
from valor_core.tenancy.flags import FLAGS, Layer
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller
from valor_core.workbench import flags
from valor_core.workbench.verb import open_work

OFF, ON, END = "Switch it off", "Switch it on", "End what was set"


def overriding(who: Caller, *, freely: bool) -> None:
    """Off for the tenant for a time; on as well for who grants features."""
    st.header("Switch a feature for a time", anchor=False)
    name = st.selectbox(
        "Feature", list(FLAGS), format_func=lambda each: FLAGS[each].help, key="features:name"
    )
    left, right = st.columns(2)
    what = left.selectbox("What", [OFF, ON, END] if freely else [OFF, END], key="features:what")
    days = right.number_input("Days", 1, 365, 30, key="features:days")
    _foreseen(who, name, what)
    with st.form("feature", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="features:why")
        pressed = st.form_submit_button("Do it", icon=":material/toggle_on:")

    def act(work: Work) -> str:
        if what == END:
            return switched(flags.end_override(work, name, reason=reason).value)
        until = work.now + timedelta(days=int(days))
        told = flags.override_flag(work, name, what == ON, reason=reason, expires_at=until)
        return switched(told.value)

    if pressed and (now := done(who, act)):
        st.toast(f"It is {now} now.")
        st.rerun()


def _foreseen(who: Caller, name: str, what: str) -> None:
    """What would hold for the tenant, and who would have decided it."""
    with open_work(who) as work:
        now = flags.explain_flag(work, name)
    then = now.instead(Layer.OVERRIDE, {OFF: now.flag.off, ON: now.flag.on, END: None}[what])
    show.table(
        "What would change",
        ["Now", "Then"],
        [
            ("The feature is", [switched(now.value), switched(then.value)]),
            ("Decided by", [now.decided.layer, then.decided.layer]),
        ],
        text=True,
    )

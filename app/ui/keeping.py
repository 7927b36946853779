"""What an outsider is given of the log, how long its details are kept, and what is held."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app.prepared import PREPARED, Prepared
from app.ui import show
from app.ui.audit_words import payload
from app.ui.words import counted, moment, person
from valor_core.errors import ValorError
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, from_micros
from valor_core.workbench import logbook, proving, retention
from valor_core.workbench.retention import CATEGORIES, Due, LegalHoldRow
from valor_core.workbench.verb import open_work, the_store

MOST_BYTES = 50_000_000
EVERYTHING = "everything"
COLUMNS = ["Held", "Why", "Set", "Release asked for", "Released"]


def export_on_demand(who: Caller) -> None:
    """The button, and under it the bundle."""
    if not st.button("Export for an auditor", icon=":material/inventory_2:"):
        return
    with st.spinner("Sealing and writing the log …"):
        try:
            with proving.exported(the_store(), who) as whole:
                raw = whole.read_bytes() if whole.stat().st_size <= MOST_BYTES else b""
        except ValorError as error:
            show.refusal(error)
            return
    if not raw:
        st.info("The log is too long for the browser. Take it by `./valor audit export --out DIR`.")
        return
    st.caption(
        "The log with proofs, checkpoints and the public key. It holds a verifier that needs "
        "nothing but Python: unpack it and run `python3 -I verify.py .`"
    )
    file = Prepared(act="audit.export", name="audit.zip", media_type="application/zip", raw=raw)
    st.link_button("Download audit.zip", PREPARED.keep(who, file), icon=":material/download:")


def kept_and_held(who: Caller, names: Mapping[str, str]) -> None:
    """The policies and the holds, each with what the caller may do about it."""
    with open_work(who) as work:
        days, holds = retention.read_policies(work), retention.list_holds(work)
        asked = logbook.read_log(work, action="hold.ask_release", limit=retention.MOST_HOLDS)
    why = {row.target: str(payload(row).get("reason", "")) for row in reversed(asked)}
    with st.expander("How long details are kept, and what is held", icon=":material/gavel:"):
        show.listing(
            "After that time the details of an entry are purged; the entry itself stays",
            ["Entries of", "Details are kept"],
            [
                [meaning, f"{days[name]:,} days" if name in days else "for ever"]
                for name, meaning in CATEGORIES.items()
            ],
            text=frozenset({"Entries of", "Details are kept"}),
        )
        if who.role in MAY["retention.change"]:
            _keeping(who, days)
        if holds:
            _held(holds, names, why)
        else:
            st.caption("No legal hold was set. An officer of compliance sets and releases one.")
        if who.role in MAY[retention.HOLD_SET]:
            _holding(who, [hold for hold in holds if hold.released_at is None], names)


def _keeping(who: Caller, now: Mapping[str, int]) -> None:
    st.header("Change how long details are kept", anchor=False)
    category = st.selectbox(
        "Entries of", list(CATEGORIES), format_func=CATEGORIES.__getitem__, key="kept_category"
    )
    days = st.number_input(
        "Days, 0 for ever", min_value=0, value=now.get(category, 0), step=1,
        key=f"kept_days:{category}",
    )  # fmt: skip
    _foreseen(who, lambda work: retention.foresee_policy(work, category, days or None))
    with st.form("keeping", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="kept_why")
        pressed = st.form_submit_button("Keep them so long", icon=":material/schedule:")
    if pressed:
        _do(who, lambda work: retention.change_policy(work, category, days or None, reason=reason))


def _foreseen(who: Caller, ask: Callable[[Work], Due]) -> None:
    """What the next purge would take; a refusal is told in its place."""
    try:
        with open_work(who) as work:
            due = ask(work)
    except ValorError as error:
        show.refusal(error)
        return
    taken = counted(due.purged, "entry", "entries") if due.purged else "no entry"
    held = f"; {counted(due.held, 'as old is', 'as old are')} under a hold" if due.held else ""
    st.caption(f"The next purge would take the details of {taken}{held}.")


def _held(holds: Sequence[LegalHoldRow], names: Mapping[str, str], why: Mapping[str, str]) -> None:
    def by(whom: str | None, at: int | None = None) -> str:
        told = person(whom, names) if whom else ""
        return f"{told}, {moment(from_micros(at))}" if at else told

    show.listing(
        "Legal holds: what they cover is purged by no policy",
        COLUMNS,
        [
            [
                person(hold.subject, names) or EVERYTHING,
                hold.reason,
                by(hold.set_by, hold.set_at),
                ": ".join(filter(None, (by(hold.release_asked_by), why.get(f"hold:{hold.id}")))),
                by(hold.released_by, hold.released_at),
            ]
            for hold in holds
        ],
        text=frozenset(COLUMNS),
    )


def _holding(who: Caller, standing: Sequence[LegalHoldRow], names: Mapping[str, str]) -> None:
    st.header("Set a hold", anchor=False)
    with st.form("holding", border=False):
        subject = st.selectbox(
            "What", [EVERYTHING, *names], key="hold_subject", accept_new_options=True,
            format_func=lambda each: f"what {names[each]} did" if each in names else each,
            help="Everything, what a member did, or an actor or target as an unfolded entry names "
            "it, such as valuation:01hx…",
        )  # fmt: skip
        reason = st.text_input("Why", key="hold_reason", max_chars=retention.LONGEST_TEXT)
        pressed = st.form_submit_button("Set a hold", icon=":material/lock:")
    if pressed:
        held = "" if subject == EVERYTHING else subject
        _do(who, lambda work: retention.set_hold(work, held, reason))
    if not standing:
        return
    by_id = {hold.id: hold for hold in standing}
    st.header("Release a hold", anchor=False)
    chosen = st.selectbox("Hold", list(by_id), format_func=lambda each: by_id[each].reason)
    st.caption("One officer asks for the release; another, who did not set it either, releases.")
    _foreseen(who, lambda work: retention.foresee_release(work, chosen))
    with st.form("releasing", border=False):
        why = st.text_input("Why it may go", key="release_reason", max_chars=REASON_MAX)
        with st.container(horizontal=True):
            ask = st.form_submit_button("Ask for its release", icon=":material/front_hand:")
            release = st.form_submit_button("Release it", icon=":material/lock_open:")
    if ask:
        _do(who, lambda work: retention.ask_release(work, chosen, reason=why))
    if release:
        _do(who, lambda work: retention.release_hold(work, chosen, reason=why))


def _do(who: Caller, act: Callable[[Work], object]) -> None:
    """Do it and draw the page anew; a refusal is told in place."""
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.rerun()

"""Where reports are sent: the destinations of a tenant, and what became of each delivery."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import counted, moment
from valor_core.coverage.deliveries import Delivery, Destination, Kind, State
from valor_core.tenancy.access import may
from valor_core.values import Caller
from valor_core.workbench import deliveries

KINDS = {
    Kind.EMAIL: ("an e-mail", "Address", "desk@example.com"),
    Kind.FOLDER: ("a folder of this installation", "Name of the folder", "Investment committee"),
    Kind.WEBHOOK: ("a webhook", "Address", "https://hooks.example.com/valor"),
}
SHOWN = "report_sending:secret"


def chosen(
    standing: Sequence[Destination],
    key: str,
    *,
    before: Sequence[str] = (),
    label: str = "Send it to",
) -> list[str]:
    """The destinations that somebody picks, by id."""
    if not standing:
        st.caption("It is kept here. An administrator can name below where else it is sent.")
        return []
    names = {each.id: f"{each.name} ({KINDS[each.kind][0]})" for each in standing}
    known = [each for each in before if each in names]
    return st.multiselect(label, names, known, format_func=names.__getitem__, key=key)


def told(who: Caller, sent: Sequence[Delivery]) -> None:
    """What became of sending a report."""
    for each in sent:
        name = show.plain(each.destination.name)
        if each.state is State.DELIVERED and each.delivered_at:
            st.caption(f":material/check: Sent to {name}, {moment(each.delivered_at)}.")
        elif each.state is State.WAITING and not each.why:
            st.caption(f":material/schedule_send: On its way to {name}.")
        elif each.state is State.WAITING:
            st.warning(
                f"Not sent to {name} yet: {show.plain(each.why)}. "
                f"It is tried again {moment(each.next_at)}.",
                icon=":material/schedule_send:",
            )
        else:
            st.error(
                f"Not sent to {name} after {each.attempts} tries: {show.plain(each.why)}.",
                icon=":material/error:",
            )
            if may(who, "report.deliver") and st.button("Try again", key=f"again_{each.id}"):
                done(who, lambda work, each=each: deliveries.deliver_run(
                    work, each.run_id, each.destination.id))  # fmt: skip
                st.rerun()


def in_a_word(delivery: Delivery) -> str:
    """How far a delivery is."""
    if delivery.state is State.DELIVERED and delivery.delivered_at:
        return f"arrived {moment(delivery.delivered_at)}"
    if delivery.state is State.FAILED:
        return f"given up after {counted(delivery.attempts, 'try', 'tries')}"
    return f"tried again {moment(delivery.next_at)}" if delivery.why else "on its way"


def sending(who: Caller, run_id: str, standing: Sequence[Destination]) -> None:
    """A report that is there, sent to one more."""
    names = {each.id: each.name for each in standing}
    goal = st.selectbox("To", names, format_func=names.__getitem__, key=f"to_{run_id}")
    if st.button("Send", key=f"send_{run_id}", type="primary") and goal:
        sent = done(who, lambda work: deliveries.deliver_run(work, run_id, goal))
        if sent:
            st.rerun()


def destinations(who: Caller, standing: Sequence[Destination], names: Mapping[str, str]) -> None:
    """All destinations, and for administrators a way to name and to end them."""
    st.header("Where reports are sent", anchor=False)
    _secret_shown_once()
    for each in standing:
        left, right = st.columns([4, 1], vertical_alignment="center")
        by = names.get(each.created_by.partition(":")[2], "an administrator")
        left.markdown(
            f"**{show.plain(each.name)}**, {KINDS[each.kind][0]}: {show.plain(each.address)}  \n"
            f"named by {show.plain(by)}, {moment(each.created_at)}"
        )
        if may(who, "destination.end") and right.button(
            "End", key=f"end_{each.id}", width="stretch"
        ):
            done(who, lambda work, each=each: deliveries.end_destination(work, each.id))
            st.rerun()
    if may(who, "destination.add"):
        if not standing:
            st.caption("Reports stay here so far. Name a mailbox, a folder or a webhook below.")
        with st.expander("Name another one" if standing else "Name one"):
            _adding(who)
    elif not standing:
        st.caption("Reports stay here. An administrator can name where else they are sent.")


def _adding(who: Caller) -> None:
    kind = st.segmented_control(
        "By", list(KINDS), default=Kind.EMAIL, format_func=lambda each: KINDS[each][0],
        key="destination_kind",
    )  # fmt: skip
    _, label, example = KINDS[kind or Kind.EMAIL]
    name = st.text_input("Name", key="destination_name", placeholder="Investment committee")
    address = st.text_input(label, key="destination_address", placeholder=example)
    if st.button("Name it", key="destination_add", type="primary"):
        made = done(
            who,
            lambda work: deliveries.add_destination(
                work, name=name, kind=(kind or Kind.EMAIL).value, address=address
            ),
        )
        if made:
            st.session_state[SHOWN] = made[1]
            st.rerun()


def _secret_shown_once() -> None:
    """By what a new webhook is signed, until it is put away."""
    key = st.session_state.get(SHOWN)
    if not key:
        return
    with st.container(border=True):
        st.markdown(
            "**Copy the secret of the webhook now.** By it the receiver knows that it is us."
        )
        st.code(key, language=None, wrap_lines=True)
        if st.button("I have copied it", icon=":material/check:"):
            del st.session_state[SHOWN]
            st.rerun()

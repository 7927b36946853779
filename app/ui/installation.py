"""The parts of the page Installation: tenants, plans, features and the provider's inbox."""

from collections.abc import Sequence

import streamlit as st

from app.ui import limits, members, show
from app.ui.doing import done
from app.ui.words import NOTHING, counted, event_told, moment
from valor_core.billing.inbox import State
from valor_core.billing.money import written
from valor_core.billing.reconciliation import Price
from valor_core.errors import BadInput, ValorError
from valor_core.store.work import Work
from valor_core.tenancy.flags import FLAGS
from valor_core.tenancy.plans import LIMITS, METERED, Granted, Origin, PlanTerms
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, Role, TenantId, from_micros, utc_now
from valor_core.workbench import billing, flags, people, plans, rotation, tenants
from valor_core.workbench.billing import WebhookRow
from valor_core.workbench.plans import PlanChange, PlanRow
from valor_core.workbench.tenants import SUSPENDED, TenantRow, acting_in
from valor_core.workbench.verb import open_work, the_store

OTHER_BODY = "another body under a known id"
AS_SET, ON, OFF = "as it is", "on", "off"
FOR_ALL = {
    "Switch it off for all": True,
    "End that": False,
    "Roll it out to a share of the tenants": None,
}
"""What can be done with a feature, and whether it is switched off for all by that."""

WORDS_OF_STATE = {
    State.WAITING: "waits for its next attempt",
    State.SET_ASIDE: "set aside",
    State.QUARANTINED: "of no tenant here",
}


def customers(rows: Sequence[TenantRow]) -> None:
    """The tenants, and one to make."""
    if rows:
        show.listing(
            counted(len(rows), "tenant"),
            ["Name", "Short name", "Stands", "Since"],
            [
                [row.label, row.slug, row.status, f"{from_micros(row.created_at):%Y-%m-%d}"]
                for row in rows
            ],
            text=frozenset({"Name", "Short name", "Stands", "Since"}),
        )
    else:
        st.info("There is no tenant yet. Make the first one below.", icon=":material/domain_add:")


def making(who: Caller) -> None:
    """A tenant to make, and its first administrator."""
    st.header("Make a tenant", anchor=False)
    with st.form("making_tenant", border=False):
        left, right = st.columns(2)
        label = left.text_input("Name", max_chars=100, key="installation:label")
        slug = right.text_input(
            "Short name", max_chars=32, key="installation:slug", placeholder="acme-partners"
        )
        admin = st.text_input(
            "First administrator", max_chars=100, key="installation:admin",
            help="Gets a sign-in link. Leave it empty where groups of your provider let people in.",
        )  # fmt: skip
        pressed = st.form_submit_button("Make the tenant", icon=":material/domain_add:")
    if not pressed:
        return
    inside = acting_in(who, people.tenant_for(slug))
    if done(inside, lambda work: people.add_tenant(work, slug, label=label)):
        if admin.strip():
            members.taken_in(inside, admin, Role.ADMIN)
        st.rerun()


def chosen(rows: Sequence[TenantRow]) -> TenantRow | None:
    """The tenant that the rest of a section is about."""
    by_slug = {row.slug: row for row in rows}
    slug = st.selectbox(
        "Tenant", list(by_slug), format_func=lambda each: by_slug[each].label,
        key="installation:tenant", placeholder="There is no tenant yet",
    )  # fmt: skip
    return by_slug.get(slug or "")


def shutting(who: Caller, row: TenantRow) -> None:
    """What a suspension would end, and the suspension; or its end."""
    inside = acting_in(who, TenantId(row.id))
    with open_work(inside) as work:
        told, people_in = tenants.foresee_suspension(work), people.list_members(work)
    if row.status == SUSPENDED:
        st.info(
            f"{show.plain(row.label)} is suspended: nobody can come in.", icon=":material/lock:"
        )
    else:
        rows = [
            ("Members", [f"{told.members:,} may come in", "nobody may"]),
            ("Signed in", [f"{told.sessions_ended:,}", "signed out"]),
            ("API keys", [f"{told.keys_asleep:,} work", "sleep until it is open again"]),
            ("Jobs", [f"{told.jobs_stopped:,} wait or run", "stopped"]),
            ("All that it has", ["kept", "kept"]),
        ]
        show.table(f"What a suspension of {row.label} would do", ["Now", "Then"], rows, text=True)
    with st.form("shutting", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:why")
        label, icon = (
            ("Open it again", "lock_open") if row.status == SUSPENDED else ("Suspend", "lock")
        )
        pressed = st.form_submit_button(label, icon=f":material/{icon}:")
    act = tenants.resume_tenant if row.status == SUSPENDED else tenants.suspend_tenant
    if pressed and done(inside, lambda work: act(work, reason=reason)):
        st.rerun()
    members.confirming(inside, people_in)


def granting(who: Caller, row: TenantRow, offered: Sequence[PlanRow]) -> None:
    """What a tenant is granted and uses, another plan for it, other limits for a time."""
    inside = acting_in(who, TenantId(row.id))
    with open_work(inside) as work:
        now = plans.plan_now(work)
    used = {each.limit.name: f"{each.used:,}" for each in now.standings}
    show.listing(
        f"{row.label}: {now.effective.plan_name}",
        ["Limit", "Granted", "Used", "Why"],
        [
            [limits.named(name), limits.said(each.value), used.get(name, NOTHING), _why(each)]
            for name, each in now.effective.granted.items()
            if each.value is not None
        ],
        text=frozenset({"Limit", "Why"}),
    )
    limits.assigning(inside, offered)
    limits.overriding(inside, now.overrides)


def pricing(who: Caller, row: TenantRow) -> None:
    """What a tenant pays for what a meter counts: what holds, and another price from a day on."""
    inside = acting_in(who, TenantId(row.id))
    st.header("State a price", anchor=False)
    left, right = st.columns(2)
    meter = left.selectbox("Meter", list(METERED), format_func=METERED.__getitem__)
    first = right.date_input(
        "From", utc_now().date(), key="installation:price_from", format="YYYY-MM-DD"
    )
    minor = left.number_input("Price, in the smallest unit", 0, value=0, help="250 is 2.50 USD.")
    per = right.number_input("For so many", 1, value=1)
    currency = left.text_input("Currency", "USD", max_chars=3, key="installation:price_currency")
    price = Price(
        meter=meter, valid_from=f"{first:%Y-%m-%d}", price_minor=int(minor),
        per_quantity=int(per), currency=currency, plan_version="",
    )  # fmt: skip
    _price_foreseen(inside, price)
    with st.form("pricing", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:price_why")
        pressed = st.form_submit_button("State it", icon=":material/sell:")

    def say(work: Work) -> bool:
        billing.set_price(work, price, reason=reason)
        return True

    if pressed and done(inside, say):
        st.toast("It holds from that day on.")
        st.rerun()


def _price_foreseen(inside: Caller, price: Price) -> None:
    """The price beside the one that holds on its day, or why it cannot be said for that day."""
    try:
        with open_work(inside) as work:
            before = billing.foresee_price(work, price)
    except ValorError as error:
        st.caption(f"{show.plain(str(error))} {show.plain(error.hint)}")
        return
    told = [_priced(before) if before else NOTHING, _priced(price)]
    rows = [(f"{METERED[price.meter].capitalize()}, on {price.valid_from}", told)]
    show.table("What would change", ["Now", "Then"], rows, text=True)


def _priced(price: Price) -> str:
    return f"{written(price.price_minor, price.currency)} for {price.per_quantity:,}"


def _why(granted: Granted) -> str:
    """Where a limit comes from; to the operator by the name under which it is set."""
    by_setting = granted.origin is Origin.SETTING
    return f"Setting {granted.why}" if by_setting else limits.why(granted)


def defining(who: Caller, offered: Sequence[PlanRow]) -> None:
    """A plan, or the next version of one, beginning with what another version has."""
    st.header("Define a plan", anchor=False)
    known = {f"{row.name}, version {row.version}": row for row in offered}
    begin = st.selectbox("Begin with", ["an empty plan", *known], key="installation:begin")
    old = known.get(begin)
    with st.form("defining", border=False):
        left, right = st.columns(2)
        plan = left.text_input("Short name", old.plan_id if old else "", max_chars=40)
        name = right.text_input("Name", old.name if old else "", max_chars=100)
        price = left.number_input(
            "Price a month, in the smallest unit", 0, value=old.price_minor if old else 0,
            help="4900 is 49.00 USD.",
        )  # fmt: skip
        currency = right.text_input("Currency", old.currency if old else "USD", max_chars=3)
        with st.expander("Limits"):
            st.caption("Empty: as the settings say. “none”: without limit.")
            asked = {each: _limit(each, old) for each in LIMITS}
        with st.expander("Features"):
            wanted = {each: _feature(each, old) for each in FLAGS}
        reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:define_why")
        with st.container(horizontal=True):
            looks = st.form_submit_button(
                "Show what would change", icon=":material/visibility:", key="installation:look"
            )
            pressed = st.form_submit_button("Define it", icon=":material/library_add:")

    def stated() -> PlanTerms:
        limits_asked = {each: _number(text) for each, text in asked.items() if text.strip()}
        features_asked = {each: said == ON for each, said in wanted.items() if said != AS_SET}
        return PlanTerms(
            name=name,
            currency=currency,
            price_minor=int(price),
            limits=limits_asked,
            features=features_asked,
        )

    if looks and (told := done(who, lambda work: plans.foresee_definition(work, plan, stated()))):
        _drafted(told)
    if pressed and done(who, lambda work: plans.define_plan(work, plan, stated(), reason=reason)):
        st.toast("Tenants keep the version that they have until you assign another one.")
        st.rerun()


def _drafted(told: PlanChange) -> None:
    """A version of a plan beside the newest that there is."""
    before, after = told.before, told.after
    rows = [("Price a month", [limits.price(before) if before else NOTHING, limits.price(after)])]
    rows += [
        (limits.named(each.limit.name), [limits.said(each.before), limits.said(each.after)])
        for each in told.limits
    ]
    rows += [
        (FLAGS[name].help, [AS_SET if each is None else limits.switched(each) for each in pair])
        for name, pair in told.features.items()
    ]
    stands = f"version {before.version}" if before else "no plan"
    show.table(f"{after.name}: what would change", [stands, f"version {after.version}"], rows)
    st.caption("Tenants keep the version that they have until you assign another one.")


def _limit(name: str, old: PlanRow | None) -> str:
    stated = old.limits if old else {}
    value = ("none" if stated[name] is None else str(stated[name])) if name in stated else ""
    return st.text_input(limits.named(name), value, key=f"installation:{name}")


def _feature(name: str, old: PlanRow | None) -> str:
    ways = [AS_SET, ON, OFF]
    stated = old.features if old else {}
    at = ways.index(ON if stated[name] else OFF) if name in stated else 0
    return st.selectbox(FLAGS[name].help, ways, at, key=f"installation:feature:{name}")


def _number(text: str) -> int | None:
    if text.strip().lower() == "none":
        return None
    if not text.strip().isdecimal():
        raise BadInput(f"{text[:40]!r} is no limit.", hint="Write a whole number, or none.")
    return int(text)


def switching(who: Caller) -> None:
    """A feature for the whole installation: off for all, or rolled out to a share."""
    st.header("For every tenant", anchor=False)
    name = st.selectbox("Feature", list(FLAGS), format_func=lambda each: FLAGS[each].help)
    what = st.selectbox("What", list(FOR_ALL), key="installation:switch_what")
    killed, percent = FOR_ALL[what], None
    if killed is None:
        percent = int(st.number_input("Share of the tenants, %", 0, 100, 100))
    _foreseen(who, name, killed=killed, percent=percent)
    with st.form("switching", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:switch_why")
        pressed = st.form_submit_button("Do it for all", icon=":material/toggle_on:")

    def switch(work: Work) -> bool:
        flags.switch_flag(work, name, killed=killed, rollout_percent=percent, reason=reason)
        return True

    if pressed and done(who, switch):
        st.rerun()


def _foreseen(who: Caller, name: str, *, killed: bool | None, percent: int | None) -> None:
    """How many tenants would have the feature."""
    with open_work(who) as work:
        told = flags.foresee_switch(work, name, killed=killed, rollout_percent=percent)
    of = f"Tenants that have it, of {counted(told.tenants, 'tenant')}"
    show.table(
        "What would change", ["Now", "Then"], [(of, [f"{told.before:,}", f"{told.after:,}"])]
    )


def explaining(who: Caller, row: TenantRow) -> None:
    """Each feature of a tenant, and what each layer says of it."""
    with open_work(acting_in(who, TenantId(row.id))) as work:
        told = flags.list_flags(work)
    show.listing(
        f"Features of {row.label}: the first layer that says anything decides",
        ["Feature", "Value", *[said.layer.capitalize() for said in told[0].trace]],
        [
            [each.flag.help, limits.switched(each.value), *[said.why for said in each.trace]]
            for each in told
        ],
        text=frozenset({"Feature", "Value", *[said.layer.capitalize() for said in told[0].trace]}),
    )


def events(who: Caller) -> None:
    """Events of the billing provider that want a look, each with what can be done about it."""
    with open_work(who) as work:
        rows = billing.read_inbox(work, limit=200)
    if not rows:
        st.info("Nothing of the billing provider waits or was set aside.", icon=":material/inbox:")
        return
    show.listing(
        "The newest first",
        ["What it tells", "Tenant", "Stands", "Attempts", "Received", "Why", "Event"],
        [
            [
                event_told(row.type), row.tenant_slug, _stands(row), f"{row.attempts:,}",
                moment(from_micros(row.received_at)), row.error or NOTHING, row.event_id,
            ]
            for row in rows
        ],
        text=frozenset({"What it tells", "Tenant", "Stands", "Received", "Why", "Event"}),
    )  # fmt: skip
    _settling(who, rows)


def _stands(row: WebhookRow) -> str:
    """How an event stands; the second body of a known id is told by the mark in its own."""
    return OTHER_BODY if "#" in row.event_id else WORDS_OF_STATE[State(row.state)]


def _settling(who: Caller, rows: Sequence[WebhookRow]) -> None:
    by_id = {row.event_id: row for row in rows}
    one = st.selectbox("Event", list(by_id), key="installation:event")
    row, waits = by_id[one], by_id[one].state == State.WAITING
    if _stands(row) == OTHER_BODY:
        st.caption("The first one stands. Ask the provider which of them holds.")
        return
    if row.state == State.QUARANTINED:
        st.caption(
            f"Make the tenant {show.plain(row.tenant_slug) or 'that it names'}, then try it again."
        )
    with st.form("settling", border=False):
        reason = ""
        if waits:
            reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:event_why")
        label = "Set it aside" if waits else "Try it again"
        pressed = st.form_submit_button(label, icon=":material/replay:")

    def settle(work: Work) -> bool:
        if waits:
            billing.set_aside(work, one, reason=reason)
        else:
            billing.try_again(work, one)
        return True

    if pressed and done(who, settle):
        st.rerun()


def log_key(who: Caller) -> None:
    """The key that signs every tenant's log, and the change to another one."""
    st.header("Have another key sign the audit logs", anchor=False)
    st.write(
        "The new key is drawn into the file of secrets on this machine, never into the database; "
        "earlier keys go on verifying what they signed. A server on another machine that has only "
        "a copy of the file refuses every act until the copy has the new line."
    )
    above = st.container()
    with st.form("rotating", border=False, clear_on_submit=True):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="installation:rotate_why")
        pressed = st.form_submit_button("Change the key", icon=":material/key:")

    def rotate() -> rotation.Rotation:
        return rotation.rotate_key(the_store(), who, reason=reason)

    if pressed and (made := show.or_explain(rotate)):
        st.success(
            f"Key {made.key} signs {counted(made.logs, 'log')} from here on. "
            "Keep a copy of the secret as it is now.",
            icon=":material/check:",
        )
    with above:
        if told := done(who, rotation.foresee_rotation):  # after a change, of the next one
            comes = "is drawn" if told.drawn else "waits already"
            show.table(
                "What the change would do",
                ["Then"],
                [
                    ("The key that signs", [f"number {told.key}, which {comes}"]),
                    ("Logs that go on under it", [f"{told.logs:,}"]),
                ],
                text=True,
            )

from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from valor_core.tenancy.plans import PlanTerms
from valor_core.workbench import plans
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def section(page, name):
    page.segmented_control(key="limits:section").set_value(name)
    return run(page)


def test_who_reads_sees_what_is_granted_and_left_and_why_and_can_change_nothing(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "limits")

    assert "Default of the installation" in texts(page)
    assert page.segmented_control(key="limits:section").options[-1] == "History"
    assert "12,000" in texts(section(page, "Calls"))
    assert "Documents with filed facts are taken." in texts(section(page, "Features"))
    assert "No plan was assigned yet" in texts(section(page, "History"))


def test_an_administrator_sees_what_a_plan_would_change_changes_it_and_overrides_a_limit(
    acme, monkeypatch
):
    with open_work(acme.operator) as work:
        plans.define_plan(
            work,
            "team",
            PlanTerms(
                name="Team",
                currency="USD",
                price_minor=4_900,
                limits={"valuations_per_month": 12},
                features={},
            ),
            reason="as sold",
        )
    page = section(opened(monkeypatch, acme.admin, "limits"), "Change")
    foreseen = texts(page)
    assert "<th scope=row>Price a month</th><td>no plan</td><td>49.00 USD</td>" in foreseen
    assert "<th scope=row>\u2003left</th><td>100,000</td><td>12</td>" in foreseen

    pressed(page, "Change the plan")
    assert "This needs a reason." in texts(page)
    page.text_input(key="limits:why").set_value("they grew")
    pressed(page, "Change the plan")
    assert "Team, version 1" in texts(page)
    assert "49.00 USD" in texts(page)

    page.text_input(key="limits:override_why").set_value("a large deal")
    page.selectbox[1].set_value("valuations_per_month")
    pressed(page, "Override")
    assert "State what is granted" in texts(page)
    page.number_input[0].set_value(77)
    foreseen = texts(run(page))
    assert "<th scope=row>Saved valuations a month</th><td>12</td><td>77</td>" in foreseen
    assert "<th scope=row>\u2003left</th><td>12</td><td>77</td>" in foreseen
    pressed(page, "Override")
    shown = texts(section(page, "Quotas"))
    assert "a large deal" in shown
    assert ">77<" in shown
    assert "they grew" in texts(section(page, "History"))
    back = "<th scope=row>Saved valuations a month</th><td>77</td><td>12</td>"
    assert back in texts(section(page, "Change"))
    pressed(page, "End it")
    assert "This needs a reason." in texts(page)
    page.text_input(key="limits:end_why").set_value("it is signed")
    pressed(page, "End it")
    page.selectbox(key="limits:zone").set_value("Europe/Berlin")
    assert "What would change: left, and until when" in texts(run(page))
    page.text_input(key="limits:zone_why").set_value("we moved")
    pressed(page, "Change the time zone")
    shown = texts(section(page, "Quotas"))
    assert ">12<" in shown
    assert "By the calendar of your tenant, Europe/Berlin" in shown


def test_where_the_operator_sets_limits_an_administrator_is_told_what_is_left_to_do(
    acme, monkeypatch
):
    monkeypatch.setenv("VALOR_ADMINS_SET_LIMITS", "no")
    page = section(opened(monkeypatch, acme.admin, "limits"), "Change")

    assert "The operator of the installation assigns plans" in texts(page)
    assert "Change the plan" not in [button.label for button in page.button]
    page.text_input(key="limits:override_why").set_value("more")
    page.selectbox[0].set_value("valuations_per_month")
    page.number_input[0].set_value(10**6)
    assert "A higher limit is for the operator" in texts(pressed(page, "Override"))
    assert page.selectbox(key="features:what").options == ["Switch it off", "End what was set"]
    assert "<th scope=row>The feature is</th><td>on</td><td>off</td>" in texts(page)
    page.text_input(key="features:why").set_value("a breach")
    pressed(page, "Do it")
    assert "Overridden: a breach." in texts(section(page, "Features"))

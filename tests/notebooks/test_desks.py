"""One face for notebooks over two desks: this machine's database, and a server with an API key.

Each test runs over both; the server is the whole application on a port of its own.
"""

import hashlib
import pickle
import traceback
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import date

import httpx2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.strategies import text
from streamlit.runtime.runtime import Runtime

import valor_core as vc
from app.compute import RUNS
from app.process import listen
from app.server import create_app
from app.state import PROCESS
from tests.app.web.serving import served
from tests.moulds import Holding, Mould, closing
from valor_core.errors import AccessDenied, BadInput, NotFound, SignInNeeded
from valor_core.models.codec import dump
from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.notebook import CompanyBook, Valuation, Workspace, connection
from valor_core.notebook.connection import (
    ChangedOnTheWay,
    Connection,
    Key,
    KeyInTheClear,
    ServerNotReached,
)
from valor_core.notebook.display import listed, shown, table, two_columns
from valor_core.notebook.local import LocalDesk
from valor_core.notebook.remote import RemoteDesk, checked
from valor_core.snapshots.view import View
from valor_core.store.engines import Store
from valor_core.tenancy.access import OutOfScope
from valor_core.tenancy.api_keys import OF_THE_TENANT
from valor_core.values import Role, Scope, new_id
from valor_core.workbench import people
from valor_core.workbench.verb import open_work, use_store


@dataclass(frozen=True)
class Installation:
    store: Store
    mould: Mould
    origin: str

    def key(self, *scopes: Scope) -> str:
        with open_work(self.mould.acme.operator, self.store) as work:
            label, scopes = f"a notebook {new_id()}", scopes or tuple(OF_THE_TENANT)
            return people.add_key(work, label, Role.ANALYST, scopes=scopes)[1]

    def over_http(self) -> Workspace:
        return vc.open(url=self.origin, key=self.key())

    def here(self) -> Workspace:
        return Workspace("acme", LocalDesk(self.store, self.mould.acme.analyst))


@pytest.fixture(scope="module")
def installed(
    sqlite_mould: Mould, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    store = sqlite_mould.opened(tmp_path_factory.mktemp("desks"), Holding.BOOK)
    with ExitStack() as stack:
        stack.enter_context(closing(store))
        stack.callback(use_store, None)
        listener = listen(port=0)
        port = listener.getsockname()[1]
        app = create_app(store, port=port, background=nullcontext)
        running = stack.enter_context(served(app, listener=listener))
        stack.callback(RUNS.close)
        yield Installation(store, sqlite_mould, running.origin)
    Runtime._instance = None
    PROCESS.callers = None


@pytest.fixture(scope="module", params=["here", "over_http"])
def space(request: pytest.FixtureRequest, installed: Installation) -> Workspace:
    return getattr(installed, request.param)()


@pytest.fixture(scope="module")
def apple(space: Workspace) -> CompanyBook:
    return space.company("AAPL")


def a_dcf(apple: CompanyBook) -> tuple[Valuation, dict[str, str]]:
    """The company's start with nothing where its filing says nothing, and why so."""
    start = apple.dcf()
    missing = {f"bridge.{item}": 0.0 for item in start.inputs.bridge.missing}
    return start.change(missing), dict.fromkeys(missing, "none in the balance sheet")


def test_companies_and_their_facts_are_those_of_the_book(space: Workspace, apple: CompanyBook):
    assert {"AAPL", "KO"} <= set(space.companies().ticker)
    assert apple.company.cik == 320193
    filed = apple.facts.set_index(["item", "fiscal_year"])
    assert filed.loc[("revenue", 2009), "value"] == 42_905_000_000
    before = space.company("AAPL", as_of="2009-12-31").facts.set_index(["item", "fiscal_year"])
    assert before.loc[("revenue", 2009), "value"] == 36_537_000_000


def test_both_desks_give_the_same_facts_to_the_last_vintage(installed: Installation):
    here, there = installed.here(), installed.over_http()

    for ticker in ("AAPL", "PEP"):
        mine, theirs = here.company(ticker), there.company(ticker)
        assert set(theirs._facts) == set(mine._facts)
        assert theirs.dcf().run_id == mine.dcf().run_id
        assert theirs.dcf().sources == mine.dcf().sources


def test_a_layer_reads_the_same_over_both(installed: Installation):
    here, there = installed.here(), installed.over_http()
    there.company("AAPL").adjust(
        "operating_income", 2009, 310e6, layer="Adjusted", rationale="A fine, once."
    )

    mine, theirs = (
        each.company("AAPL", as_of=date(2025, 11, 1), layer="Adjusted").facts
        for each in (here, there)
    )

    assert theirs.equals(mine)
    assert (theirs.value != theirs.filed_value).sum() == 1


def test_a_valuation_is_saved_and_comes_back_with_its_sources(space: Workspace, apple: CompanyBook):
    first, why = a_dcf(apple)

    saved = first.save(f"The start, {space.desk.where}.", rationales=why)
    again = space.valuation(saved.id)

    assert (again.run_id, saved.run_id) == (first.run_id, first.run_id)
    assert saved.headline == first.per_share
    assert again.conventions["Currency"] == first.conventions["Currency"]
    assert "0000320193" in str(again.explain())
    assert saved.id in set(space.valuations("AAPL").id)


def test_scenarios_are_kept_with_the_value(space: Workspace, apple: CompanyBook):
    first, why = a_dcf(apple)
    weighed = first.scenarios({"bear": (0.3, {"terminal_growth": 0.0}), "base": (0.7, {})})

    assert first.save("With a bear.", rationales=why, scenarios=weighed).id


def test_a_simulation_gives_the_same_bytes_wherever_it_runs(installed: Installation):
    drivers = {"terminal_growth": vc.Normal(mean=0.02, sd=0.004)}
    columns = ("value_per_share", "fcff")

    mine, theirs = (
        a_dcf(each.company("AAPL"))[0].simulate(drivers, paths=20_000, seed=3, columns=columns)
        for each in (installed.here(), installed.over_http())
    )

    line = mine.study.summary.column
    assert np.array_equal(
        theirs.study.simulation.column(line), mine.study.simulation.column(line), equal_nan=True
    )
    assert theirs.table.equals(mine.table)
    assert theirs.drivers.equals(mine.drivers)
    assert theirs.above(40.0) == mine.above(40.0)
    assert theirs.study.means == mine.study.means
    assert str(theirs.study.by_year) == str(mine.study.by_year)
    assert theirs._repr_html_() == mine._repr_html_()


def test_a_simulation_tells_how_far_it_is_and_can_be_given_up(apple: CompanyBook):
    drivers = {"terminal_growth": vc.Normal(mean=0.02, sd=0.004)}
    run = a_dcf(apple)[0].begin_simulation(drivers, paths=1_000_000)

    assert 0.0 <= run.done < 1.0
    run.cancel()

    with pytest.raises(CancelledError):
        run.result()
    assert run.finished


def test_all_companies_are_valued_by_one_policy(installed: Installation):
    here, there = installed.here(), installed.over_http()
    told: list[float] = []

    theirs = there.batch({"terminal_growth": 0.01}, unfiled_is_nothing=True, progress=told.append)

    assert theirs.equals(here.batch({"terminal_growth": 0.01}, unfiled_is_nothing=True))
    assert theirs.value_per_share.notna().any()
    assert theirs.reason.str.len().gt(0).any()


def test_a_snapshot_is_read_whole_by_query_and_in_sql(space: Workspace):
    made = space.snapshots.publish()

    assert space.snapshots[made.id[:12]].manifest == made.manifest
    assert space.snapshots.latest().id == made.id
    assert made.id in set(space.snapshots.list().id)
    assert made.verify()
    companies = made["companies"]
    assert "not read yet" in repr(companies)
    assert companies.arrow().num_rows == made.manifest.rows_of("companies")
    assert set(companies.df().ticker) == set(space.companies().ticker)
    assert companies.df().attrs["snapshot_id"] == made.id
    peers = made.query("peer_set", company="AAPL")
    assert len(peers)
    assert "peer_set" in set(made.queries["query"])
    counted = made.sql("SELECT count(*) AS n FROM facts").df()
    assert counted.n[0] == made.manifest.rows_of("facts")


def test_datasets_are_only_for_those_who_may_read_what_they_were_made_of(space: Workspace):
    made = space.snapshots.publish()

    with pytest.raises(NotFound, match="no dataset 'nowhere'"):
        made["nowhere"]
    with pytest.raises(AccessDenied):
        made["audit"].df()


def test_refusals_are_the_same_errors_with_their_hints(space: Workspace, apple: CompanyBook):
    with pytest.raises(NotFound, match="no company 'NOWHERE'") as told:
        space.company("NOWHERE")
    assert told.value.hint
    with pytest.raises(GrowthNotBelowWacc) as told:
        a_dcf(apple)[0].change({"terminal_growth": 0.5}).save("Too much.")
    assert told.value.hint
    first, why = a_dcf(apple)
    with pytest.raises(BadInput, match="rationale of 0 characters") as told:
        first.save(" ", rationales=why)
    assert told.value.code == "bad_input"


def test_a_key_narrows_what_a_notebook_may_do(installed: Installation):
    reading = vc.open(url=installed.origin, key=installed.key(Scope.READ))

    with pytest.raises(OutOfScope):
        a_dcf(reading.company("AAPL"))[0].save("May not.")


def test_a_key_that_is_none_is_refused_and_named_nowhere(installed: Installation):
    with pytest.raises(SignInNeeded) as told:
        vc.open(url=installed.origin, key="vx_not_a_key_of_anybody")

    shown = "".join(
        traceback.TracebackException.from_exception(told.value, capture_locals=True).format()
    ).replace('key="vx_not_a_key_of_anybody"', "")
    assert "vx_not_a_key" not in shown


def test_no_face_of_a_workspace_shows_its_key(installed: Installation, capsys, caplog):
    key = installed.key()
    space = vc.open(url=installed.origin, key=key)
    assert isinstance(space.desk, RemoteDesk)
    inner = space, space.desk, space.desk._server
    shown = [space._repr_html_(), *map(repr, inner), *(repr(vars(each)) for each in inner)]

    assert not any(key in each for each in shown)
    assert key not in capsys.readouterr().out + caplog.text
    with pytest.raises(TypeError, match="not written down"):
        pickle.dumps(Key(key))


def test_a_key_opens_its_own_tenant_alone(installed: Installation):
    """S22."""
    with pytest.raises(BadInput, match="one of acme"):
        vc.open("rival", url=installed.origin, key=installed.key())


def test_the_settings_open_a_server(installed: Installation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VALOR_URL", installed.origin)
    with pytest.raises(BadInput, match="there is none"):
        vc.open()
    monkeypatch.setenv("VALOR_KEY", installed.key())
    assert vc.open().tenant == "acme"


def test_a_key_is_not_sent_where_others_read_it():
    for url in ("http://valor.example.com", "http://10.0.0.1:8501"):
        with pytest.raises(KeyInTheClear):
            Connection(url, Key("vx_k"))
    for url in ("valor.example.com", "ftp://valor", "https://anna:secret@valor.example.com", ""):
        with pytest.raises(BadInput, match="no address"):
            Connection(url, Key("vx_k"))


def test_a_server_that_does_not_answer_is_named():
    with listen(port=0) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServerNotReached, match=f"127.0.0.1:{port} does not answer"):
        Connection(f"http://127.0.0.1:{port}", Key("vx_k")).get("/me")


def test_bytes_that_were_changed_on_the_way_are_refused(installed: Installation):
    desk = installed.over_http().desk
    assert isinstance(desk, RemoteDesk)
    made = desk.publish()
    part = f"/snapshots/{made.id}/parts/{made.files[0].sha256}"

    raw = checked(desk._server, part, what="the dataset companies")

    assert hashlib.sha256(raw).hexdigest() == made.files[0].sha256
    with pytest.raises(ChangedOnTheWay):
        checked(desk._server, f"/snapshots/{made.id}/manifest", what="the manifest")


def test_a_refusal_that_this_version_does_not_know_is_still_its_kind():
    error = connection.refusal(
        {"code": "of_tomorrow", "detail": "New.", "hint": "Do."}, otherwise=NotFound
    )

    assert isinstance(error, NotFound)
    assert (str(error), error.code, error.hint) == ("New.", "of_tomorrow", "Do.")


@pytest.mark.parametrize("model", ["lbo", "statements", "credit", "comparables", "returns"])
def test_a_model_begins_alike_here_and_over_http(installed: Installation, model: str):
    here, there = (
        each.company("KO").start(model) for each in (installed.here(), installed.over_http())
    )

    assert dump(here.inputs) == dump(there.inputs)
    assert here.sources == there.sources
    assert here.basis == there.basis


def test_what_market_data_say_is_asked_of_either_desk(space: Workspace):
    methods = space.company("KO").market_methods()

    assert list(methods.columns) == [
        "input", "method", "value", "beta_kind", "choose_it", "source",
    ]  # fmt: skip


def test_a_view_shows_the_same_rows_and_totals_here_and_over_http(installed: Installation):
    view = View(dataset="facts", rows=("fiscal_year",), figures=("count",), limit=5)
    installed.here().snapshots.publish()

    here, there = (each.explore(view) for each in (installed.here(), installed.over_http()))

    assert len(here) == 5
    assert here.attrs["totals"] is not None
    assert here.equals(there)
    assert here.attrs == there.attrs


def test_the_chance_of_an_event_is_told_in_a_simulation_of_either_desk(apple: CompanyBook):
    made = a_dcf(apple)[0].simulate(
        {"terminal_growth": vc.Normal(mean=0.02, sd=0.004)},
        events=[vc.Event(line="value_per_share", threshold=0.0)],
        paths=1_024,
    )

    assert made.chances.loc["value_per_share below 0", "at all"] == 0.0


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, html="<h1>Sign in</h1>"),
        httpx2.Response(502, text="Bad gateway"),
        httpx2.Response(404, json={"message": "nothing here"}),
        httpx2.Response(307, headers={"location": "https://elsewhere.example"}),
    ],
)
def test_what_another_product_answers_is_no_answer_of_ours(answer: httpx2.Response):
    answer.request = httpx2.Request("GET", "https://valor.example.com/api/v1/me")

    told = connection.refusal_of(answer)

    assert isinstance(told, ServerNotReached)
    assert "not as this product does" in str(told)


@given(text=text(max_size=40))
def test_what_somebody_wrote_is_shown_as_text_and_never_as_markup(text: str):
    written = f"<img src=x onerror=alert(1)>{text}"

    told = shown(
        written, listed([written]), two_columns([(written, written)]),
        table(pd.DataFrame({written: [written]}, index=[written])), provenance=written,
    )  # fmt: skip

    assert "<img" not in told

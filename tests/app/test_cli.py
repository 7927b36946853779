"""The command line, by `main` itself: what it prints, where to, and its exit code."""

import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from app.api.application import create_api
from app.cli import main
from app.commands.working import tenant_id, the_open_store
from app.process import listen, origin
from app.web.callers import Callers
from app.web.identity import Identity
from app.web.strangers import strangers
from tests.app.web.serving import served
from tests.browser.installation import environment, served_from
from tests.coverage.filings import apple, as_bytes
from tests.coverage.notebooks import a_notebook
from tests.models.sound import a_dcf, a_direct_dcf
from tests.moulds import add_tenant
from tests.workbooks.audit.juice import juice_co
from valor_core.audit.offline import check
from valor_core.coverage.facts_csv import template
from valor_core.coverage.notebook_source import read_notebook
from valor_core.models.codec import dump
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.published import CASES
from valor_core.settings import ROOT, home
from valor_core.store.migrate import wanted_revision
from valor_core.tenancy.flags import FLAGS
from valor_core.values import Caller, Role, Scope
from valor_core.workbench import logbook, own_notebooks, people
from valor_core.workbench.members import member_named
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work, use_store

TRUTH = CASES
WHY = ("--reason", "as agreed")
MODELS = {"dcf": discounted_cash_flow, "dcf-direct": direct_cash_flow}


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs commands in this process, on the home of the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: object) -> Told:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["valor", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = self.capsys.readouterr()
        return Told(int(ended.value.code or 0), out, err)

    def refused(self, *arguments: object) -> str:
        """The sentence and the hint of a command that must be refused."""
        told = self(*arguments)
        assert told.code == 1
        assert told.out == ""
        *sentences, hint = told.err.splitlines()
        assert all(sentence.startswith("valor: ") for sentence in sentences), told.err
        assert hint.startswith("  → ")
        return told.err


@pytest.fixture
def empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """A command line on a home in which nothing stands."""
    monkeypatch.setenv("VALOR_HOME", str(tmp_path / "home"))
    yield CommandLine(capsys)
    close_store()
    use_store(None)
    structlog.reset_defaults()  # a command logs to its standard error, which was ours to read


def close_store() -> None:
    if the_open_store.cache_info().currsize:
        the_open_store().close()
    the_open_store.cache_clear()


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


def settled(command_line: CommandLine, kept: Path, *commands: tuple[str, ...]) -> CommandLine:
    """The command line on a home that these commands have made, once, and that is then copied."""
    if kept.exists():
        shutil.copytree(kept, home())
    else:
        for command in commands:
            assert command_line(*command).code == 0
        close_store()
        shutil.copytree(home(), kept)
    return command_line


@pytest.fixture
def valor(empty: CommandLine, homes: Path) -> CommandLine:
    """A command line on a migrated database with two tenants."""
    tenants = (("tenants", "add", slug) for slug in ("acme", "rival"))
    return settled(empty, homes / "tenants", ("migrate",), *tenants)


@pytest.fixture
def demo(empty: CommandLine, homes: Path) -> CommandLine:
    """A command line on the demo."""
    return settled(empty, homes / "demo", ("demo", "--no-months"))


def read_with(key: str, path: str) -> tuple[int, Any]:
    """What the API answers to the bearer of a key, on the database of the command line."""
    store = the_open_store()
    api = Starlette(
        routes=[Mount("/api/v1", app=create_api())],
        middleware=[
            Middleware(Identity, callers=Callers(store), cookie="unused", strangers=strangers())
        ],
    )
    headers = {"Authorization": f"Bearer {key}"}
    answer = TestClient(api, base_url="http://127.0.0.1").get(f"/api/v1{path}", headers=headers)
    return answer.status_code, answer.json()


def key_in(told: Told) -> str:
    return next(line for line in told.out.splitlines() if line.startswith("vx_"))


def test_a_database_that_nobody_migrated_is_refused_with_the_command_to_run(empty):
    assert "./valor migrate" in empty.refused("tenants", "list")


def test_migrating_again_changes_nothing(empty):
    assert empty("migrate").out == "migrated\n"
    assert empty("migrate") == Told(0, "the database is at this version already\n", "")


def test_tenants_are_made_once_and_listed(valor):
    assert "There is a tenant 'acme' already." in valor.refused("tenants", "add", "acme")
    assert "3 to 32" in valor.refused("tenants", "add", "Not A Name")

    listed = [line.split()[0] for line in valor("tenants", "list").out.splitlines()]

    assert listed == ["acme", "platform", "rival", "shared"]


def test_the_two_tenants_of_all_tests_are_made_as_the_commands_make_them(valor):
    for role, name in (("viewer", "vera"), ("analyst", "anna"), ("admin", "adam")):
        valor("members", "add", name, "--tenant", "acme", "--role", role)
    add_tenant(the_open_store(), "twin")

    logs = []
    for tenant in ("acme", "twin"):
        key = key_in(
            valor("keys", "add", "k", "--tenant", tenant, "--role", "admin", "--scope", "audit")
        )
        entries = read_with(key, "/audit")[1]["entries"]
        logs.append([(e["action"], e["actor"], e["details"].get("role")) for e in entries])

    assert logs[0] == logs[1]
    assert ("member.add", "operator:cli", "analyst") in logs[0]


def test_groups_open_tenants_and_are_closed_out_again(valor):
    assert "valor groups map GROUP" in valor("groups", "list").out
    desk_opens = ("groups", "map", "desk", "--tenant", "acme", *WHY)
    assert "from the next sign-in on: nothing → analyst" in valor(*desk_opens, "--dry-run").out
    assert "no group opens anything yet" in valor("groups", "list").out
    assert "from the next sign-in on: nothing → analyst" in valor(*desk_opens).out
    staff = valor("groups", "map", "staff", "--role", "operator", *WHY).out
    assert "in platform from the next sign-in on: nothing → operator" in staff
    nowhere = valor.refused("groups", "map", "x", "--tenant", "nowhere", *WHY)
    assert "no tenant 'nowhere'" in nowhere

    desk, staff = valor("groups", "list").out.splitlines()
    assert (desk.split()[1:], staff.split()[1:]) == (
        ["desk", "analyst", "acme"], ["staff", "operator", "platform"],
    )  # fmt: skip
    closed_out = ("groups", "unmap", desk.split()[0], *WHY)
    assert "analyst → nothing" in valor(*closed_out, "--dry-run").out
    assert len(valor("groups", "list").out.splitlines()) == 2
    assert valor(*closed_out).code == 0
    assert valor("groups", "list").out.splitlines() == [staff]


def test_who_is_signed_in_is_listed_and_shown_out(valor):
    valor("members", "add", "anna", "--tenant", "acme")
    assert valor("sessions", "list", "--tenant", "acme").out == "nobody is signed in to acme\n"
    for _ in range(3):
        link = valor("token", "anna", "--tenant", "acme").out
        redeem_token(the_open_store(), link.partition("#token=")[2].strip())

    first, *_ = valor("sessions", "list", "--tenant", "acme").out.splitlines()
    assert first.split()[1:4] == ["anna", "by", "link"]
    one = ("sessions", "end", first.split()[0], "--tenant", "acme", *WHY)
    assert valor(*one, "--dry-run").out.endswith("1 sign-in would end\n")
    assert valor(*one).out.endswith("1 sign-in ended\n")
    told = valor("sessions", "end", "--member", "anna", "--tenant", "acme", *WHY).out
    assert told.endswith("2 sign-ins ended\n")
    assert "not said which" in valor.refused("sessions", "end", "--tenant", "acme", *WHY)


def test_an_operator_signs_in_by_a_link_or_a_key_file(valor, tmp_path):
    file = tmp_path / "operator.key"
    assert "/login#token=platform." in valor("token", "--operator").out
    assert "keep it off this machine" in valor("token", "--operator", "--key-file", file).out
    assert "no operator 'oleg'" in valor.refused("token", "oleg", "--operator")
    assert "cannot be made" in valor.refused("token", "--operator", "--key-file", file)


def test_members_come_into_one_tenant_and_go_again(valor):
    for name, role in (("vera", "viewer"), ("anna", "analyst"), ("adam", "admin")):
        told = valor("members", "add", name, "--tenant", "acme", "--role", role)
        assert f"./valor token {name} --tenant acme" in told.out
    assert "There is a member 'anna'" in valor.refused("members", "add", "anna", "--tenant", "acme")

    listed = valor("members", "list", "--tenant", "acme").out.splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["adam", "admin"],
        ["anna", "analyst"],
        ["vera", "viewer"],
    ]
    assert valor("members", "list", "--tenant", "rival").out == ""

    why = ("--tenant", "acme", "--reason", "she left")
    told = valor("members", "role", "anna", "admin", *why, "--dry-run").out
    assert "anna: analyst → admin" in told
    assert "nothing was changed" in told
    for act in ("suspend", "resume", "remove"):
        assert valor("members", act, "anna", *why).code == 0
    assert "anna" not in valor("members", "list", "--tenant", "acme").out
    assert "no member 'anna'" in valor.refused("token", "anna", "--tenant", "acme")


@pytest.mark.parametrize(
    "command",
    [
        ("members", "add", "x"),
        ("members", "list"),
        ("members", "remove", "x", "--reason", "y"),
        ("members", "confirm", "x"),
        ("access", "ask", "--reason", "y"),
        ("access", "open", "x"),
        ("keys", "add", "x"),
        ("keys", "list"),
        ("keys", "rotate", "x"),
        ("keys", "revoke", "x", *WHY),
        ("token",),
        ("snapshot", "publish"),
        ("audit", "verify"),
        ("audit", "export", "--out", "nowhere"),
        ("retention", "run"),
        ("retention", "keep", "act", "365", "--reason", "y"),
    ],
    ids=" ".join,
)
def test_a_tenant_that_is_not_there_is_named(valor, command):
    told = valor.refused(*command, "--tenant", "nowhere")

    assert "There is no tenant 'nowhere'." in told
    assert "`valor tenants list`" in told


def test_a_model_that_is_not_there_is_told_those_that_are(empty):
    told = empty.refused("value", "nosuch")

    assert "There is no model 'nosuch'." in told
    assert "dcf, dcf_direct" in told


def test_a_role_that_no_member_can_have_is_refused(valor):
    assert "viewer, analyst or admin" in valor.refused(
        "members", "add", "eve", "--tenant", "acme", "--role", "operator"
    )
    told = valor("members", "add", "eve", "--tenant", "acme", "--role", "boss")
    assert told.code == 2
    assert "Usage: valor members add" in told.err


def test_a_key_opens_its_own_tenant_until_it_is_revoked(valor):
    made = {
        tenant: valor(
            "keys", "add", "book", "--tenant", tenant, "--role", "admin", "--scope", "audit"
        )
        for tenant in ("acme", "rival")
    }
    valor("members", "add", "anna", "--tenant", "acme")

    for tenant, told in made.items():
        status, me = read_with(key_in(told), "/me")
        assert (status, me["tenant"], me["role"], me["kind"]) == (200, tenant, "admin", "key")
        assert key_in(told) not in valor("keys", "list", "--tenant", tenant).out
    acts = {
        tenant: [entry["action"] for entry in read_with(key_in(told), "/audit")[1]["entries"]]
        for tenant, told in made.items()
    }
    assert "member.add" in acts["acme"]
    assert "member.add" not in acts["rival"]

    key_id = valor("keys", "list", "--tenant", "acme").out.split()[0]
    rotated = valor("keys", "rotate", key_id, "--tenant", "acme", "--overlap-days", "3")
    assert read_with(key_in(rotated), "/me")[1]["tenant"] == "acme"
    assert "no key" in valor.refused("keys", "revoke", key_id, "--tenant", "rival", *WHY)
    revoked = ("keys", "revoke", key_id, "--tenant", "acme", *WHY)
    assert "works → would be refused" in valor(*revoked, "--dry-run").out
    assert "works → is refused" in valor(*revoked).out
    assert "revoked" in valor("keys", "list", "--tenant", "acme").out
    assert read_with(key_in(made["acme"]), "/me")[0] == 401
    assert read_with(key_in(made["rival"]), "/me")[0] == 200


def test_an_operator_suspends_a_tenant_and_takes_access_in_an_emergency(valor):
    told = valor("tenants", "suspend", "rival", "--reason", "unpaid", "--dry-run").out
    assert "would be shut out" in told
    valor("tenants", "suspend", "rival", "--reason", "unpaid")
    assert "suspended" in valor("tenants", "list").out
    assert valor("tenants", "resume", "rival", "--reason", "paid").code == 0

    why = ("--tenant", "acme", "--reason", "the import fails")
    assert "asked for" in valor("access", "ask", *why).out
    taken = valor("access", "ask", *why, "--emergency").out.split()[1].rstrip(":")
    assert "in force" in valor("access", "list", "--tenant", "acme").out
    assert "/login#token=acme-" in valor("access", "open", taken, "--tenant", "acme").out
    ended = ("access", "end", taken, "--tenant", "acme", *WHY)
    assert "in force → ended" in valor(*ended, "--dry-run").out
    assert valor(*ended).code == 0
    assert "This access is ended" in valor.refused("access", "open", taken, "--tenant", "acme")


def own_key(member: str, *scopes: Scope) -> str:
    """A key that a member of acme has made on the page API keys."""
    tenant = tenant_id("acme")
    with open_work(
        Caller(tenant_id=tenant, user_id="o", role=Role.OPERATOR, kind="operator")
    ) as work:
        row = member_named(work, member)
    who = Caller(tenant_id=tenant, user_id=row.user_id, role=Role(row.role))
    with open_work(who) as work:
        return people.add_own_key(work, f"{member}'s", scopes)[1]


def test_two_officers_hold_and_release_each_by_a_key_of_their_own(valor, monkeypatch):
    for name in ("cleo", "carl"):
        valor("members", "add", name, "--tenant", "acme", "--role", "compliance")
    cleo, carl = (own_key(name, Scope.DECIDE) for name in ("cleo", "carl"))
    monkeypatch.setenv("VALOR_API_KEY", cleo)
    assert "no legal hold was set" in valor("holds", "list").out
    hold = valor("holds", "set", "--reason", "an inquiry").out.split()[1]
    assert valor("holds", "ask-release", hold, "--reason", "it is settled").code == 0
    release = ("holds", "release", hold, "--reason", "it is settled")
    assert "needs another person" in valor.refused(*release)

    monkeypatch.setenv("VALOR_API_KEY", carl)
    assert f"hold {hold} would be released" in valor(*release, "--dry-run").out
    assert "released by" not in valor("holds", "list").out
    assert f"hold {hold} is released" in valor(*release).out
    told = valor("holds", "list").out
    assert "everything: an inquiry; set by cleo" in told
    assert "asked for by cleo; released by carl" in told
    status, over_http = read_with(cleo, "/holds")
    assert (status, [each["id"] for each in over_http["holds"]]) == (200, [hold])


def test_an_administrator_lets_an_operator_in_by_a_key_of_their_own(valor, monkeypatch):
    valor("members", "add", "ada", "--tenant", "acme", "--role", "admin")
    why = ("--tenant", "acme", "--reason", "the import fails")
    asked = [valor("access", "ask", *why).out.split()[1].rstrip(":") for _ in range(2)]
    monkeypatch.setenv("VALOR_API_KEY", own_key("ada", Scope.DECIDE))
    give = ("access", "give", asked[0], *WHY)
    assert "asked for → in force until" in valor(*give, "--dry-run").out
    assert valor("access", "list", "--tenant", "acme").out.count("asked for") == 2
    assert "asked for → in force until" in valor(*give).out
    assert "asked for → ended" in valor("access", "refuse", asked[1], *WHY).out
    with open_work(Caller(tenant_id=tenant_id("acme"), user_id="x", role=Role.ADMIN)) as work:
        told = [(row.action, row.actor[:4]) for row in logbook.read_log(work, limit=2)]
    assert told == [("grant.end", "key:"), ("grant.give", "key:")]


@pytest.mark.parametrize(
    ("scopes", "problem"),
    [
        (None, "VALOR_API_KEY holds no key"),
        ((), "VALOR_API_KEY is no API key"),
        ((Scope.ADMIN,), "needs decide"),
        ((Scope.DECIDE,), "may not do audit.hold_set"),
    ],
)
def test_what_takes_a_certain_person_is_done_by_nobody_else(valor, monkeypatch, scopes, problem):
    """By no operator at the machine, no key of another scope and nobody of another role."""
    if scopes is not None:
        valor("members", "add", "ada", "--tenant", "acme", "--role", "admin")
        key = own_key("ada", *scopes) if scopes else "vx_acme.nobodys"
        monkeypatch.setenv("VALOR_API_KEY", key)
    hold = ("holds", "set", "--reason", "an inquiry")
    asked = ("access", "give", "nothing", *WHY)

    assert problem in valor.refused(*(asked if scopes == (Scope.ADMIN,) else hold))


@pytest.mark.parametrize("days", [0, -3, 10**20])
def test_a_key_lasts_between_a_day_and_a_year(valor, days):
    refused = valor.refused("keys", "add", "x", "--tenant", "acme", "--days", days)

    assert f"cannot last {days} days" in refused


def test_a_sign_in_link_names_the_address_where_the_server_listens(valor):
    valor("members", "add", "anna", "--tenant", "acme")

    for host, port in (("127.0.0.1", 8501), ("::1", 9000)):
        told = valor("token", "anna", "--tenant", "acme", "--host", host, "--port", port)
        assert told.out.startswith(f"{origin(host, port)}/login#token=acme-")


def test_the_demo_is_seeded_without_a_question_and_only_once(demo):
    again = demo("demo", "--no-months").out
    assert again == "the demo is ready, 0 valuations were made; ./valor serve opens it\n"
    log = demo("audit", "verify", "--tenant", "demo", "--json").json
    assert [(verdict["holds"], verdict["findings"]) for verdict in log] == [(True, [])]
    assert log[0]["size"] > 5  # the tenant, its member, its valuations


def test_the_example_of_the_documents_has_a_value(empty):
    told = empty("value", "dcf", "--input", ROOT / "docs" / "examples" / "dcf.json").json

    assert told["result"]["value_per_share"] > 0


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("dcf", a_dcf()),
        ("dcf-direct", a_direct_dcf()),
    ],
)
def test_a_value_is_printed_as_json_or_as_its_tree(empty, tmp_path, model, inputs):
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"inputs": dump(inputs)}))

    told = empty("value", model, "--input", case).json
    tree = empty("value", model, "--input", case, "--explain").out

    assert set(told) == {"model", "model_version", "run_id", "result", "conventions", "checks"}
    assert told["model"] == model.replace("-", "_")
    per_share = MODELS[model](inputs).value_per_share
    assert told["result"]["value_per_share"] == pytest.approx(per_share, rel=1e-12)
    assert tree.startswith("value_per_share = ")
    assert not (tmp_path / "home").exists()  # nothing is kept


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read as JSON"),
        ('{"wacc": NaN}', "NaN is not a number"),
        ("[]", "an object is meant"),
        ('{"yaers": 5}', "yaers: is unknown; did you mean years?"),
        (None, "No such file"),
    ],
)
def test_a_case_that_cannot_be_valued_is_refused_with_the_reason(empty, tmp_path, content, problem):
    case = tmp_path / "case.json"
    if content is not None:
        case.write_text(content)

    assert problem in empty.refused("value", "dcf", "--input", case)


def test_the_example_of_a_simulation_tells_percentiles_what_was_refused_and_its_seed(empty):
    files = ROOT / "docs" / "examples"

    told = empty(
        "simulate", "dcf", "--input", files / "dcf.json", "--plan", files / "plan.json"
    ).json

    at = {each["level"]: each["value"] for each in told["summary"]["percentiles"]}
    assert at[0.05] < at[0.5] < at[0.95]
    assert (told["scenarios"], told["seed"], told["refused"]) == (16384, 7, [])
    assert len(told["by_year"]["base"]) == 10
    assert {each["path"] for each in told["rank_correlations"]} == {
        "growth.start", "margin.start", "terminal_growth",
    }  # fmt: skip
    assert told["sobol"] == []  # drivers that depend on each other share the variance


def test_all_companies_are_valued_by_a_policy_from_a_file(demo, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text('{"unfiled_is_nothing": true, "prices": [{"company": "KO", "price": 30}]}')

    told = demo("batch", "--policy", policy, "--json").json
    read = demo("batch").out

    ko = next(row for row in told["rows"] if row["ticker"] == "KO")
    assert (told["valued"], told["companies"]) == (17, 18)
    assert ko["upside"] == pytest.approx(ko["value"] / 30 - 1)
    assert ko["old"]
    assert ko["fiscal_year"] < told["newest_year"] - 2
    assert "0 of 18 companies valued" in read
    assert "SIC 6021" in read


def test_published_cases_pass_and_their_rows_say_so(empty):
    told = empty("proof", "--cases", TRUTH, "--json")

    assert told.code == 0
    assert {row["status"] for row in told.json} == {"passed"}
    assert {row["id"] for row in told.json} == {path.stem for path in TRUTH.glob("*.json")}
    assert all(set(row) == {"id", "model", "status", "differences"} for row in told.json)


def test_whatever_is_not_passed_makes_the_exit_code_and_stops_no_other_case(empty, tmp_path):
    sound = {"id": "sound", "model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": 0.1}
    wrong = {**sound, "id": "wrong", "expected": 0.2}
    cases = {"a": wrong, "b": {**sound, "id": "", "model": "astrology"}, "d": [sound, wrong]}
    for name, content in cases.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "c.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no case")

    told = empty("proof", "--cases", tmp_path, "--json")
    read = empty("proof", "--cases", tmp_path)

    assert told.code == read.code == 1
    assert [(row["id"], row["status"]) for row in told.json] == [
        ("wrong", "failed"),
        ("b", "unsupported"),
        ("c", "failed"),
        ("sound", "passed"),
        ("wrong", "failed"),
    ]
    assert "differs by 0.1" in told.json[0]["differences"][0]["problem"]
    assert "cannot be read as JSON" in told.json[2]["differences"][0]["problem"]
    assert "differs by 0.1, more than 2e-10 (published 0.2, ours 0.1)" in read.out
    assert "1 of 5 cases passed" in read.out

    (tmp_path / "b.json").unlink()
    for name in ("a", "c", "d"):
        (tmp_path / f"{name}.json").write_text(json.dumps(sound))
    assert empty("proof", "--cases", tmp_path).code == 0
    (tmp_path / "b.json").write_text(json.dumps({**sound, "model": "astrology"}))
    assert empty("proof", "--cases", tmp_path).code == 1


def test_the_schema_of_published_cases_is_printed(empty):
    told = empty("proof", "--schema").json

    assert {json.loads(path.read_text())["model"] for path in TRUTH.glob("*.json")} == set(told)
    assert "revenue0" in told["dcf_fcff_drivers"]["inputs"]["properties"]


def test_a_folder_without_cases_proves_nothing(empty, tmp_path):
    assert "holds no .json case" in empty.refused("proof", "--cases", tmp_path)
    assert "There is no folder" in empty.refused("proof", "--cases", tmp_path / "nowhere")


def test_the_shipped_cases_prove_the_engine_where_no_folder_is_named(empty):
    assert "0 of" not in empty("proof").out
    assert "differs" not in empty("proof").out


def test_documents_are_imported_once_into_their_tenant_alone(valor, tmp_path):
    filing, table = tmp_path / "apple.json", tmp_path / "facts.csv"
    filing.write_bytes(as_bytes(apple()))
    table.write_text(template())

    for document in (filing, table):
        first = valor("import", document, "--tenant", "acme")
        again = valor("import", document, "--tenant", "acme")
        assert "new figures of 1 company" in first.out
        assert "nothing changed" in again.out

    keys = {one: key_in(valor("keys", "add", "k", "--tenant", one)) for one in ("acme", "rival")}
    assert read_with(keys["acme"], "/companies")[1]["companies"]
    assert read_with(keys["rival"], "/companies")[1]["companies"] == []


def test_what_a_company_filed_is_fetched_by_its_ticker(valor, sec):
    first, again = (
        valor("fetch", "fundamentals", "--ticker", "AAPL", "--tenant", "acme") for _ in range(2)
    )

    assert first.out.startswith("Apple Inc.: ")
    assert "nothing was filed since" in again.out
    assert "no company has the ticker ZZZZ" in valor.refused(
        "fetch", "fundamentals", "--ticker", "ZZZZ", "--tenant", "acme"
    )


def test_a_series_is_fetched_from_who_is_ready_and_a_key_is_read_from_the_standard_input(
    valor, monkeypatch
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret-key-1\n"))
    days = ("--start", "2024-01-02", "--end", "2024-01-05", "--tenant", "acme")

    before = valor("providers", "list", "--tenant", "acme")
    kept = valor("providers", "key", "set", "tiingo", "--tenant", "acme")
    after = valor("providers", "list", "--tenant", "acme")
    fetched = valor("fetch", "series", "bars", "AAPL", "--provider", "replay", *days)
    dropped = valor("providers", "key", "drop", "tiingo", "--tenant", "acme", *WHY)

    assert "tiingo   needs a key" in before.out
    assert "tiingo   ready" in after.out
    assert "s3cret" not in kept.out + kept.err + after.out
    assert fetched.out == "AAPL: 4 rows in USD, invented\n"
    assert dropped.code == 0
    assert "is no day" in valor.refused(
        "fetch", "series", "bars", "AAPL", "--provider", "replay", "--start", "1.1.24",
        "--end", "2024-01-05", "--tenant", "acme",
    )  # fmt: skip


def test_every_flaw_of_a_document_is_told_at_once_and_nothing_is_imported(valor, tmp_path):
    table = tmp_path / "facts.csv"
    header, row, *_ = template().splitlines()
    table.write_text("\n".join([header, *[row.replace("391035000000", "much")] * 30]))

    refused = valor.refused("import", table, "--tenant", "acme")

    assert all(f"row {n}, value:" in refused for n in range(2, 32))
    assert "neither a .json" in valor.refused("import", __file__, "--tenant", "acme")
    assert "There is no file" in valor.refused("import", tmp_path, "--tenant", "acme")
    key = key_in(valor("keys", "add", "k", "--tenant", "acme"))
    assert read_with(key, "/companies")[1]["companies"] == []


def test_a_workbook_is_audited_without_a_tenant(empty, tmp_path):
    mistaken, mended = tmp_path / "mistaken.xlsx", tmp_path / "mended.xlsx"
    mistaken.write_bytes(juice_co(mistaken=True))
    mended.write_bytes(juice_co(mistaken=False))

    told, listed = (
        empty("workbook", "audit", mistaken),
        empty("workbook", "audit", mistaken, "--json"),
    )
    sound = empty("workbook", "audit", mended)

    assert (told.code, listed.code, sound.code) == (1, 1, 0)
    assert told.out.startswith("3 errors in 19 formulas on 2 sheets.")
    assert "error    DCF!C30" in told.out
    assert [each["cells"] for each in listed.json["findings"]] == ["C30", "C50", "C50:G50"]
    assert sound.out == "Nothing was found in 19 formulas on 2 sheets.\n"
    assert "cannot be read as a workbook" in empty.refused("workbook", "audit", __file__)
    assert "There is no file" in empty.refused("workbook", "audit", tmp_path)


def test_a_filed_figure_is_adjusted_in_a_layer_and_what_was_never_filed_is_not(demo):
    reason = ("--layer", "Adjusted", "--why", "a fine, once")

    done = demo("adjust", "KO", "operating_income", 2009, "310e6", *reason)

    assert done.out.strip() == "operating_income of FY2009: +310,000,000 USD in Adjusted"
    taken = demo("adjust", "KO", "operating_income", 2009, "-10e6", *reason)
    assert taken.out.strip() == "operating_income of FY2009: -10,000,000 USD in Adjusted"
    assert "nothing to adjust" in demo.refused("adjust", "KO", "revenue", 1999, "1", *reason)


def test_a_snapshot_is_published_and_found_again_unchanged(demo):
    first = demo("snapshot", "publish", "--json").json
    again = demo("snapshot", "publish").out

    assert set(first) == {"id", "files"}
    assert {Path(file).suffix for file in first["files"]} == {".parquet"}
    assert again.startswith("snapshot ")
    assert demo("snapshot", "list").out.splitlines()[-1].startswith(first["id"][:12])
    assert "parts are new" in demo("snapshot", "show", first["id"][:8]).out
    assert demo("snapshot", "show", "--json").json["parent"] == first["id"]
    assert "as published" in demo("snapshot", "verify").out
    assert demo("snapshot", "gc").out == "0 snapshots and 0 files cleared away in demo\n"


def test_a_report_is_run_and_told_as_json(demo):
    told = demo("report", "run", "valuation", "--param", "company=AAPL", "--json")

    assert (told.code, told.json["status"]) == (0, "succeeded")
    assert told.json["parameters"]["company"] == "AAPL"
    assert Path(told.json["html"]).read_text().startswith("<!DOCTYPE html>")
    result = Path(told.json["result"])
    json.loads(result.read_text())
    assert told.json["outputs"]["result.json"] == sha256(result.read_bytes()).hexdigest()
    assert told.json["run_id"] in told.json["folder"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["valuation", "--param", "compny=AAPL"], "compny: is no parameter"),
        (["valuation", "--param", "company"], "has no '='"),
        (["valuation", "--param", "company=KO", "--param", "company=AAPL"], "given twice"),
        (["valuation", "--param", "company=NOBODY"], "There is no company 'NOBODY'"),
        (["valuation"], "company: is missing"),
        (["horoscope"], "There is no report 'horoscope'"),
    ],
)
def test_a_report_with_other_parameters_is_refused_before_it_starts(demo, arguments, problem):
    assert problem in demo.refused("report", "run", *arguments)
    assert not (home() / "reports").exists()


def test_a_notebook_of_ones_own_is_registered_read_and_decided_of_on_the_command_line(
    demo, tmp_path: Path
):
    file = tmp_path / "covenants.ipynb"
    file.write_bytes(a_notebook("parameters:years: int = 5", "1 + 1  # \x1b[2K\u202e", "!ls"))
    register = ("report", "register", file, "--name", "covenants", "--title", "Covenant check")
    assert "switched off for your tenant" in demo.refused(*register)
    demo("flags", "override", "own_notebooks", "true", "--tenant", "demo", "--reason", "we may")
    assert "report register FILE" in demo("report", "notebooks").out

    made = demo(*register, "--json").json

    assert "version 1 of Covenant check, to the byte" in demo.refused(*register)
    assert demo("report", "notebooks").out.split()[:3] == ["covenants", "1", "waiting"]
    told = demo("report", "review", "own:covenants").out
    assert all(each in told for each in ("years (int)", "command      !ls", made["sha256"]))
    assert "+1 + 1  # \\x1b[2K\\u202e" in told
    named = ("covenants", "--sha256", made["sha256"])
    assert "somebody else approves" in demo.refused("report", "approve", *named)
    assert "There is no notebook 'covenants 2'" in demo.refused(
        "report", "review", "covenants", "--version", "2"
    )
    with open_work(Caller(tenant_id=tenant_id("demo"), user_id="anna", role=Role.ANALYST)) as work:
        own_notebooks.register_notebook(
            work, read_notebook(a_notebook("1 + 2")), name="covenants", title="Covenant check",
            file_name="c.ipynb",
        )  # fmt: skip
    assert "its SHA-256 is another" in demo.refused("report", "approve", *named)
    anew = sha256_of(demo("report", "review", "covenants").out)
    assert "version 2, runs" in demo("report", "approve", "covenants", "--sha256", anew).out
    assert (
        "version 2, is withdrawn"
        in demo("report", "withdraw", "covenants", "--why", "out of date").out
    )
    assert "already" in demo.refused("report", "reject", "covenants", "--why", "out of date")


def sha256_of(told: str) -> str:
    return next(line.split()[1] for line in told.splitlines() if line.startswith("SHA-256"))


def test_where_reports_go_and_who_is_told_of_failures_is_said_on_the_command_line(valor):
    here = ("--tenant", "acme")
    assert "Reports of acme stay here" in valor("destinations", "list", *here).out
    secret = valor(
        "destinations", "add", "Hook", "--webhook", "https://hooks.example.com/valor", *here
    ).out
    assert "Its secret, shown this once: whsec_" in secret
    valor("destinations", "add", "Desk", "--folder", "Desk", *here)
    assert "There is Desk, Hook." in valor.refused(
        "jobs", "change", "snapshot", "--tell", "Nobody", *WHY, *here
    )
    change = ("jobs", "change", "snapshot", *WHY, *here)
    assert valor(*change, "--tell", "Desk").code == 0
    foreseen = valor(*change, "--pause", "--dry-run").out
    assert "next runs after: none" in foreseen
    assert "would be paused" in foreseen
    assert "every day at 02:10" in valor("jobs", "list", *here).out
    assert valor(*change, "--pause").out.endswith("paused\n")
    assert "no report is scheduled in acme" in valor("report", "schedules", *here).out
    listed = valor("destinations", "list", "--json", *here)
    assert [(each["name"], each["kind"]) for each in listed.json] == [
        ("Desk", "folder"), ("Hook", "webhook")
    ]  # fmt: skip
    assert "whsec_" not in listed.out
    assert valor("destinations", "end", "Desk", *here).code == 0
    assert "Desk" not in valor("destinations", "list", *here).out
    assert valor("destinations", "add", "Both", "--email", "a@b.ch", "--folder", "B", *here).code


def test_a_tenant_is_billed_by_the_sandbox_and_each_difference_is_told(demo):
    price = ("billing", "price", "valuations", 250, "USD", "--tenant", "demo", "--plan", "team")
    for said in (("--dry-run",), ()):
        told = demo(*price, *WHY, *said).out
        assert re.match("valuations of demo from .* on: no price → 2.50 USD for 1", told)
    use_store(the_open_store())
    with served(Starlette(routes=[Mount("/api/v1", app=create_api())])) as server:
        sent = demo("billing", "sandbox", "--url", server.origin, "--seed", 4)
    assert sent.code == 0, sent.out
    assert "for 5 uses, 0 answered otherwise" in sent.out

    found = demo("billing", "reconcile")
    assert found.code == 0
    assert "unexplained 0.00 USD" in found.out
    for line in ("QUANTITY_MISMATCH", "PRICE_MISMATCH", "ROUNDING", "(no tenant of ours)"):
        assert line in found.out
    rows = demo("billing", "reconcile", "--csv").out.splitlines()
    assert rows[0].startswith("tenant,day,meter")
    assert sum(row.startswith("tenant,") for row in rows) == 1
    inbox = demo("billing", "inbox").out
    assert "evt_4_poison" in inbox
    assert "quarantined" in inbox
    assert "set aside" in demo.refused("billing", "retry", "evt_4_poison")
    assert "is set aside" in demo("billing", "set-aside", "evt_4_poison", *WHY).out
    assert "set_aside" in demo("billing", "inbox").out
    assert demo("billing", "retry", "evt_4_nobodys").code == 0
    assert "is no day" in demo.refused("billing", "reconcile", "--from", "yesterday")


def test_a_log_is_exported_kept_and_goes_on_under_another_key(demo, tmp_path):
    keep = ("retention", "keep", "act", 365, "--reason", "our policy")
    assert "details would be kept 365 days in demo" in demo(*keep, "--dry-run").out
    assert demo(*keep).out.splitlines() == [
        "the next purge takes the details of 0 entries; 0 are held from it",
        "act: details are kept 365 days in demo",
    ]
    assert "0 entries would be purged, 0 are held" in demo("retention", "run", "--dry-run").out
    assert demo("retention", "run").out.splitlines()[0].endswith(" 0 series purged")
    assert demo("audit", "rotate", *WHY, "--dry-run").out.startswith("key 2 would sign 3 logs")
    assert demo("audit", "rotate", *WHY).out.startswith("key 2 signs 3 logs")
    told = demo("audit", "export", "--out", tmp_path / "deep" / "audit")

    assert told.code == 0
    assert "python3 -I verify.py ." in told.out
    assert (
        check({each.name: each.read_bytes() for each in (tmp_path / "deep/audit").iterdir()}) == []
    )
    assert "operator changed the key of the log" in demo("audit", "list").out
    assert demo("audit", "list", "--action", "audit.export", "--limit", 1).out.count("\n") == 1
    proof = demo("audit", "prove", 1).json
    assert (proof["index"], proof["entry"]["seq"], len(proof["hashes"]) > 0) == (0, 1, True)
    assert "is not an empty folder" in demo.refused("audit", "export", "--out", tmp_path / "deep")
    assert demo("audit", "verify").code == 0


def test_a_log_that_was_changed_is_told_with_its_first_bad_entry(demo):
    """S44."""
    assert demo("audit", "verify").code == 0
    with sqlite3.connect(home() / "valor.sqlite") as attacker:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (guard,) in attacker.execute(guards).fetchall():
            attacker.execute(f'DROP TRIGGER "{guard}"')
        attacker.execute("UPDATE audit_logs SET action = 'me.read' WHERE seq = 3")

    told = demo("audit", "verify", "--json")
    read = demo("audit", "verify")

    assert told.code == read.code == 1
    assert "DOES NOT HOLD" in read.out
    bad = [row for row in told.json if not row["holds"]]
    assert [row["findings"][0]["seq"] for row in bad] == [3]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"VALOR_HOME": "/proc/nowhere"}, "VALOR_HOME"),
        ({"DB_URL": "postgresql://x@127.0.0.1:1/x"}, "cannot be opened"),
        ({"DB_URL": "somewhere"}, "no address of a Postgres database"),
    ],
)
@pytest.mark.parametrize("command", [("migrate",), ("tenants", "list"), ("demo",)], ids=" ".join)
def test_a_database_that_cannot_be_reached_is_told_in_a_sentence(
    empty, monkeypatch, settings, problem, command
):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert problem in empty.refused(*command)


def test_what_cannot_be_served_is_refused_before_anything_is_made(empty):
    with listen(port=0) as taken:
        port = taken.getsockname()[1]
        assert "which is free" in empty.refused("serve", "--port", port)
    assert "not a loopback address" in empty.refused("serve", "--host", "0.0.0.0")
    assert "between 1024 and 65535" in empty.refused("serve", "--port", 70_000)
    assert not home().exists()


def test_the_process_serves_on_another_loopback_address_and_signs_in_by_its_link(tmp_path):
    with (
        served_from(tmp_path, "--host", "::1") as installation,
        httpx2.Client(base_url=installation.origin) as browser,
    ):
        assert installation.origin.startswith("http://[::1]:")
        assert browser.get("/healthz").status_code == 200
        token = installation.link.partition("#token=")[2]
        own = {"Origin": installation.origin, "X-VX-CSRF": "1"}
        assert browser.post("/login", json={"token": token}, headers=own).status_code == 200
        assert browser.get("/api/v1/me").json()["name"] == "you"


def test_a_refusal_of_the_process_is_a_sentence_without_a_traceback(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "app.cli", "tenants", "list"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.splitlines() == [
        f"valor: The database is at revision none, this version needs {wanted_revision()}.",
        "  → Run: ./valor migrate",
    ]


def test_a_plan_is_defined_tried_assigned_overridden_and_told(valor):
    defined = ("plans", "define", "team", "--name", "Team", "--limit", "valuations_per_month=5",
               *WHY)  # fmt: skip
    assert "would have version 1 now" in valor(*defined, "--dry-run").out
    told = valor(*defined).out
    assert told.startswith("price: none → 0.00 USD\nvaluations_per_month: 100000 → 5\n")
    assert "plan team has version 1 now" in told
    valor(*defined, "--limit", "imports_per_day=none", "--feature", "workbook_audit=false")
    assert "workbook_audit=False" in valor("plans", "list").out

    assign = ("plans", "assign", "team", "--tenant", "acme", "--reason", "they grew")
    told = valor(*assign, "--dry-run").out
    assert told.splitlines() == [
        "price a month: no plan → 0.00 USD",
        "valuations_per_month: 100000 → 5; 0 used, 0 held, left: 100000 → 5",
        "workbook_audit: True → False",
        "acme would have the plan team from now on",
    ]
    assert "no plan" in valor("plans", "show", "--tenant", "acme").out
    assert "has the plan team" in valor(*assign).out
    assert "team version 2; they grew" in valor("plans", "history", "--tenant", "acme").out
    assert valor("plans", "history", "--tenant", "rival").out == ""

    until = ("--tenant", "acme", "--reason", "a deal")
    made = valor("plans", "override", "valuations_per_month", "none", *until).out
    override = made.split()[1]
    assert "valuations_per_month: 5 → no limit; 0 used, 0 held, left: 5 → no limit" in made
    ended = valor("plans", "end-override", override, *until, "--dry-run").out
    assert ended.startswith("valuations_per_month: no limit → 5; 0 used, 0 held, left: ")
    assert "override: a deal" in valor("plans", "show", "--tenant", "acme").out
    assert "has ended" in valor("plans", "end-override", override, *until).out
    assert "plan: Team, version 2" in valor("plans", "show", "--tenant", "acme").out

    to_zurich = ("plans", "zone", "Europe/Zurich", "--tenant", "acme", "--reason", "they moved")
    assert "would be those of Europe/Zurich" in valor(*to_zurich, "--dry-run").out
    assert " UTC → " in valor(*to_zurich).out
    shown = valor("plans", "show", "--tenant", "acme").out
    assert "Europe/Zurich" in shown
    assert re.search(r"imports_per_month .* 0 used, 0 held +\d{4}-\d\d-01 00:00 CE", shown)
    nowhere = ("plans", "zone", "Nowhere", "--tenant", "acme", "--reason", "y")
    assert "no time zone" in valor.refused(*nowhere)
    assert "no whole number" in valor.refused("plans", "override", "imports_per_day", "x", *until)
    assert "no limit 'imports'" in valor.refused(*defined, "--limit", "imports=3")
    assert "no flag 'x'" in valor.refused(*defined, "--feature", "x=true")
    assert "true or false" in valor.refused(*defined, "--feature", "workbook_audit=3")


def test_a_flag_is_killed_for_all_overridden_for_one_and_explained(valor):
    def explained(tenant: str) -> str:
        return valor("flags", "explain", "fact_import", "--tenant", tenant).out

    why = ("--reason", "a breach")
    off = ("flags", "override", "fact_import", "false", "--tenant", "acme", *why)
    assert "of acme: true → false, by the tenant override" in valor(*off, "--dry-run").out
    assert explained("acme").startswith("fact_import is true")
    valor(*off)
    assert explained("acme").startswith("fact_import is false, by the tenant override")
    assert explained("rival").startswith("fact_import is true, by the default")
    told = valor("flags", "kill", "fact_import", *why, "--dry-run").out
    assert told == "tenants that have it: 1 → 0 of 2\nfact_import would be off for every tenant\n"
    assert "is off for every tenant" in valor("flags", "kill", "fact_import", *why).out
    assert explained("rival").startswith("fact_import is false, by the kill switch")
    assert "Switched off for all: a breach." in explained("rival")
    valor("flags", "revive", "fact_import", *why)
    valor("flags", "rollout", "fact_import", 100, *why)
    assert explained("rival").startswith("fact_import is true, by the rollout")
    ended = valor("flags", "end-override", "fact_import", "--tenant", "acme", *why).out
    assert ended == "fact_import of acme: false → true, by the rollout\ndone\n"
    assert valor("flags", "explain", "--tenant", "acme").out.count("to be gone by") == len(FLAGS)
    assert "no flag 'nowhere'" in valor.refused("flags", "kill", "nowhere", *why)


def test_whom_to_ask_is_set_and_shown_from_the_command_line(demo):
    told = demo("routing", "set", "bars", "replay", "--reason", "to try it").out
    assert "now: replay" in told
    assert "fx            version 0: ecb" in demo("routing", "show").out
    assert "'wheat' is no kind of data" in demo.refused("routing", "set", "wheat", "replay",
                                                        "--reason", "x")  # fmt: skip
    assert demo("routing", "log").out == ""
    assert "Nothing stands in for 'folder'" in demo.refused("demo", "degrade", "folder")


def test_streams_and_premia_are_set_and_shown_from_the_command_line(demo):
    feed = demo("feeds", "start", "replay", "ko").out.split()[0]
    (told,) = demo("feeds", "list").out.splitlines()
    assert told.startswith(f"{feed} Replay, KO: waiting")
    assert "every day around the clock" in told
    demo("feeds", "stop", feed)
    own = "--zone", "Europe/London", "--day", "tue", "--day", "mon", "--opens", "08:00"
    demo("feeds", "start", "replay", "ko", *own)
    told = demo("feeds", "list").out
    assert ": stopped" in told
    assert "speaks Mon, Tue from 08:00 to 16:00 (Europe/London)" in told
    assert "cannot be streamed" in demo.refused("feeds", "start", "tiingo", "KO")

    stated = ("--day", "2024-06-28", "--source", "our committee")
    assert demo("capital", "premium", 0.0525, *stated).out == (
        "USD: 5.25% of 2024-06-28, version 1\n"
    )
    shown = demo("capital", "methods", "KO").out
    assert "0.0525" in shown
    assert "our committee, of 2024-06-28" in shown
    assert "cannot be stated" in demo.refused("capital", "premium", 5.25, *stated)

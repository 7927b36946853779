"""Sign-in by an identity provider that runs beside, and what is made of its every misdeed."""

import base64
import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from oidc_provider_mock import User, run_server_in_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.web import oidc
from app.web.callers import Callers
from app.web.cookies import cookies_of
from app.web.hosts import OwnHosts
from app.web.identity import Identity
from app.web.oidc import IdentityProvider
from app.web.oidc_settings import CALLBACK, ProviderSettings
from app.web.sign_in import sign_in_routes
from app.web.single_sign_on import SingleSignOn
from app.web.strangers import strangers
from tests.conftest import ONLY_SQLITE, World
from tests.oidc_provider import ANNA, CLIENT_ID, CLIENT_SECRET, Provider, new_key, provided
from valor_core.audit import log
from valor_core.store.tables import MembershipRow
from valor_core.values import PLATFORM, Role, TenantId
from valor_core.workbench import groups, people
from valor_core.workbench.setup import operator
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
ORIGIN = "http://127.0.0.1:8501"
COOKIES = cookies_of(8501, https=False)


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provided(ORIGIN + CALLBACK) as provider:
        yield provider


@pytest.fixture(scope="module")
def network() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def provider(running: Provider) -> Provider:
    """As it should be, at the beginning of each test."""
    fresh = Provider(running.issuer, running.redirect_uri, key=running.key)
    running.__dict__.update(fresh.__dict__)
    return running


@dataclass
class Browser:
    """Somebody's browser, with its cookies, at our site."""

    site: TestClient
    network: httpx2.Client

    def begin(self, then: str = "/dcf") -> str:
        """The address at the provider to which our site sends it."""
        answer = self.site.get("/login/provider", params={"next": then}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def agree(self, address: str) -> str:
        """The address at our site to which the provider sends it."""
        back = self.network.get(address)
        assert back.status_code == 302, back.text
        return back.headers["location"].removeprefix(ORIGIN)

    def sign_in(self, then: str = "/dcf") -> httpx2.Response:
        return self.site.get(self.agree(self.begin(then)), follow_redirects=False)

    @property
    def cookie(self) -> str:
        return self.site.cookies.get(COOKIES.session) or ""

    def reads(self) -> int:
        """What a page answers to it."""
        return self.site.get("/dcf", headers={"accept": "*/*"}).status_code


@dataclass(frozen=True)
class Site:
    """Our site, as far as it is about who comes in."""

    app: Starlette
    vouching: IdentityProvider
    network: httpx2.Client

    def browser(self) -> Browser:
        return Browser(TestClient(self.app, base_url=ORIGIN), self.network)


@pytest.fixture
def site(world: World, provider: Provider, network: httpx2.Client) -> Site:
    return site_beside(provider.issuer, world, network)


def site_beside(
    issuer: str, world: World, network: httpx2.Client, *, groups_claim: str = "groups"
) -> Site:
    settings = ProviderSettings(
        issuer=issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=ORIGIN + CALLBACK,
        groups_claim=groups_claim,
        scopes="openid profile",
        name="Acme ID",
    )
    vouching = IdentityProvider(settings)

    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.scope["state"]["caller"].tenant_id)

    routes = [
        *sign_in_routes(world.store, cookies=COOKIES, provider="Acme ID"),
        *SingleSignOn(world.store, vouching, cookies=COOKIES, origin=ORIGIN).routes(),
        Route("/dcf", inside),
        Route("/", inside),
    ]
    walls = [
        Middleware(OwnHosts, origins=[ORIGIN]),
        Middleware(
            Identity,
            callers=Callers(world.store),
            cookie=COOKIES.session,
            strangers=strangers(),
        ),
    ]
    let_in(world, "acme-desk", "acme", Role.ANALYST)
    return Site(Starlette(routes=routes, middleware=walls), vouching, network)


def let_in(world: World, group: str, tenant: str, role: Role) -> None:
    with open_work(operator(PLATFORM), world.store) as work:
        groups.map_group(work, group, role, tenant=tenant, reason="they work here")


def said(answer: httpx2.Response) -> str:
    """What the sign-in page says went wrong."""
    told = re.search(r'<p id="say"[^>]*>([^<]*)</p>', answer.text)
    assert told, answer.text
    return html.unescape(told[1])


def logged(world: World, tenant: TenantId) -> list[str]:
    with open_work(operator(tenant), world.store) as work:
        return [row.action for row in log.entries(work)]


def member(world: World) -> MembershipRow:
    with open_work(operator(world.acme.id), world.store) as work:
        return next(row for row in people.list_members(work) if row.name == ANNA["name"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own
def test_a_provider_that_others_wrote_vouches_as_well(world, network):
    """With an RSA key, a form to agree by, and claims that it chooses itself."""
    anna = User(sub=ANNA["sub"], claims={"name": ANNA["name"], "groups": ["acme-desk"]})
    with run_server_in_thread(user_claims=[anna], require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        browser = site_beside(issuer, world, network).browser()
        agreed = network.post(browser.begin(), data={"sub": anna.sub})
        back = agreed.headers["location"].removeprefix(ORIGIN)
        answer = browser.site.get(back, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/dcf")
    assert browser.reads() == 200
    assert member(world).role == Role.ANALYST


def test_whoever_is_in_a_group_is_signed_in_and_a_member_in_its_role(site, world):
    browser = site.browser()

    answer = browser.sign_in(then="/dcf")

    assert (answer.status_code, answer.headers["location"]) == (303, "/dcf")
    assert browser.reads() == 200
    assert member(world).role == Role.ANALYST
    assert logged(world, world.acme.id)[:2] == ["session.began", "member.by_group"]
    assert COOKIES.attempt not in browser.site.cookies


def test_a_person_is_the_same_at_each_sign_in_by_issuer_and_subject_alone(site, world, provider):
    site.browser().sign_in()
    first = member(world).user_id
    provider.person = ANNA | {"name": "Anna Married", "email": "other@acme.test"}
    site.browser().sign_in()
    provider.person = ANNA | {"sub": "another"}
    site.browser().sign_in()

    with open_work(operator(world.acme.id), world.store) as work:
        by_name = {row.name: row.user_id for row in people.list_members(work)}
    assert by_name[ANNA["name"]] == first
    assert by_name[f"{ANNA['name']} (2)"] != first
    assert "Anna Married" not in by_name


def test_the_role_follows_the_groups_at_each_sign_in_and_ends_what_began_before(
    site, world, provider
):
    let_in(world, "acme-heads", "acme", Role.ADMIN)
    before = site.browser()
    before.sign_in()
    provider.person = ANNA | {"groups": ["acme-desk", "acme-heads"]}
    after = site.browser()
    after.sign_in()

    assert member(world).role == Role.ADMIN
    assert (before.reads(), after.reads()) == (401, 200)

    provider.person = ANNA | {"groups": []}
    answer = site.browser().sign_in()
    assert answer.status_code == 403
    assert said(answer).startswith("Anna Analyst, you are known to the identity provider, but none")
    assert after.reads() == 401
    with open_work(operator(world.acme.id), world.store) as work:
        assert ANNA["name"] not in {row.name for row in people.list_members(work)}
    assert logged(world, PLATFORM)[0] == "session.refused"


def test_whose_groups_open_several_tenants_chooses_one(site, world, provider):
    let_in(world, "rival-desk", "rival", Role.VIEWER)
    let_in(world, "staff", "", Role.OPERATOR)
    provider.person = ANNA | {"groups": ["acme-desk", "rival-desk", "staff"]}
    browser = site.browser()

    answer = browser.sign_in(then="/dcf")
    offered = re.findall(
        r'data-token="([^"]+)" data-next="/dcf">([^<]+) <small>as (\w+)', answer.text
    )
    assert [each[1:] for each in offered] == [
        ("acme", "analyst"), ("The installation", "operator"), ("rival", "viewer"),
    ]  # fmt: skip
    assert not browser.cookie
    token = offered[2][0]
    chosen = {"token": token, "next": "/dcf"}
    headers = {"x-vx-csrf": "1", "origin": ORIGIN}
    assert browser.site.post("/login", json=chosen, headers=headers).json() == {"next": "/dcf"}

    assert browser.site.get("/dcf", headers={"accept": "*/*"}).text == world.rival.id
    assert browser.site.post("/login", json=chosen, headers=headers).status_code == 403


def test_what_is_signed_in_twice_has_two_cookies_and_none_that_was_there_before(site):
    """S11."""
    browser = site.browser()
    planted = f"{PLATFORM}.{'x' * 43}"
    browser.site.cookies.set(COOKIES.session, planted, domain="127.0.0.1", path="/")
    browser.sign_in()
    first = browser.site.cookies.get(COOKIES.session, path="/")
    browser.sign_in()

    assert len({planted, first, browser.site.cookies.get(COOKIES.session, path="/")}) == 3


def test_what_the_provider_says_of_a_person_is_text_and_nothing_more(site, world, provider):
    name = "<script>alert(1)</script>\n\u202e" + "n" * 500
    provider.person = ANNA | {"name": name, "groups": ["<img src=x>"]}
    refused = site.browser().sign_in()
    assert "<script>a" not in refused.text
    assert len(said(refused)) < 400

    provider.person = ANNA | {"name": name}
    site.browser().sign_in()
    with open_work(operator(world.acme.id), world.store) as work:
        [kept] = [row.name for row in people.list_members(work) if "script" in row.name]
    assert kept.isprintable()
    assert len(kept) <= 100


def test_a_code_that_another_browser_brings_signs_nobody_in(site):
    """Login CSRF: the attacker's own sign-in, finished in the victim's browser."""
    attacker, victim = site.browser(), site.browser()
    back = attacker.agree(attacker.begin())

    answer = victim.site.get(back, follow_redirects=False)
    assert (answer.status_code, victim.cookie) == (403, "")
    assert said(answer).startswith("This sign-in was not begun in this browser")

    victim.begin()  # with a sign-in of its own under way, it is still another's
    answer = victim.site.get(back, follow_redirects=False)
    assert (answer.status_code, victim.cookie) == (403, "")


def test_a_code_works_once(site, world):
    browser = site.browser()
    address = browser.begin()
    attempt = browser.site.cookies.get(COOKIES.attempt)
    back = browser.agree(address)
    assert browser.site.get(back, follow_redirects=False).status_code == 303

    again = site.browser()
    again.site.cookies.set(COOKIES.attempt, attempt)
    answer = again.site.get(back, follow_redirects=False)

    assert (answer.status_code, again.cookie) == (403, "")
    assert said(answer).startswith("The identity provider did not sign you in.")
    assert logged(world, PLATFORM)[0] == "session.refused"


def test_a_code_without_the_verifier_of_its_own_attempt_is_worth_nothing(site):
    thief, owner = site.browser(), site.browser()
    code = dict(parse_qsl(urlsplit(owner.agree(owner.begin())).query))["code"]
    state = dict(parse_qsl(urlsplit(thief.begin()).query))["state"]

    stolen = urlencode({"code": code, "state": state})
    answer = thief.site.get(f"{CALLBACK}?{stolen}", follow_redirects=False)

    assert (answer.status_code, thief.cookie) == (403, "")


def test_nobody_is_sent_to_another_site_afterwards(site):
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "/\\t/evil"):
        assert site.browser().sign_in(then=target).headers["location"] == "/", target


def test_what_answers_no_sign_in_of_this_browser_is_refused(site):
    fresh, under_way = site.browser(), site.browser()
    for query in ("", "state=x", "code=x", "code=x&state=x", "error=access_denied&state=x"):
        under_way.begin()
        for browser in (fresh, under_way):
            answer = browser.site.get(f"{CALLBACK}?{query}", follow_redirects=False)
            assert (answer.status_code, browser.cookie) == (403, ""), query


def test_a_refusal_of_the_provider_is_told_in_plain_words(site):
    browser = site.browser()
    state = dict(parse_qsl(urlsplit(browser.begin()).query))["state"]
    asked = urlencode({"error": "access_denied", "error_description": "<b>x", "state": state})

    answer = browser.site.get(f"{CALLBACK}?{asked}", follow_redirects=False)

    assert said(answer).startswith("The identity provider did not sign you in.")
    assert "<b>x" not in answer.text


def of_another_key(claims: dict[str, Any]) -> str:
    key = new_key()
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    parts = (
        base64.urlsafe_b64encode(json.dumps(each).encode()) for each in ({"alg": "none"}, claims)
    )
    return b".".join(part.rstrip(b"=") for part in parts).decode() + "."


def by_our_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def test_a_token_that_the_provider_has_not_signed_is_worth_nothing(site, provider):
    browser = site.browser()
    for forged in (of_another_key, unsigned, by_our_secret, lambda _: "x.y.z", lambda _: ""):
        provider.signed = forged
        answer = browser.sign_in()

        assert (answer.status_code, browser.cookie) == (403, ""), forged


NOT_FOR_US = (
    {"iss": "https://another.example"}, {"aud": "another-client"}, {"nonce": "another"},
    {"nonce": None}, {"exp": 1}, {"exp": None}, {"exp": "for ever"}, {"iat": 1}, {"sub": None},
    {"iat": 99_999_999_999}, {"sub": 7}, {"aud": ["another", CLIENT_ID], "azp": "another"},
    {"nbf": 99_999_999_999}, {"sub": "x" * 300},
)  # fmt: skip


def test_a_token_that_is_not_the_answer_to_this_sign_in_is_worth_nothing(site, provider):
    browser = site.browser()
    for twisted in NOT_FOR_US:
        provider.twist = lambda claims, twisted=twisted: claims.update(twisted)
        answer = browser.sign_in()

        assert (answer.status_code, browser.cookie) == (403, ""), twisted
        assert said(answer).startswith("What the identity provider said of you cannot"), twisted


def test_groups_of_any_other_shape_open_nothing(site, provider):
    for shape in (None, {}, "acme-desk-2", 7, [7, None], [["acme-desk"]], "acme-desk,staff"):
        provider.person = ANNA | {"groups": shape}

        assert site.browser().sign_in().status_code == 403, shape


def test_groups_are_read_from_the_claim_that_is_named_and_from_no_other(world, provider, network):
    site = site_beside(provider.issuer, world, network, groups_claim="teams")

    assert site.browser().sign_in().status_code == 403  # they stand in `groups`
    provider.person = {name: told for name, told in ANNA.items() if name != "groups"}
    provider.person |= {"teams": ["acme-desk"]}
    assert site.browser().sign_in().status_code == 303


def test_keys_that_have_changed_are_asked_for_once(site, provider):
    site.vouching.monotonic = lambda: now
    now = 0.0
    site.browser().sign_in()
    asked = provider.key_sets_given
    now = 60.0
    provider.key = new_key()

    assert site.browser().sign_in().status_code == 303
    assert provider.key_sets_given == asked + 1
    provider.published, provider.key = provider.key, new_key()
    for _ in range(3):
        assert site.browser().sign_in().status_code == 403
    assert provider.key_sets_given == asked + 1, "whatever key a token names"


@pytest.mark.parametrize("wrong", ["hang", "garbage", "flood", "elsewhere"])
def test_a_provider_that_does_not_answer_as_it_should_is_told_in_time(
    site, provider, wrong, monkeypatch
):
    monkeypatch.setattr(oidc, "DEADLINE_S", 0.3)
    provider.answer = wrong
    browser = site.browser()

    answer = browser.sign_in()

    assert (answer.status_code, browser.cookie) == (503, "")
    assert said(answer).startswith("The identity provider does not answer as it should.")
    assert "key file" in said(answer)


def test_a_provider_that_is_away_is_told_before_anybody_is_sent_there(site):
    site.vouching.settings = replace(site.vouching.settings, issuer="http://127.0.0.1:1")

    answer = site.browser().site.get("/login/provider", follow_redirects=False)

    assert answer.status_code == 503


def test_the_provider_ends_what_it_began_and_nothing_that_begins_afterwards(site, world, provider):
    here, elsewhere = site.browser(), site.browser()
    here.sign_in()
    provider.sid = "at-the-provider-2"
    elsewhere.sign_in()

    def told(**changed: Any) -> int:
        form = {"logout_token": provider.logout_token(**changed)}
        return site.browser().site.post("/login/provider/ended", data=form).status_code

    assert told(iat=int(time.time()) - 300) == 200
    assert (here.reads(), elsewhere.reads()) == (200, 200)
    assert told(sub=None, sid="at-the-provider-1") == 200
    assert (here.reads(), elsewhere.reads()) == (401, 200)
    assert told() == 200
    assert elsewhere.reads() == 401
    assert logged(world, world.acme.id).count("session.ended_by_provider") == 2


def test_nobody_else_ends_a_sign_in(site, provider):
    browser = site.browser()
    browser.sign_in()
    ended = "/login/provider/ended"

    for twisted in (
        {"events": None}, {"events": {}}, {"events": "x"}, {"nonce": "x"}, {"sub": None},
        {"aud": "another"}, {"iss": "https://another.example"}, {"exp": 1}, {"iat": 1},
    ):  # fmt: skip
        forged = {"logout_token": provider.logout_token(**twisted)}
        assert site.browser().site.post(ended, data=forged).status_code == 400, twisted
    provider.signed = of_another_key
    unknown = {"logout_token": provider.logout_token()}
    assert site.browser().site.post(ended, data=unknown).status_code == 400
    for body in (b"", b"logout_token=x", b"logout_token=x&logout_token=y", b"\xff", b"x" * 9000):
        assert site.browser().site.post(ended, content=body).status_code == 400

    assert browser.reads() == 200


def test_no_secret_token_or_code_is_logged_shown_or_kept(site, world, provider, caplog, capsys):
    browser = site.browser()
    back = browser.agree(browser.begin())
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    shown = browser.site.get(back, follow_redirects=False).text
    provider.answer = "garbage"
    shown += site.browser().sign_in().text

    told = caplog.text + "".join(capsys.readouterr()) + shown
    kept = b"".join(file.read_bytes() for file in Path(world.store.where).parent.iterdir())
    secret = browser.cookie.partition(".")[2]
    for each in (CLIENT_SECRET, code, secret):
        assert each not in told
        assert each.encode() not in kept


def test_the_way_out_leads_over_the_provider_and_back(site, provider):
    answer = site.browser().site.get("/login/provider/out", follow_redirects=False)

    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert answer.headers["location"].startswith(f"{provider.issuer}/logout?")
    assert asked == {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{ORIGIN}/login"}

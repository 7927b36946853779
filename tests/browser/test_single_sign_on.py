"""The whole product with an identity provider beside it, as people meet both."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page

from app.web.oidc_settings import CALLBACK
from tests.browser.browser import Problems, violations
from tests.browser.installation import Installation, environment, served_from
from tests.moulds import closing, forget_secrets, own_home
from tests.oidc_provider import ANNA, CLIENT_ID, CLIENT_SECRET, Provider, provided
from valor_core.settings import ROOT
from valor_core.store.engines import store_from
from valor_core.values import PLATFORM, Role
from valor_core.workbench import people
from valor_core.workbench.groups import map_group
from valor_core.workbench.setup import operator
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.browser
ALL = ("minor", "moderate", "serious", "critical")


@dataclass(frozen=True)
class Company:
    """The product and the provider that vouches for its people."""

    installation: Installation
    provider: Provider
    origin: str


def told(installation: Installation, *command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *command],
        env=environment(installation.home),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def open_to_groups(home: Path) -> None:
    """As `valor tenants add north` and three times `valor groups map` do it."""
    with own_home(home), closing(store_from(os.environ)) as store:
        forget_secrets()
        with open_work(operator(people.tenant_for("north")), store) as work:
            people.add_tenant(work, "north", label="North Partners")
        with open_work(operator(PLATFORM), store) as work:
            map_group(work, "acme-desk", Role.ADMIN, tenant="demo", reason="they work there")
        with open_work(operator(PLATFORM), store) as work:
            map_group(work, "acme-desk", Role.VIEWER, tenant="north", reason="they work there")
        with open_work(operator(PLATFORM), store) as work:
            map_group(work, "staff", Role.OPERATOR, reason="they run it")
    forget_secrets()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch, provided(origin + CALLBACK) as provider:
        for name, value in (
            ("VALOR_BASE_URL", origin), ("OIDC_ISSUER", provider.issuer), ("OIDC_NAME", "Acme ID"),
            ("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
        ):  # fmt: skip
            patch.setenv(name, value)
        home = tmp_path_factory.mktemp("company")
        with served_from(home, "--port", str(port)) as installation:
            open_to_groups(home)
            yield Company(installation, provider, origin)


def test_a_member_signs_in_chooses_the_tenant_and_is_signed_out_by_the_provider(
    page: Page, problems: Problems, company: Company
):
    company.provider.person = ANNA | {"groups": ["nothing"]}
    page.goto(f"{company.origin}/sessions")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_role("status").get_by_text("none of your groups opens anything here").wait_for()
    assert page.url == f"{company.origin}/login"

    company.provider.person = ANNA | {"groups": ["acme-desk", "staff"]}
    page.goto(f"{company.origin}/login?next=/sessions")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_role("button", name="The installation as operator").wait_for()
    assert violations(page, impacts=ALL) == []
    page.get_by_role("button", name="Demo as admin").click()

    page.wait_for_url(f"{company.origin}/sessions")
    page.get_by_role("cell", name="single sign-on").wait_for()
    assert violations(page) == []
    assert [each for each in problems if "403" not in each] == []

    left = {"logout_token": company.provider.logout_token()}
    assert httpx2.post(f"{company.origin}/login/provider/ended", data=left).status_code == 200
    page.get_by_text("Connection").or_(page.get_by_role("heading", name="Sign in")).first.wait_for()
    assert page.request.get(f"{company.origin}/api/v1/me").status == 401

    page.goto(f"{company.origin}/login?next=/limits")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_role("button", name="North Partners as viewer").click()
    page.get_by_role("heading", name="Plan & limits", level=1).wait_for()
    assert page.request.get(f"{company.origin}/api/v1/me").json()["role"] == "viewer"
    assert page.request.get(f"{company.origin}/api/v1/admin/members").status == 403


def test_an_operator_signs_in_to_the_installation_and_opens_a_tenant_to_a_group(
    page: Page, company: Company
):
    company.provider.person = ANNA | {"sub": "olga", "name": "Olga", "groups": ["staff"]}
    page.goto(company.origin)
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_role("heading", name="Installation", level=1).wait_for()
    page.goto(f"{company.origin}/installation")
    page.get_by_role("heading", name="Installation", level=1).wait_for()
    assert page.get_by_role("dialog").count() == 0, "its first page has an address of its own"
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("radio", name="Groups").click()
    page.get_by_role("cell", name="acme-desk").first.wait_for()
    assert violations(page) == []
    page.get_by_label("Group", exact=True).fill("new-desk")
    page.keyboard.press("Enter")
    page.get_by_text("new-desk").first.wait_for()  # what it would open, before it does
    page.get_by_label("Why").first.fill("they joined")
    page.get_by_role("button", name="Open it").click()

    page.get_by_text("From the next sign-in on.").wait_for()
    page.get_by_role("cell", name="new-desk").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    page.get_by_role("link", name="Sign out of Acme ID too").wait_for()


def test_a_key_file_opens_the_installation_while_the_provider_is_down(
    page: Page, company: Company, tmp_path
):
    file = tmp_path / "operator.key"
    told(company.installation, "token", "--operator", "--key-file", str(file))
    page.goto(f"{company.origin}/login")
    page.get_by_text("Sign in with a link or a key file").click()
    page.get_by_label("Sign-in link or token").fill(file.read_text())
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("cell", name="key file").wait_for()

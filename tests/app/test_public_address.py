"""An installation that others open: one address, its cookie, its sockets, and links from nearby."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from streamlit import config

from app.process import HostBeyondLoopback, let_streamlit_answer_as, listen
from app.serving import greeting
from app.web.oidc_settings import public_address
from tests.app.asking import PORT, Client, whole_application
from tests.conftest import ONLY_SQLITE
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

PUBLIC = {
    "VALOR_BASE_URL": "https://valor.example",
    "OIDC_ISSUER": "https://id.example",
    "OIDC_CLIENT_ID": "valor",
    "VALOR_TRUSTED_PROXIES": "127.0.0.1",
}
HOST, ORIGIN = b"valor.example", b"https://valor.example"
FROM_AFAR = [(b"host", HOST), (b"x-forwarded-for", b"192.0.2.7"), (b"x-vx-csrf", b"1")]
FROM_HERE = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"x-vx-csrf", b"1")]


@contextmanager
def config_kept(name: str) -> Iterator[None]:
    """An option of Streamlit's, which is the process's own, as it was."""
    before = config.get_option(name)
    yield
    config.set_option(name, before)


def test_without_a_provider_no_address_beyond_loopback_is_taken():
    with pytest.raises(HostBeyondLoopback) as refused:
        listen(host="0.0.0.0", port=0)
    assert "single sign-on" in refused.value.hint
    with listen(host="0.0.0.0", port=0, beyond_loopback=True):
        pass


@ONLY_SQLITE
def test_people_open_one_address_by_tls_and_links_sign_in_on_the_machine_alone(store, acme):
    """S11."""

    def link() -> bytes:
        with open_work(acme.operator, store) as work:
            return json.dumps({"token": people.issue_token(work, "anna")}).encode()

    with (
        whole_application(store, public=public_address(PUBLIC)) as whole,
        config_kept("server.allowedHosts"),
    ):
        let_streamlit_answer_as("valor.example")
        afar, here = Client(whole, shows=FROM_AFAR), Client(whole, shows=FROM_HERE)

        assert afar.ask("GET", "/healthz").status == 200
        assert dict(afar.ask("GET", "/healthz").headers)["strict-transport-security"]
        assert (
            replace(afar, shows=[(b"host", b"evil.example")]).ask("GET", "/healthz").status == 421
        )
        assert afar.ask("GET", "/login").body.count(b"Sign in with single sign-on") == 1

        token = link()
        assert afar.ask("POST", "/login", token).code == "link_from_afar"
        spoofed = replace(afar, shows=[*FROM_AFAR, (b"x-forwarded-for", b"127.0.0.1")])
        assert spoofed.ask("POST", "/login", token).code == "link_from_afar"
        answer = here.ask("POST", "/login", token)
        assert answer.status == 200
        cookie = dict(answer.headers)["set-cookie"]
        named, _, attributes = cookie.partition(";")
        assert named.startswith("__Host-vx_session=")
        for each in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert each in attributes
        assert "Domain" not in attributes

        signed_in = replace(afar, shows=[*FROM_AFAR, (b"cookie", named.encode())])
        assert signed_in.knock("/_stcore/stream", origin=ORIGIN) == 101
        assert signed_in.knock("/_stcore/stream", origin=b"http://valor.example") == 403
        assert signed_in.knock("/_stcore/stream", origin=b"https://valor.example:8443") == 403
        assert signed_in.ask("GET", "/api/v1/me").status == 200
        other = [(b"host", HOST), (b"cookie", named.replace("__Host-", "").encode())]
        assert replace(afar, shows=other).ask("GET", "/api/v1/me").status == 401


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("address", "link"),
    [("127.0.0.1", "http://127.0.0.1:8501/login#token="), ("10.0.0.7", ""),
     ("0.0.0.0", "http://127.0.0.1:8501/login#token=")],
)  # fmt: skip
def test_who_starts_the_server_is_told_what_people_open_and_a_link_for_the_machine(
    book, address, link
):
    told = greeting(book.store, public_address(PUBLIC), address=address, port=8501)

    assert "People open https://valor.example" in told
    assert link in told
    assert bool(link) == ("#token=" in told)

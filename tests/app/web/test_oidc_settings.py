"""Settings of single sign-on that cannot be used end the start with a sentence."""

import pytest

from app.web.oidc_settings import public_address
from valor_core.settings import BadSetting

SOUND = {
    "VALOR_BASE_URL": "https://valor.example",
    "OIDC_ISSUER": "https://id.example/realms/acme",
    "OIDC_CLIENT_ID": "valor",
    "OIDC_CLIENT_SECRET": "agreed",
}


def test_without_an_issuer_there_is_no_single_sign_on():
    assert public_address(SOUND | {"OIDC_ISSUER": ""}) is None


def test_the_address_people_open_is_kept_as_browsers_write_it():
    public = public_address(SOUND | {"VALOR_BASE_URL": "https://Valor.Example:8443/"})

    assert public
    assert (public.origin, public.is_https) == ("https://valor.example:8443", True)
    assert public.provider.redirect_uri == "https://valor.example:8443/login/provider/callback"
    assert "agreed" not in repr(public)


def test_the_claim_of_groups_and_the_name_of_the_button_are_settings():
    told = public_address(SOUND | {"OIDC_GROUPS_CLAIM": "teams", "OIDC_NAME": "Acme ID"})
    plain = public_address(SOUND)

    assert told
    assert plain
    assert (told.provider.groups_claim, told.provider.name) == ("teams", "Acme ID")
    assert plain.provider.groups_claim == "groups"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VALOR_BASE_URL", ""), ("VALOR_BASE_URL", "valor.example"),
        ("VALOR_BASE_URL", "https://valor.example/app"), ("VALOR_BASE_URL", "https://"),
        ("VALOR_BASE_URL", "https://u:p@valor.example"), ("VALOR_BASE_URL", "http://valor.example"),
        ("VALOR_BASE_URL", "ftp://127.0.0.1"), ("OIDC_ISSUER", "http://id.example"),
        ("OIDC_ISSUER", "id.example"), ("OIDC_CLIENT_ID", ""),
        ("VALOR_TRUSTED_PROXIES", "the proxy"), ("VALOR_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("OIDC_CLIENT_SECRET_FILE", "/nowhere/secret"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_used_is_named(name, value):
    with pytest.raises(BadSetting, match=f"^{name} is ") as refused:
        public_address(SOUND | {name: value})

    assert refused.value.hint


def test_a_secret_may_stand_in_a_file_that_only_its_owner_reads(tmp_path):
    file = tmp_path / "secret"
    settings = SOUND | {"OIDC_CLIENT_SECRET_FILE": str(file)}
    file.write_text("in the file\n")
    file.chmod(0o644)
    with pytest.raises(BadSetting, match="can be read by others") as refused:
        public_address(settings)
    assert "chmod 600" in refused.value.hint

    file.chmod(0o600)
    public = public_address(settings)
    assert public
    assert public.provider.client_secret == "in the file"

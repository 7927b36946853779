"""Under which address people open the installation, and which provider vouches for them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from valor_core.settings import BadSetting, setting

Network = IPv4Network | IPv6Network
CALLBACK = "/login/provider/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What the identity provider and we have agreed on."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    groups_claim: str
    scopes: str
    name: str  # as the button says it


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAddress:
    """The address that people open, and the proxies whose word on who calls is taken."""

    origin: str
    proxies: tuple[Network, ...]
    provider: ProviderSettings

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it by TLS; they do everywhere but on the machine itself."""
        return self.origin.startswith("https:")


def public_address(environment: Mapping[str, str] = os.environ) -> PublicAddress | None:
    """The address and the provider of the settings; None where no provider is named."""
    issuer = setting("OIDC_ISSUER", environment)
    if not issuer:
        return None
    origin = _origin("VALOR_BASE_URL", environment)
    _must_be_private("OIDC_ISSUER", issuer)
    provider = ProviderSettings(
        issuer=issuer,
        client_id=_needed("OIDC_CLIENT_ID", environment),
        client_secret=_secret(environment),
        redirect_uri=f"{origin}{CALLBACK}",
        groups_claim=setting("OIDC_GROUPS_CLAIM", environment),
        scopes=setting("OIDC_SCOPES", environment),
        name=setting("OIDC_NAME", environment),
    )
    proxies = setting("VALOR_TRUSTED_PROXIES", environment)
    return PublicAddress(origin=origin, proxies=_networks(proxies), provider=provider)


def is_loopback(host: str) -> bool:
    """Whether that name or address leads to this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _needed(name: str, environment: Mapping[str, str]) -> str:
    value = setting(name, environment)
    if not value:
        hint = f"Set {name} and start again."
        raise BadSetting(name, "", problem="single sign-on cannot do without", hint=hint)
    return value


def _origin(name: str, environment: Mapping[str, str]) -> str:
    """Scheme, host and port as a browser writes them."""
    value = _needed(name, environment).rstrip("/").lower()
    parts = urlsplit(value)
    if not parts.hostname or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise BadSetting(
            name,
            value,
            problem="is no address of a site",
            hint="Write scheme and host, and nothing after them: https://valor.example",
        )
    _must_be_private(name, value)
    return value


def _must_be_private(name: str, value: str) -> None:
    """By TLS, unless it never leaves this machine."""
    parts = urlsplit(value)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise BadSetting(
            name,
            value,
            problem="others could read and change on its way",
            hint="Use https://; http:// serves for an address of this machine alone.",
        )


def _secret(environment: Mapping[str, str]) -> str:
    """From the environment or from a file that only its owner reads; a public client has none."""
    file = setting("OIDC_CLIENT_SECRET_FILE", environment)
    if not file:
        return setting("OIDC_CLIENT_SECRET", environment)
    try:
        mode, secret = Path(file).stat().st_mode, Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BadSetting(
            "OIDC_CLIENT_SECRET_FILE",
            file,
            problem="cannot be read",
            hint="Name a file that the server may read.",
        ) from error
    if mode & 0o077 or not secret:
        raise BadSetting(
            "OIDC_CLIENT_SECRET_FILE",
            file,
            problem="is empty or can be read by others",
            hint=f"Write the secret into it, then chmod 600 {file}",
        )
    return secret


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in value.split(",") if each.strip())
    except ValueError as error:
        raise BadSetting(
            "VALOR_TRUSTED_PROXIES",
            value,
            problem="is no list of addresses or networks",
            hint="Write them with commas between: 10.0.0.7, 192.0.2.0/24",
        ) from error

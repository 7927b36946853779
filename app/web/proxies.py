"""Who calls: the peer, or where a proxy that we trust stands between, whom that proxy names."""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.oidc_settings import Network

CLAIMS = (b"x-forwarded-", b"x-real-ip", b"forwarded")


class TrustedProxies:
    """Puts the caller's address into the scope; nothing behind it sees what anybody claims."""

    def __init__(self, app: ASGIApp, *, proxies: Collection[Network]) -> None:
        self.app, self.proxies = app, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, under the address that counts."""
        if scope["type"] in ("http", "websocket"):
            told = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
            peer = scope.get("client")
            kept = [
                (k, v)
                for k, v in scope["headers"]
                if not k.lower().replace(b"_", b"-").startswith(CLAIMS)
            ]
            scope = {**scope, "headers": kept}
            if peer:
                scope["client"] = (self._caller(peer[0], told), peer[1])
        await self.app(scope, receive, send)

    def _caller(self, peer: str, told: str) -> str:
        """From the nearest outwards: the first that is no proxy of ours; nobody vouches beyond."""
        caller = peer
        for further in reversed([each.strip() for each in told.split(",") if each.strip()]):
            if not self._is_proxy(caller) or not _is_address(further):
                break
            caller = further
        return caller

    def _is_proxy(self, address: str) -> bool:
        return _is_address(address) and any(
            ip_address(address) in network for network in self.proxies
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

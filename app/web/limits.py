"""Every call of the API, and every page's stream that opens, is taken from its buckets or refused.

It stands behind the identity: whose bucket it is comes from the sign-in or the key, and nothing
that a client writes into a header or an address chooses another one.
"""

from collections.abc import Sequence

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.headers import STARTS
from app.web.identity import STREAM
from app.web.refusals import refuse
from valor_core.errors import ValorError
from valor_core.tenancy.call_limits import CallLimits
from valor_core.tenancy.quotas import Standing
from valor_core.tenancy.rate_limits import Verdict
from valor_core.values import Caller, micros, utc_now

_S = 1_000_000


class RateLimits:
    """Adds to each answer how much is left; refuses with 429 what is too much."""

    def __init__(self, app: ASGIApp, *, limits: CallLimits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass and tell, or refuse and tell."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if caller is None or not _is_limited(scope):
            await self.app(scope, receive, send)
            return
        try:
            verdict = await self._judged(caller)
        except ValorError as error:
            await refuse(error, scope, receive, send)
            return
        told = rate_headers(verdict)

        async def send_with_limits(message: Message) -> None:
            if message["type"] in STARTS and not 300 <= message["status"] < 400:
                quotas = quota_headers(scope["state"].get("charged", ()))
                message = {**message, "headers": [*message.get("headers", ()), *told, *quotas]}
            await send(message)

        if verdict.allowed:
            await self.app(scope, receive, send_with_limits)
        else:
            await refuse(verdict.refusal(micros(utc_now())), scope, receive, send_with_limits)

    async def _judged(self, caller: Caller) -> Verdict:
        if self.limits.waits(caller):
            return await run_sync(self.limits.take, caller)
        return self.limits.take(caller)


def _is_limited(scope: Scope) -> bool:
    return scope["path"].startswith("/api/") or scope["path"] == STREAM


def rate_headers(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """The tightest bucket in the older headers, all of them in the IETF's; seconds, rounded up."""
    allowed, standings = verdict
    tightest, remaining, reset_us, _ = verdict.binding
    declared, counted = [], []
    for policy, left, full_in_us, passes_in_us in standings:
        seconds = -(-(full_in_us if allowed else passes_in_us) // _S)
        declared.append(policy.declared)
        counted.append(b"%b;r=%d;t=%d" % (policy.quoted, left, seconds))
    return [
        (b"x-ratelimit-limit", tightest.limit),
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % -(-reset_us // _S)),
        (b"ratelimit-policy", b", ".join(declared)),
        (b"ratelimit", b", ".join(counted)),
    ]


def quota_headers(charged: Sequence[Standing]) -> list[tuple[bytes, bytes]]:
    """The quota with least left of those to which the call was charged; none of what is free."""
    if not charged:
        return []
    binding = min(charged, key=lambda each: each.left or 0)
    return [
        (b"x-quota-limit", b"%d" % (binding.granted or 0)),
        (b"x-quota-remaining", b"%d" % (binding.left or 0)),
        (b"x-quota-reset", b"%d" % binding.resets_in_s(utc_now())),
    ]

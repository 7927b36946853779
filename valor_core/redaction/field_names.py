"""What the name of a field says about its value: a secret, a person's, or nothing."""

import re
from functools import lru_cache

_DROPPED = frozenset({
    "password", "passwd", "pwd", "passphrase", "password_hash", "secret", "token", "api_key",
    "apikey", "authorization", "cookie", "set_cookie", "credential", "jwt", "ssn", "tax_id",
    "card_number", "cvc", "cvv", "iban", "private_key", "session", "session_id",
})  # fmt: skip
# Also whatever ends so; the session cookie is named after its port.
_DROPPED_END = re.compile(r".*_(?:token|secret|password|key)|.*vx_session(?:_\d+)?")
_NOT_SECRET = frozenset({
    "primary_key", "foreign_key", "public_key", "natural_key", "sort_key", "partition_key",
    "idempotency_key", "idem_key", "scope_key", "cache_key", "object_key",
})  # fmt: skip
# A bare `name` is a person's until proven otherwise: others say company_name, scenario_name.
_PERSONAL = {
    "email": "EMAIL",
    "user_email": "EMAIL",
    "phone": "PHONE",
    "phone_number": "PHONE",
    "name": "NAME",
    "full_name": "NAME",
    "first_name": "NAME",
    "last_name": "NAME",
    "display_name": "NAME",
    "ip": "IP",
    "ip_address": "IP",
    "remote_addr": "IP",
    "address": "ADDRESS",
    "user_agent": "USER_AGENT",
}


@lru_cache(1024)
def is_dropped(field: str) -> bool:
    """Whether the value of a field of this name must never leave.

    >>> [is_dropped(field) for field in ("API-Key", "access_tokens", "idempotencyKey", "cusip")]
    [True, True, False, False]
    """
    names = _names(field)
    return _NOT_SECRET.isdisjoint(names) and any(
        name in _DROPPED or _DROPPED_END.fullmatch(name) for name in names
    )


@lru_cache(1024)
def personal_kind(field: str) -> str | None:
    """Whose pseudonym stands for the value of a field of this name: e-mails share one kind.

    >>> personal_kind("userEmail"), personal_kind("Emails"), personal_kind("company_name")
    ('EMAIL', 'EMAIL', None)
    """
    return next((_PERSONAL[name] for name in _names(field) if name in _PERSONAL), None)


def _names(field: str) -> tuple[str, str]:
    """The name in snake case (userEmail, user-email and USER_EMAIL are one), and its singular."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", field)
    name = re.sub(r"[\s.-]+", "_", apart).strip("_").lower()
    return name, name.removesuffix("s")

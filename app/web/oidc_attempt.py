"""One try to sign in by the identity provider, and how it may end; needs none of its libraries."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field

from valor_core.errors import Unavailable, ValorError

ATTEMPT_LASTS_S = 600


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or not in a way that can be understood."""

    code = "provider_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The identity provider does not answer as it should.",
            hint="Try again in a minute. Until then an operator can sign in by a key file.",
        )


class ProviderRefused(ValorError):
    """The identity provider has ended the sign-in itself."""

    code, status = "provider_refused", 403

    def __init__(self) -> None:
        super().__init__(
            "The identity provider did not sign you in.",
            hint="Try again; if it refuses again, ask whoever runs it.",
        )


class NotBegunHere(ValorError):
    """What came back belongs to no sign-in that this browser began lately."""

    code, status = "not_begun_here", 403

    def __init__(self) -> None:
        super().__init__(
            "This sign-in was not begun in this browser, or more than ten minutes ago.",
            hint="Begin again with the button below.",
        )


class BadIdToken(ValorError):
    """What the identity provider says of the person cannot be trusted."""

    code, status = "bad_id_token", 403

    def __init__(self) -> None:
        super().__init__(
            "What the identity provider said of you cannot be trusted, so nobody was signed in.",
            hint="Try again; if it happens again, tell an operator: the log says what was wrong.",
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: all that must come back derives from a secret of the browser's cookie."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def state(self) -> str:
        """What the provider must bring back."""
        return self._derived(b"state")

    @property
    def nonce(self) -> str:
        """What its token must say."""
        return self._derived(b"nonce")

    @property
    def verifier(self) -> str:
        """What shows that who began is who ends (PKCE)."""
        return self._derived(b"verifier")

    def _derived(self, purpose: bytes) -> str:
        told = hmac.digest(self.secret.encode(), purpose, "sha256")
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()

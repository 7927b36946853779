"""The two cookies: who is signed in, and which sign-in at the provider this browser has begun."""

from dataclasses import dataclass

from starlette.responses import Response

from valor_core.tenancy.sign_in import absolute_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """Their names, and whether they travel by TLS alone."""

    session: str
    attempt: str
    secure: bool

    def set_session(self, answer: Response, value: str) -> None:
        """Sign in the browser that gets the answer."""
        self._set(answer, self.session, value, lasts_s=absolute_s())

    def set_attempt(self, answer: Response, value: str, *, lasts_s: int) -> None:
        """Let the browser show that it has begun."""
        self._set(answer, self.attempt, value, lasts_s=lasts_s)

    def drop(self, answer: Response, name: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _set(self, answer: Response, name: str, value: str, *, lasts_s: int) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=lasts_s,
            httponly=True,
            samesite="lax",
            secure=self.secure,
            path="/",
        )


def cookies_of(port: int, *, https: bool) -> Cookies:
    """Bound to the host by name where browsers can hold it; else apart for each port.

    >>> cookies_of(8501, https=True).session, cookies_of(8501, https=False).session
    ('__Host-vx_session', 'vx_session_8501')
    """
    if https:
        return Cookies(session="__Host-vx_session", attempt="__Host-vx_attempt", secure=True)
    return Cookies(session=f"vx_session_{port}", attempt=f"vx_attempt_{port}", secure=False)

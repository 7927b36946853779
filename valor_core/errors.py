"""Every failure that a person can cause and mend, as one tree.

    ValorError                       code, HTTP status, message with numbers, hint with the way out
    ├── BadInput                422  the values given cannot be used
    │   └── BadInputs           422  several at once, each with its place
    ├── NotFound                404  also what belongs to another tenant: one answer for both
    ├── Conflict                409  the state has moved on
    ├── AccessDenied            403  signed in, but the role does not allow it
    ├── SignInNeeded            401  nobody is signed in
    ├── Exhausted               429  what was granted for a time is used up; it says until when
    └── Unavailable             503  right now it cannot be done; it names when to try again

Rooms define their own errors below these. `code` never changes once released: clients read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class ValorError(Exception):
    """A refusal: a stable code, a message that names the values, a hint that names the way out."""

    code: str = "error"
    status: int = 400

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is from one process to another: it is not made anew from its message."""
        return _as_it_was, (type(self), *self.args), self.__dict__


def _as_it_was(kind: type[ValorError], *args: Any) -> ValorError:
    return kind.__new__(kind, *args)


class BadInput(ValorError):
    """The values given cannot be used."""

    code, status = "bad_input", 422


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong in what was given, and where: a field path, or a row and a column."""

    place: str
    problem: str
    out_of_range: bool = False  # it could be read, and may not be so large, small or many

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class BadInputs(BadInput):
    """Several flaws, all told at once."""

    code = "bad_inputs"
    shown = 20

    def __init__(
        self, flaws: Sequence[Flaw], *, hint: str = "Mend these and send it again."
    ) -> None:
        self.flaws = tuple(flaws)
        more = len(self.flaws) - self.shown
        lines = [str(flaw) for flaw in self.flaws[: self.shown]] + (
            [f"and {more} more"] * (more > 0)
        )
        super().__init__("; ".join(lines), hint=hint)


class NotFound(ValorError):
    """There is no such thing for this caller, whether it is missing or belongs to somebody else."""

    code, status = "not_found", 404

    def __init__(
        self, kind: str, name: str, *, hint: str = "Look it up in the list and try again."
    ) -> None:
        super().__init__(f"There is no {kind} {name!r}.", hint=hint)


class Conflict(ValorError):
    """What was to be changed has changed in the meantime, or the act contradicts what stands."""

    code, status = "conflict", 409


class AccessDenied(ValorError):
    """Signed in, but the role does not allow this act."""

    code, status = "access_denied", 403

    def __init__(self, act: str, role: str) -> None:
        admin = role == "admin"  # is asked by the others, and has nobody like that to ask
        super().__init__(
            f"The role {role} may not do {act}.",
            hint="It is for another role, such as a compliance officer's or the operator's."
            if admin
            else "Ask an administrator of your tenant.",
        )


class SignInNeeded(ValorError):
    """Nobody is signed in."""

    code, status = "sign_in_needed", 401

    def __init__(self) -> None:
        super().__init__(
            "You are not signed in.",
            hint="Open the link that `valor token` prints, or send an API key.",
        )


class Exhausted(ValorError):
    """What was granted for a time is used up; after `retry_after_s` there is more.

    `reset_at` is the second since 1970 at which there is all of it again.
    """

    code, status = "exhausted", 429

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        retry_after_s: int,
        reset_at: int,
        policies: Sequence[str],
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s, self.reset_at = retry_after_s, reset_at
        self.policies = tuple(policies)


class Unavailable(ValorError):
    """It cannot be done right now."""

    code, status = "unavailable", 503

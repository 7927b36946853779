r"""Secrets in text, known by their shape or by the word before them.

Every scan is linear: a pattern reads a run possessively or up to a sign that it cannot cross, and
a lookbehind keeps it from starting again inside the run.
"""

import re
from base64 import b64decode

SECRET = "[SECRET]"  # noqa: S105  (what stands where one stood)

_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----END))*+"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+){0,3}")
_VENDOR_KEY = re.compile(
    r"vx_(?!session(?:_[0-9]{1,5})?(?![-\w.]))(?=[-\w.]{12})[-\w]++(?:\.[-\w]++)*+"
    r"|(?<![A-Za-z0-9])(?:"
    r"(?:[spr]k|whsec|gh[opsur]|github_pat|glpat|xox[abeprs])[-_][-\w]{12,}+"
    r"|AKIA[0-9A-Z]{12,}+|AIza[-\w]{30,}+)",
    re.ASCII,
)
# All up to the last @ of a URL's authority: a user alone may be a key as well.
_URL_USER = re.compile(r"(?<=://)[^\s/]+(?=@)")
_QUOTED_OR_WORD = r"""(?:"[^"\r\n]*"?|'[^'\r\n]*'?|[^\s"',;&)}\]\[]+)"""
# `token: ` and `secret: ` may begin a sentence, so these want a closer tie to their value.
_ASSIGNED = re.compile(
    r"""(?<![a-z0-9])(
        (?:passw(?:or)?d|passphrase|pwd|api[_-]?key)(?:\\?["'])?[ \t]{0,3}[=:]
        |(?:token|secret|private[_-]?key|session[_-]?id|vx_session(?:_\d{1,5})?)
         (?:\\?["'][ \t]{0,3}[=:]|[ \t]{0,3}=|:(?=\S))
    )[ \t]{0,3}\\?"""
    + _QUOTED_OR_WORD,
    re.IGNORECASE | re.VERBOSE,
)
_AUTHORIZATION = re.compile(
    r"""(authorization(?:\\?["'])?[ \t]{0,3}[=:][ \t]{0,3}(?:\\?["'])?)
        (?:basic|bearer|digest|negotiate|token|apikey|aws4-hmac-sha256)[ \t][^\r\n"']+""",
    re.IGNORECASE | re.VERBOSE,
)
_COOKIE = re.compile(
    r"""(?<![a-z0-9])(cookie(?:\\?["'])?[ \t]{0,3}[=:][ \t]{0,3}(?:\\?["'])?)
        [^\s=;"']++=[^\r\n"']*""",
    re.IGNORECASE | re.VERBOSE,
)
_BEARER = re.compile(
    r"(?<!\w)(bearer[ \t]{1,8})(?=\S*\d)(?=\S*[a-z])[\w.~+/-]{8,}+=*", re.IGNORECASE
)
_BASIC = re.compile(r"(?<!\w)(basic[ \t]{1,8})([a-z0-9+/]{8,}+={0,2})", re.IGNORECASE | re.ASCII)


def without_secrets(text: str) -> str:
    """The text with every secret replaced.

    >>> without_secrets("postgresql://valor:hunter2@db/valor?password=x")
    'postgresql://[SECRET]@db/valor?password=[SECRET]'
    >>> without_secrets("Basic earnings per share")
    'Basic earnings per share'
    """
    text = _PEM.sub(SECRET, text) if "-----BEGIN" in text else text
    text = _JWT.sub(SECRET, text) if "eyJ" in text else text
    text = _URL_USER.sub(SECRET, text) if "://" in text and "@" in text else text
    if "=" in text or ":" in text:
        text = _AUTHORIZATION.sub(_after_its_name, text)
        text = _COOKIE.sub(_after_its_name, text)
        text = _ASSIGNED.sub(_after_its_name, text)
    text = _VENDOR_KEY.sub(SECRET, text)
    text = _BEARER.sub(_after_its_name, text)
    return _BASIC.sub(_without_password, text)


def _after_its_name(match: re.Match[str]) -> str:
    return match[1] + SECRET


def _without_password(match: re.Match[str]) -> str:
    """Basic authentication is the base64 of user:password (RFC 7617); words and figures are not."""
    try:
        pair = b64decode(match[2] + "=" * (-len(match[2]) % 4)).decode()
    except ValueError:  # no base64, or no UTF-8
        return match[0]
    return match[1] + SECRET if ":" in pair and pair.isprintable() else match[0]

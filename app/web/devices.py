"""From where somebody signs in: the address, and the browser in words that its owner knows."""

from starlette.requests import HTTPConnection

from app.web.oidc_settings import is_loopback
from valor_core.tenancy.sign_in import Device

# The first that fits: most browsers also claim to be those that stand below them.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(connection: HTTPConnection) -> Device:
    """What a sign-in is told by afterwards."""
    client = connection.client
    return Device(
        address=client.host[:45] if client else "",
        browser=browser_in_words(connection.headers.get("user-agent", "")),
    )


def is_here(connection: HTTPConnection) -> bool:
    """Whether the caller is on the server's machine: by the address, and by the host it opened.

    A proxy on the machine has that address too, and hands on the host that people opened.
    """
    caller = connection.client.host if connection.client else ""
    return is_loopback(caller) and is_loopback(connection.url.hostname or "")


def browser_in_words(user_agent: str) -> str:
    """Browser and system; nothing else of what a client says about itself is kept.

    >>> browser_in_words("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> browser_in_words("curl/8.5.0")
    'a program'
    """
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or "a program"

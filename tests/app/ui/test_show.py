"""Text from people and files stays text, whatever it holds."""

import pytest

from app.ui.show import plain

HOSTILE = (
    "[Session expired: sign in](https://evil.example) ![i](https://evil.example/i.png)",
    "www.evil.example.csv",
    "WWW.evil.example",
    "somebody@evil.example",
    "https://evil.example/x",
    "1. a list",
    "- a list",
    "# a title",
    "a\n\n# a title",
    "<img src=x onerror=alert(1)>",
    ":red[red] :material/check: $x$ `code` **bold** ~~gone~~ | a | b |",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_sign_is_escaped_and_every_address_parted(text):
    shown = plain(text)

    bare = shown.replace("\\", "").replace("\u2060", "")
    assert bare == " ".join(text.split())
    unescaped = "".join(shown.split("\\")[0:1] + [part[1:] for part in shown.split("\\")[1:]])
    assert all(sign.isalnum() or sign in " \u2060" for sign in unescaped)
    assert "www\\." not in shown.lower()
    assert "@" not in shown.replace("@\u2060", "")

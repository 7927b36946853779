"""What another reader could take otherwise is not taken at all."""

import pytest

from app.web.strict_json import BadJson, read_json


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "line 1"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "Infinity is not a number"),
        (b'{"a": 1e400}', "too large"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "5000 digits"),
        (b'{"a": 9223372036854775808}', "beyond 64 bits"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "stands twice"),
        (b'{"a": "\\ud800"}', "cannot be stored"),
        (b'{"a": ["\\u0000"]}', "cannot be stored"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 70 + b"]" * 70, "nested too deeply"),
        (b'\xef\xbb\xbf{"a": 1}', "line 1"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ],
)
def test_it_is_refused_with_the_reason(raw, why):
    with pytest.raises(BadJson, match=why) as refusal:
        read_json(raw)

    str(refusal.value).encode()  # can be told to anybody


def test_the_ends_of_what_is_taken():
    assert read_json(b'{"a": 9223372036854775807, "b": -0.0}')["a"] == 2**63 - 1
    assert read_json(b"[" * 60 + b"]" * 60)

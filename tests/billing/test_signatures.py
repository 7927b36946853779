"""A webhook is taken from who knows a secret, for the bytes as they came, within five minutes."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valor_core.billing.signatures import (
    HEADER_MAX,
    MESSAGE_ID,
    STANDARD,
    STRIPE,
    TIMESTAMP,
    TOLERANCE_S,
    WebhookRefused,
    active_secrets,
    signed,
    verify,
)
from valor_core.store.secrets import WeakSecret

NOW = 1_764_115_200
OLD, NEW = "whsec_" + base64.b64encode(b"o" * 32).decode(), "n" * 40
BODY = b'{"id": "evt_1"}'
STYLES = pytest.mark.parametrize("message_id", ["", "msg_1"])


def taken(body: bytes, headers: dict[str, str], *, secrets=(OLD, NEW), now_s: float = NOW) -> bool:
    try:
        verify(body, headers, secrets=secrets, now_s=now_s)
    except WebhookRefused:
        return False
    return True


@STYLES
@given(body=st.binary(max_size=200), off=st.integers(-2 * TOLERANCE_S, 2 * TOLERANCE_S))
def test_what_is_signed_is_taken_for_five_minutes_either_way(message_id, body, off):
    """S36, G42."""
    headers = signed(body, NEW, now_s=NOW + off, message_id=message_id)

    assert taken(body, headers) is (abs(off) <= TOLERANCE_S)


@STYLES
@given(body=st.binary(min_size=1, max_size=50), bit=st.integers(0, 10**6))
def test_one_changed_bit_of_the_body_is_refused(message_id, body, bit):
    """S36, G42."""
    headers = signed(body, OLD, now_s=NOW, message_id=message_id)
    changed = bytearray(body)
    changed[bit // 8 % len(body)] ^= 1 << bit % 8

    assert not taken(bytes(changed), headers)


@STYLES
def test_while_a_secret_is_rotated_both_sign_and_afterwards_the_new_one_alone(message_id):
    """S36, G42."""
    by_old, by_new = (signed(BODY, each, now_s=NOW, message_id=message_id) for each in (OLD, NEW))
    name, joint = (STANDARD, " ") if message_id else (STRIPE, ",")
    signature = by_new[name][by_new[name].index("v1") :]
    both = {**by_new, name: f"{by_old[name]}{joint}{signature}"}

    assert [taken(BODY, each) for each in (by_old, by_new, both)] == [True] * 3
    assert [taken(BODY, each, secrets=[NEW]) for each in (by_old, by_new, both)] == [
        False, True, True,
    ]  # fmt: skip
    assert not taken(BODY, by_new, secrets=[])


def test_a_header_that_is_not_stripes_is_refused():
    """S36, G42."""
    good = signed(BODY, NEW, now_s=NOW)[STRIPE]
    stamp, _, signature = good.partition(",")
    assert taken(BODY, {STRIPE: good})
    for header in [
        "", good.upper(), good.replace("v1=", "v0="), signature, stamp, f"t={NOW},{good}",
        f"{stamp}.0,{signature}", f"t=1_764_115_200,{signature}", f"t=١٧٦٤١١٥٢٠٠,{signature}",
        f"t={10**20},{signature}", f"t=-{NOW},{signature}", f"{stamp},v1=é", f"{good[:-1]}g",
        "v1=0," * 1000 + good, f"{stamp}," + "v1=00," * 16 + signature,
    ]:  # fmt: skip
        assert not taken(BODY, {STRIPE: header}), header
    assert not taken(BODY, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [(MESSAGE_ID, ""), (MESSAGE_ID, "a b"), (MESSAGE_ID, "msg_2"), (TIMESTAMP, ""),
     (TIMESTAMP, "now"), (STANDARD, ""), (STANDARD, "v1a,AAAA"), (STANDARD, "v1,é")],
)  # fmt: skip
def test_a_header_that_is_not_of_standard_webhooks_is_refused(name, value):
    headers = signed(BODY, NEW, now_s=NOW, message_id="msg_1")

    assert not taken(BODY, {**headers, name: value})


def test_a_header_that_is_longer_than_any_true_one_is_refused():
    headers = signed(BODY, NEW, now_s=NOW, message_id="msg_1")
    room = HEADER_MAX - len(headers[STANDARD])

    assert taken(BODY, {**headers, STANDARD: headers[STANDARD] + " " * room})
    assert not taken(BODY, {**headers, STANDARD: headers[STANDARD] + " " * (room + 1)})


def test_both_schemes_are_as_published():
    """The formulas of Stripe's and of the Standard Webhooks documentation, spelt out."""
    stripe = hmac.new(OLD.encode(), b"%d." % NOW + BODY, hashlib.sha256).hexdigest()
    key = base64.b64decode(OLD[6:])
    standard = hmac.new(key, b"msg_1.%d." % NOW + BODY, hashlib.sha256).digest()

    assert signed(BODY, OLD, now_s=NOW) == {"stripe-signature": f"t={NOW},v1={stripe}"}
    assert signed(BODY, OLD, now_s=NOW, message_id="msg_1") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": f"v1,{base64.b64encode(standard).decode()}",
    }
    assert verify(BODY, signed(BODY, OLD, now_s=NOW, message_id="msg_1"), secrets=[OLD], now_s=NOW)


def test_a_secret_that_only_looks_like_base_64_is_its_own_key():
    secret = "whsec_" + "!" * 40
    headers = signed(BODY, secret, now_s=NOW, message_id="msg_1")

    assert taken(BODY, headers, secrets=[secret])
    told = hmac.digest(secret.encode(), f"msg_1.{NOW}.".encode() + BODY, "sha256")
    assert headers[STANDARD] == f"v1,{base64.b64encode(told).decode()}"


def test_several_secrets_stand_by_commas_and_a_short_one_is_refused(monkeypatch):
    monkeypatch.setenv("BILLING_WEBHOOK_SECRETS", f"{OLD}, {NEW}")
    assert active_secrets() == [OLD, NEW]
    monkeypatch.setenv("BILLING_WEBHOOK_SECRETS", "n" * 32)
    assert active_secrets() == ["n" * 32]

    monkeypatch.setenv("BILLING_WEBHOOK_SECRETS", f"{OLD},{'n' * 31}")
    with pytest.raises(WeakSecret, match="32"):
        active_secrets()

"""Checkpoints: signed by us, of this log, or nothing."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from valor_core.audit.notes import Checkpoint, NoteRefused, opened, signed, verifier_key

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (7, 8))
OURS, THEIRS = (key.public_key().public_bytes_raw() for key in (KEY, OTHER))
ORIGIN, POINT = "valor-ivx/audit/acme", Checkpoint(12, b"r" * 32)
NOTE = signed(ORIGIN, POINT, KEY)


def test_a_note_says_what_was_signed_and_says_it_the_same_each_time():
    assert opened(NOTE, ORIGIN, [OURS]) == opened(NOTE, ORIGIN, [THEIRS, OURS]) == POINT
    assert signed(ORIGIN, POINT, KEY) == NOTE
    text, _, signature = NOTE.partition("\n\n")
    assert text == f"{ORIGIN}\n12\n{base64.b64encode(b'r' * 32).decode()}"
    assert signature.startswith(f"\N{EM DASH} {ORIGIN} ")


def test_a_note_of_another_log_or_key_is_refused():
    for origin, publics in (("valor-ivx/audit/rival", [OURS]), (ORIGIN, [THEIRS]), (ORIGIN, [])):
        with pytest.raises(NoteRefused):
            opened(NOTE, origin, publics)


def test_the_signatures_of_witnesses_may_stand_beside_ours():
    witnessed = f"{NOTE}\N{EM DASH} witness.example AAAAAA==\n"

    assert opened(witnessed, ORIGIN, [OURS]) == POINT


def test_no_character_of_a_note_can_change():
    for at, character in enumerate(NOTE):
        for other in {chr(ord(character) ^ 1), "\n", "="} - {character}:
            changed = NOTE[:at] + other + NOTE[at + 1 :]
            with pytest.raises(NoteRefused):
                opened(changed, ORIGIN, [OURS])


@pytest.mark.parametrize("size", ["012", "-12", "+12", "12 ", "١٢", "", "1_2"])
def test_a_size_has_one_spelling(size):
    text = NOTE.replace("\n12\n", f"\n{size}\n").partition("\n\n")[0] + "\n"
    raw = base64.b64decode(NOTE.rpartition(" ")[2])[:4] + KEY.sign(text.encode())
    note = f"{text}\n\N{EM DASH} {ORIGIN} {base64.b64encode(raw).decode()}\n"

    with pytest.raises(NoteRefused):
        opened(note, ORIGIN, [OURS])


def test_the_public_key_is_told_as_witnesses_take_it():
    name, key_hash, encoded = verifier_key(ORIGIN, OURS).split("+", 2)

    assert (name, base64.b64decode(encoded)) == (ORIGIN, b"\1" + OURS)
    assert base64.b64decode(NOTE.rpartition(" ")[2])[:4].hex() == key_hash

import pytest

from valor_core.sla.states import Evidence, State, judged


@pytest.mark.parametrize(
    ("known", "state", "cause"),
    [
        (Evidence(good=3), State.UP, "it answers"),
        (Evidence(good=8, bad=2), State.DEGRADED, "2 of its last 10 calls failed"),
        (Evidence(good=4, slow=2), State.DEGRADED, "2 of its last 4 calls took long"),
        (Evidence(bad=1), State.DOWN, "its last call failed"),
        (Evidence(good=5, left_alone="5 of its last 5 calls failed"), State.DOWN,
         "5 of its last 5 calls failed"),
        (Evidence(bad=5, maintenance="they move"), State.MAINTENANCE, "they move"),
        (Evidence(held="does not accept the key"), State.UNKNOWN, "does not accept the key"),
        (Evidence(), State.UNKNOWN, "nobody has asked it lately"),
    ],
)  # fmt: skip
def test_a_state_has_its_cause_in_words(known, state, cause):
    assert judged(known) == (state, cause)

"""Questions are spaced, whoever asks and whenever."""

import threading

from hypothesis import given
from hypothesis.strategies import floats, integers, lists

from valor_core.market.pace import Pace


@given(integers(1, 50), lists(floats(0.0, 3.0), min_size=1, max_size=60))
def test_no_second_ever_holds_more_questions_than_are_allowed(per_second, pauses):
    now, asked_at = 0.0, []
    pace = Pace(per_second=per_second, clock=lambda: now)
    for pause in pauses:
        now += pause
        asked_at.append(now + pace.wait_s())

    apart = [later - at for at, later in zip(asked_at, asked_at[per_second:], strict=False)]
    assert all(each >= 1.0 - 1e-9 for each in apart)


def test_threads_that_ask_at_once_get_turns_of_their_own():
    pace, turns = Pace(per_second=10, clock=lambda: 0.0), []
    threads = [threading.Thread(target=lambda: turns.append(pace.wait_s())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [round(turn, 9) for turn in sorted(turns)] == [n / 10 for n in range(20)]

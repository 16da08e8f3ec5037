"""What a process knows is asked for once, and again after a change."""

from chatsite.live.cached import CachedValue


def following(cached: CachedValue[int]) -> CachedValue[int]:
    """As in a process that serves, without the event loop that would tell it of changes."""
    cached._is_subscribed = True
    return cached


def test_a_process_that_is_told_nothing_asks_each_time() -> None:
    stored = [1]
    cached = CachedValue("things", lambda: stored[0])
    assert cached() == 1
    stored[0] = 2
    assert cached() == 2


def test_it_is_asked_for_again_when_it_has_changed() -> None:
    stored = [1]
    cached = following(CachedValue("things", lambda: stored[0]))
    assert [cached(), cached()] == [1, 1]
    stored[0] = 2
    assert cached() == 1
    cached.publish_change()
    assert cached() == 2


def test_what_changes_while_it_is_asked_for_is_not_missed() -> None:
    stored = [1]

    def ask() -> int:
        value = stored[0]
        if value == 1:  # somebody changes it before the answer is there
            stored[0] = 2
            cached.set(None)
        return value

    cached = following(CachedValue("things", ask))
    assert [cached(), cached()] == [1, 2]

"""When to poll a feed next. Numbers in, numbers out: the clock and the dice are the caller's.

Observation: a feed's recent rhythm predicts its next entry well enough, and servers ask for polite
clients: hints of freshness, Retry-After, fewer polls of what is silent or broken. Rule: half the
mean gap of the recent entries, slower after a week of silence, never faster than the minimum, never
faster than the server's hint, never slower than the maximum; after failures twice as long each
time, up to a day. Known exception: an operator's maximum beats a server's hint, because it is his
promise to readers. Rejected: a fixed interval (either impolite or late), learning by hour of day
(the gain is minutes for a feed's state of weeks).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models.feeds import PollState

_RECENT = timedelta(days=7)
_MOST_RECENT = 20
_SILENCE = (
    (timedelta(days=30), 1),
    (timedelta(days=14), 2),
    (timedelta(days=7), 4),
)
_WITHOUT_DATES = timedelta(minutes=15)
_LONGEST_HINT = timedelta(hours=24)
_LONGEST_BACK_OFF = timedelta(hours=24)
_LONGEST_RETRY_AFTER = timedelta(days=7)
_SPREAD = 0.1
_SLOWER = 1.05


def next_poll(
    now: datetime,
    state: PollState,
    *,
    entries_published: Sequence[datetime] | None,
    minimum: timedelta,
    maximum: timedelta,
    jitter: float,
    hint: timedelta | None = None,
) -> tuple[timedelta, datetime]:
    """(interval, time of the next poll) after a success.

    `entries_published` are the dates of the document's entries, in any order, None when it was
    unchanged: then the former interval grows a little. `jitter` is a random number in [0, 1) that
    moves the poll by at most a tenth; `hint` is how long the answer stays fresh by the server's
    word. The interval before jitter lies in [minimum, maximum], the poll in
    [minimum, 1.1 * maximum].
    """
    first = state.last_success is None
    if first:
        interval = minimum
    elif entries_published is None:
        interval = min(state.interval * _SLOWER, maximum)
    else:
        interval = _rhythm(now, entries_published, maximum)
    if hint is not None and hint > interval:
        interval = min(hint, _LONGEST_HINT)
    interval = max(minimum, min(interval, maximum))
    return interval, now + max(minimum, interval * (1 + _SPREAD * (2 * jitter - 1)))


def _rhythm(now: datetime, entries_published: Sequence[datetime], maximum: timedelta) -> timedelta:
    dates = sorted((moment for moment in entries_published if moment <= now), reverse=True)
    if not dates:
        return min(_WITHOUT_DATES, maximum)
    silence = now - dates[0]
    for longest, share in _SILENCE:
        if silence >= longest:
            return maximum / share
    recent = [moment for moment in dates if now - moment <= _RECENT][:_MOST_RECENT]
    # Silence since the newest entry is a gap too, one that has not ended yet.
    return (now - recent[-1]) / len(recent) / 2


def after_failure(
    now: datetime,
    state: PollState,
    *,
    minimum: timedelta,
    jitter: float,
    retry_after: timedelta | None = None,
) -> tuple[timedelta, datetime]:
    """(interval, time of the next poll) after a failure that `state.failures` does not count yet.

    minimum * 2^n, n counting this failure, at most a day, moved by at most a tenth; but never
    before `retry_after` has passed (RFC 9110 section 10.2.3), of which at most a week is believed.
    """
    doublings = min(state.failures + 1, 20)
    interval = min(minimum * 2**doublings, max(minimum, _LONGEST_BACK_OFF))
    wait = interval * (1 + _SPREAD * (2 * jitter - 1))
    if retry_after is not None and retry_after > timedelta(0):
        asked = min(retry_after, _LONGEST_RETRY_AFTER)
        interval = max(interval, asked)
        wait = max(wait, asked * (1 + _SPREAD * jitter))
    return interval, now + max(minimum, wait)

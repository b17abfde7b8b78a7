"""What a feed does to itself is no news: a new title of its own, a failure that is over."""

from tests.test_long_feeds import Polled, document, feed

__all__ = ["feed"]


async def test_a_feeds_new_title_is_no_news(feed: Polled) -> None:
    before = document(range(3))
    await feed.poll(before)
    assert await feed.poll(before.replace(b"<title>Long", b"<title>Longer, and renamed")) == {}


async def test_a_success_ends_the_count_of_failures(feed: Polled) -> None:
    await feed.poll(document(range(3)))
    for failures in (1, 2):
        await feed.poll(b"no feed at all")
        assert await counted(feed) == failures
    await feed.poll(document(range(4)))
    assert await counted(feed) == 0


async def counted(feed: Polled) -> int:
    (state,) = (await feed.store.states()).values()
    return state.failures

"""Lists of feeds, in and out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import FeedError, FeedTrouble
from bot.models.feeds import Feed
from bot.models.identifiers import Language, Topic
from bot.news.identity import feed_id
from bot.news.opml import parse_opml, render_opml
from bot.news.text import plain_title

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<opml version="2.0" xmlns:newsflash="urn:newsflash:opml:1"><head><title>x</title></head><body>
  <outline text="UKRAINE"><outline text="Kyiv desk">
    <outline text="Приклад &amp; Co" xmlUrl="https://a.example/rss?a=1&amp;b=2" language="uk-UA"
      htmlUrl="https://a.example/" newsflash:owner="Owner" newsflash:trusted="true"
      newsflash:state="ua"/></outline></outline>
  <outline title="Second" XMLURL="https://b.example/" text=""/>
  <outline text="Again" xmlUrl="https://b.example"/>
  <outline text="Script" xmlUrl="javascript:alert(1)"/><outline text="Note"/>
  <outline xmlUrl="https://c.example/feed" text="Tom & Jerry"/>
</body></opml>"""


def test_an_outline_becomes_a_feed() -> None:
    first, second, third = parse_opml(DOCUMENT.encode())
    url = "https://a.example/rss?a=1&b=2"
    assert first == Feed(
        id=feed_id(url),
        url=url,
        title="Приклад & Co",
        owner="Owner",
        language=Language("uk"),
        topic=Topic.UKRAINE,
        trusted=True,
        state="UA",
        site="https://a.example/",
    )
    assert (second.title, second.topic, second.trusted) == ("Second", None, False)
    assert third.title == "Tom & Jerry"


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        (b"", FeedTrouble.NOT_A_FEED),
        (b"<rss><channel/></rss>", FeedTrouble.NOT_A_FEED),
        (b"<opml><body><outline></body></opml>", FeedTrouble.BROKEN),
        (b"\x00\xff" * 50, FeedTrouble.NOT_A_FEED),
    ],
)
def test_what_is_no_opml(body: bytes, trouble: FeedTrouble) -> None:
    with pytest.raises(FeedError) as caught:
        parse_opml(body)
    assert caught.value.trouble == trouble


def test_an_empty_list_and_a_deep_one() -> None:
    assert parse_opml(b"<opml/>") == ()
    feed = '<outline text="a" xmlUrl="https://a.example/"/>'
    assert len(parse_opml(f"<opml>{'<outline>' * 5}{feed}{'</outline>' * 5}</opml>".encode())) == 1
    deep = f"<opml>{'<outline>' * 5000}{feed}{'</outline>' * 5000}</opml>"
    assert parse_opml(deep.encode()) == ()


def test_no_entity_is_expanded() -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><opml><body>'
        '<outline text="&b;" xmlUrl="https://a.example/"/></body></opml>'
    )
    (feed,) = parse_opml(bomb.encode())
    assert feed.title == "&b;"


TITLES = (
    st.text(min_size=1, max_size=40)
    .map(plain_title)
    .filter(lambda title: title == plain_title(title) != "")
)
FEEDS = st.builds(
    Feed,
    id=st.just(feed_id("")),
    url=st.integers(0, 30).map("https://e{}.example/feed?a=1&b=2".format),
    title=TITLES,
    owner=st.just("") | TITLES,
    language=st.sampled_from(["", "en", "uk"]).map(Language),
    topic=st.none() | st.sampled_from(list(Topic)),
    trusted=st.booleans(),
    state=st.sampled_from(["", "UA"]),
    site=st.sampled_from(["", "https://site.example/"]),
).map(lambda feed: replace(feed, id=feed_id(feed.url)))


@given(st.lists(FEEDS, max_size=10, unique_by=lambda feed: feed.url))
def test_what_is_exported_can_be_imported(feeds: list[Feed]) -> None:
    order = [*Topic, None]
    expected = sorted(feeds, key=lambda feed: order.index(feed.topic))
    assert list(parse_opml(render_opml(feeds))) == expected

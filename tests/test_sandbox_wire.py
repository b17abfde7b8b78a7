"""The sample wire over real HTTP on loopback, and its script step by step."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.previews import Previews
from sandbox.wire import SampleWire
from sandbox.wire_articles import Article, Picture, slug_of
from sandbox.wire_briefs import briefs
from sandbox.wire_feeds import Fault, FaultKind
from sandbox.wire_library import Publication, Revision, library
from sandbox.wire_pictures import draw
from sandbox.wire_script import Cue, Script
from sandbox.wire_sources import SOURCES, Format
from tests.waiting import eventually
from tests.wire_server import NOW, OWN, Clock, clock, http, parsed, served

__all__ = ["clock", "http"]


ALL = [source.id for source in SOURCES]


@pytest.fixture
async def quiet(clock: Clock) -> AsyncIterator[SampleWire]:
    wire = SampleWire(clock=clock, quiet=True)
    async with served(wire):
        yield wire


def article(title: str = "Storm closes the pass", **fields: Any) -> Article:
    return Article(slug=slug_of(title), title=title, summary=f"{title}, police said.", **fields)


async def entries(http: aiohttp.ClientSession, url: str) -> list[dict[str, Any]]:
    """Title, link and identity of a feed's entries, whatever its format."""
    async with http.get(url) as response:
        assert response.status == 200, await response.text()
        body = await response.read()
    if url.endswith(".json"):
        items: list[dict[str, Any]] = json.loads(body)["items"]
        return [{"title": item["title"], "link": item["url"], "id": item["id"]} for item in items]
    document = parsed(body)
    assert not document.bozo, document.get("bozo_exception")
    return [{"title": e.title, "link": e.link, "id": e.id} for e in document.entries]


# The feeds


async def test_feeds_file_lists_every_source_with_its_owner(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    async with http.get(quiet.feeds_url) as response:
        root = ElementTree.fromstring(await response.read())
    outlines = root.findall("body/outline/outline")
    assert {outline.get("xmlUrl") for outline in outlines} == {quiet.feed_url(id) for id in ALL}
    assert all(outline.get(f"{OWN}owner") for outline in outlines)
    owners = Counter(outline.get(f"{OWN}owner") for outline in outlines)
    assert owners.most_common(1)[0][1] == 2
    assert {"en", "uk", "de", "ru"} == {outline.get("language") for outline in outlines}
    english = {
        outline.get(f"{OWN}owner") for outline in outlines if outline.get("language") == "en"
    }
    assert len(english) >= 3


@pytest.mark.parametrize("source_id", ALL)
async def test_every_feed_parses_and_its_pages_and_pictures_exist(
    source_id: str, quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.fill()
    found = await entries(http, quiet.feed_url(source_id))
    assert 6 <= len(found) <= 10
    assert [entry["title"] for entry in found] == [a.title for a in quiet.articles(source_id)]
    assert len({entry["id"] for entry in found}) == len(found)
    async with http.get(found[0]["link"]) as response:
        assert response.status == 200
        page = await response.text()
    assert 'property="og:title"' in page
    picture = page.partition('property="og:image" content="')[2].partition('"')[0]
    async with http.get(picture) as response:
        assert response.content_type == "image/png"
        assert (await response.read()).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("source_id", ["harbour", "continental", "tidepool"])
async def test_what_is_published_stands_first_and_its_text_survives_escaping(
    source_id: str, quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.fill()
    link = quiet.publish(source_id, article('Fish & chips <for> "all" of Aldbury\'s people'))
    first = (await entries(http, quiet.feed_url(source_id)))[0]
    assert first["title"] == 'Fish & chips <for> "all" of Aldbury\'s people'
    assert first["link"] == link == first["id"]


async def test_older_entries_lie_in_the_past_newest_first(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.fill()
    for source_id in ALL:
        dates = [item.published for item in quiet.articles(source_id)]
        assert None not in dates
        assert dates == sorted(dates, reverse=True)  # type: ignore[type-var]
        assert dates[0] is not None
        assert dates[0] < datetime.fromtimestamp(NOW, UTC)


@pytest.mark.parametrize("source_id", ALL)
async def test_unchanged_feeds_answer_304_to_their_own_validators(
    source_id: str, quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.fill()
    url = quiet.feed_url(source_id)
    async with http.get(url) as response:
        headers = {}
        if "ETag" in response.headers:
            headers["If-None-Match"] = response.headers["ETag"]
        if "Last-Modified" in response.headers:
            headers["If-Modified-Since"] = response.headers["Last-Modified"]
    assert headers
    async with http.get(url, headers=headers) as response:
        assert response.status == 304
        assert await response.read() == b""
    quiet.publish(source_id, article())
    async with http.get(url, headers=headers) as response:
        assert response.status == 200
    assert [request.status for request in quiet.requests] == [200, 304, 200]
    assert "if-none-match" not in quiet.requests[0].headers


async def test_two_changes_within_a_second_differ_by_date(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.publish("touchline", article())
    async with http.get(quiet.feed_url("touchline")) as response:
        assert "ETag" not in response.headers
        date = response.headers["Last-Modified"]
    quiet.publish("touchline", article("Another one"))
    async with http.get(
        quiet.feed_url("touchline"), headers={"If-Modified-Since": date}
    ) as response:
        assert response.status == 200


async def test_junk_validators_are_ignored(quiet: SampleWire, http: aiohttp.ClientSession) -> None:
    for headers in ({"If-None-Match": "junk"}, {"If-Modified-Since": "yesterday"}):
        async with http.get(quiet.feed_url("harbour"), headers=headers) as response:
            assert response.status == 200


async def test_an_update_keeps_identity_and_place(
    quiet: SampleWire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    quiet.publish("meridian", article("Dam cracks, 12,000 leave"))
    quiet.publish("meridian", article("Ferry sails again"))
    before = await entries(http, quiet.feed_url("meridian"))
    clock.now += 60
    quiet.update("meridian", "dam-cracks-12-000-leave", title="Dam cracks, 18,500 leave")
    after = await entries(http, quiet.feed_url("meridian"))
    assert [entry["id"] for entry in after] == [entry["id"] for entry in before]
    assert after[1]["title"] == "Dam cracks, 18,500 leave"
    async with http.get(after[1]["link"]) as response:
        page = await response.text()
    assert "(Updated " in page
    assert "article:modified_time" in page


async def test_a_withdrawn_article_leaves_the_feed_but_not_its_page(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    link = quiet.publish("gallery", article())
    quiet.withdraw("gallery", "storm-closes-the-pass")
    assert await entries(http, quiet.feed_url("gallery")) == []
    async with http.get(link) as response:
        assert response.status == 200


async def test_front_pages_name_the_feed_for_discovery(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{quiet.base_url}/wire/tidepool/") as response:
        page = await response.text()
    assert f'href="{quiet.feed_url("tidepool")}"' in page
    assert 'type="application/feed+json"' in page


@pytest.mark.parametrize(
    "path", ["/wire/nobody/", "/wire/harbour/nothing", "/wire/pictures/harbour/nothing.png"]
)
async def test_unknown_pages_are_not_found(
    path: str, quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    async with http.get(quiet.base_url + path) as response:
        assert response.status == 404


async def test_unknown_sources_and_articles_are_refused(quiet: SampleWire) -> None:
    with pytest.raises(KeyError):
        quiet.publish("nobody", article())
    with pytest.raises(KeyError):
        quiet.update("harbour", "nothing", title="Something")
    with pytest.raises(ValueError, match="pace"):
        SampleWire(pace=0)


# Faults


async def test_a_fault_answers_as_often_as_asked(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    url = quiet.feed_url("harbour")
    fault = Fault(FaultKind.STATUS, status=429, headers=(("Retry-After", "30"),), times=2)
    quiet.disturb("harbour", fault)
    for status in (429, 429, 200):
        async with http.get(url) as response:
            assert response.status == status
            assert response.headers.get("Retry-After") == ("30" if status == 429 else None)


async def test_redirects_and_other_bodies(quiet: SampleWire, http: aiohttp.ClientSession) -> None:
    url = quiet.feed_url("harbour")
    quiet.disturb("harbour", Fault(FaultKind.REDIRECT, status=301, location="http://10.0.0.1/"))
    async with http.get(url, allow_redirects=False) as response:
        assert response.status == 301
        assert response.headers["Location"] == "http://10.0.0.1/"
    quiet.disturb("harbour", Fault(FaultKind.BODY, body=b"<html>", content_type="text/html"))
    async with http.get(url) as response:
        assert await response.read() == b"<html>"
        assert response.content_type == "text/html"
    quiet.calm("harbour")
    assert await entries(http, url) == []


async def test_a_huge_document_has_the_size_asked_for(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.disturb("harbour", Fault(FaultKind.HUGE, size=3_000_000))
    async with http.get(quiet.feed_url("harbour")) as response:
        assert len(await response.read()) > 3_000_000
    async with http.get(quiet.feed_url("harbour")) as response:
        await response.content.readexactly(1_000)
        response.close()


async def test_a_hanging_feed_answers_once_calmed(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.disturb("harbour", Fault(FaultKind.HANG))
    request = asyncio.create_task(http.get(quiet.feed_url("harbour")))
    await eventually(lambda: quiet.hanging("harbour") == 1)
    assert not request.done()
    quiet.calm("harbour")
    response = await request
    assert response.status == 503
    response.release()


# The script


def step_until(wire: SampleWire, wanted: Callable[[Cue], bool]) -> list[Cue]:
    """Step the script until a cue is as wanted; all cues, that one last."""
    cues = []
    for _ in range(500):
        cues.append(wire.step())
        if wanted(cues[-1]):
            return cues
    raise AssertionError("The script never came to it.")


async def test_breaking_comes_after_twenty_seconds_and_is_updated(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    quiet.fill()
    cues = step_until(quiet, lambda cue: cue.breaking and isinstance(cue.act, Revision))
    breaking = [cue for cue in cues if cue.breaking]
    assert 18 <= breaking[0].at <= 22
    assert breaking[-1].at <= 90
    tellings = [cue.act for cue in breaking if isinstance(cue.act, Publication)]
    assert len({quiet.source(told.source).owner for told in tellings}) == 3
    assert breaking[2].at - breaking[0].at <= 20
    revision = breaking[-1].act
    assert isinstance(revision, Revision)
    assert revision.source == tellings[0].source
    newest = await entries(http, quiet.feed_url(revision.source))
    told = next(entry for entry in newest if entry["link"].endswith(f"/{revision.slug}"))
    assert told["title"] == revision.title
    assert told["title"] != tellings[0].article.title


def test_urgent_markers_are_used_by_trusted_sources_only_and_break_alone() -> None:
    sources = {source.id: source for source in SOURCES}
    markers = ("URGENT:", "ТЕРМІНОВО:", "EILMELDUNG:", "СРОЧНО:")
    for tale in library().breaking:
        first = tale.tellings[0]
        urgent = [told for told in tale.tellings if told.article.title.startswith(markers)]
        owners = {sources[told.source].owner for told in tale.tellings}
        assert urgent or len(owners) >= 3
        assert all(sources[told.source].trusted for told in urgent)
        assert all(revision.source == first.source for revision in tale.revisions)
        assert tale.revisions


def test_cues_come_in_order_at_a_lively_pace_in_mostly_english() -> None:
    script = Script(library(), briefs(3), 3)
    cues = [script.take() for _ in range(130)]
    assert [cue.at for cue in cues] == sorted(cue.at for cue in cues)
    assert cues[99].at <= 600
    sources = {source.id: source for source in SOURCES}
    languages = Counter(sources[cue.act.source].language for cue in cues)
    assert set(languages) == {"en", "uk", "de", "ru"}
    assert languages["en"] > len(cues) / 2


def test_the_same_seed_gives_the_same_script() -> None:
    def cues(seed: int) -> list[Cue]:
        script = Script(library(), briefs(seed), seed)
        return [script.take() for _ in range(250)]

    assert [cue.act for cue in cues(5)] == [cue.act for cue in cues(5)]
    assert [cue.act for cue in cues(5)] != [cue.act for cue in cues(6)]


def test_the_script_never_ends_and_never_repeats() -> None:
    script = Script(library(), briefs(1), 1)
    acts = [script.take().act for _ in range(1_000)]
    published = [(act.source, act.article.slug) for act in acts if isinstance(act, Publication)]
    older = [(told.source, told.article.slug) for told in library().older]
    assert len(set(published + older)) == len(published) + len(older)
    titles = [act.article.title for act in acts if isinstance(act, Publication)]
    assert len(set(titles)) == len(titles)


async def test_the_wire_plays_by_itself(http: aiohttp.ClientSession) -> None:
    wire = SampleWire(pace=10_000)
    async with served(wire):
        names = ("harbour", "kuryer", "nordufer")
        await eventually(lambda: all(len(wire.articles(name)) > 12 for name in names))
        assert len(await entries(http, wire.feed_url("harbour"))) <= 30


async def test_one_story_has_all_that_an_article_can_have(
    quiet: SampleWire, http: aiohttp.ClientSession
) -> None:
    feature = library().feature
    step_until(quiet, lambda cue: cue.act is feature)
    async with http.get(quiet.feed_url("meridian")) as response:
        entry = parsed(await response.read()).entries[0]
    assert entry.author == "Ilse Varnholt"
    assert entry.media_content[0]["url"].endswith(".png")
    assert entry.media_credit[0]["content"] == "T. Okonjo / Meridian Pictures"
    text = entry.content[0].value
    assert 400 <= len(text.split()) <= 650
    assert "<blockquote>" in text
    assert "About the author: Ilse Varnholt" in text
    related = text.partition('Related: <a href="')[2].partition('"')[0]
    async with http.get(related) as response:
        assert response.status == 200
    step_until(quiet, lambda cue: cue.act is library().feature_update)
    async with http.get(entry.link) as response:
        page = await response.text()
    assert "11,000 homes" in page
    assert "seventh turbine" in page
    assert "The third of Skerrabrae" in page
    assert "T. Okonjo" in page


async def test_cards_are_registered_for_old_and_new_articles_and_follow_updates(
    clock: Clock,
) -> None:
    previews = Previews()
    wire = SampleWire(clock=clock, quiet=True)
    async with served(wire, previews):
        link = wire.publish("harbour", article(picture=Picture("Pass")))
        card = previews.preview("", [], {"url": link})
        assert card is not None
        assert card["site"] == "Harbour Wire"
        assert card["title"] == "Storm closes the pass"
        assert card["image"] == f"{wire.base_url}/wire/pictures/harbour/storm-closes-the-pass.png"
        wire.update("harbour", "storm-closes-the-pass", title="Pass open")
        card = previews.preview("", [], {"url": link})
        assert card is not None
        assert card["title"] == "Pass open"
        later = Previews()
        wire.register_previews(later)
        assert later.preview("", [], {"url": link}) == card


def test_pictures_are_the_same_for_the_same_word() -> None:
    assert draw("Їжак", "#1864ab") == draw("Їжак", "#1864ab")
    assert draw("Їжак", "#1864ab") != draw("Буря", "#1864ab")


@given(st.text(max_size=40))
def test_any_title_has_a_slug_that_is_a_plain_path_segment(title: str) -> None:
    slug = slug_of(title)
    assert slug
    assert len(slug) <= 60
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_every_format_is_in_use() -> None:
    assert {source.format for source in SOURCES} == set(Format)
    assert list(islice(briefs(1), 3)) == list(islice(briefs(1), 3))

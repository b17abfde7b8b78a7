"""Fetching over real connections to a server on loopback."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
import pytest_asyncio

from bot import __version__
from bot.errors import FeedError, FeedTrouble
from bot.fetch.fetcher import FeedFetcher, Fetched
from bot.models.feeds import Validators
from tests.feed_server import Exchange, FeedServer
from tests.waiting import eventually

LOOPBACK = (ip_network("127.0.0.0/8"),)
BODY = b"<rss><channel><title>t</title></channel></rss>"
MEGABYTE = 1_048_576


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        yield running


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[FeedFetcher]:
    async with FeedFetcher(allow_networks=LOOPBACK) as running:
        yield running


async def ok(exchange: Exchange) -> None:
    await exchange.reply(BODY)


async def refused(fetcher: FeedFetcher, url: str, *, limit: int = MEGABYTE) -> FeedError:
    with pytest.raises(FeedError) as caught:
        await fetcher.fetch(url, limit=limit)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "Error(" not in sentence
    return caught.value


async def test_a_document(fetcher: FeedFetcher, server: FeedServer) -> None:
    async def answer(exchange: Exchange) -> None:
        headers = b'ETag: W/"a b"\r\nLast-Modified: yesterday, about noon\r\n'
        await exchange.reply(
            BODY, headers=headers + b"Content-Type: text/xml\r\nCache-Control: max-age=600\r\n"
        )

    server.answers["/feed?a=1"] = answer
    assert await fetcher.fetch(server.url("/feed?a=1#top")) == Fetched(
        "changed",
        BODY,
        server.url("/feed?a=1"),
        "text/xml",
        Validators('W/"a b"', "yesterday, about noon"),
        timedelta(minutes=10),
    )
    (request,) = server.requests
    agent = request.header("User-Agent") or b""
    assert agent == f"Newsflash/{__version__}".encode()
    assert b"application/rss+xml" in (request.header("Accept") or b"")
    assert request.header("Accept-Encoding") == b"gzip, deflate"
    for unwanted in ("If-None-Match", "If-Modified-Since", "Cookie", "Referer", "Cache-Control"):
        assert request.header(unwanted) is None


@pytest.mark.parametrize(
    "validators",
    [
        Validators('"abc"', "Mon, 02 Nov 2026 10:00:00 GMT"),
        Validators('W/"abc"', ""),
        Validators("no quotes at all", "2026-11-02 10:00"),
        Validators('"ключ;=,"', ""),
        Validators("", "Mon, 02 Nov 26 10:00:00 +0000 "[:-1]),
    ],
)
async def test_validators_go_back_byte_for_byte(
    fetcher: FeedFetcher, server: FeedServer, validators: Validators
) -> None:
    async def answer(exchange: Exchange) -> None:
        if len(server.requests) == 1:
            lines = f"ETag: {validators.etag}\r\n" if validators.etag else ""
            if validators.last_modified:
                lines += f"Last-Modified: {validators.last_modified}\r\n"
            await exchange.reply(BODY, headers=lines.encode())
        else:
            await exchange.raw(b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n")

    server.answers["/"] = answer
    first = await fetcher.fetch(server.url())
    assert first.validators == validators
    second = await fetcher.fetch(server.url(), first.validators)
    assert (second.status, second.body, second.validators) == ("unchanged", b"", validators)
    assert second.hint == timedelta(minutes=1)
    asked = server.requests[1]
    assert (asked.header("If-None-Match") or b"").decode() == validators.etag
    assert (asked.header("If-Modified-Since") or b"").decode() == validators.last_modified


async def test_a_304_may_bring_new_validators(fetcher: FeedFetcher, server: FeedServer) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(b'HTTP/1.1 304 Not Modified\r\nETag: "new"\r\n\r\n')

    server.answers["/"] = answer
    fetched = await fetcher.fetch(server.url(), Validators('"old"', "Monday"))
    assert fetched.validators == Validators('"new"', "Monday")


async def test_a_200_without_validators_clears_them(
    fetcher: FeedFetcher, server: FeedServer
) -> None:
    server.answers["/"] = ok
    fetched = await fetcher.fetch(server.url(), Validators('"old"', "Monday"))
    assert (fetched.status, fetched.validators) == ("changed", Validators())


async def test_validators_that_cannot_be_sent_back_are_not_kept(
    fetcher: FeedFetcher, server: FeedServer
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(
            BODY, headers=b'ETag: "\xff\xfe"\r\nLast-Modified: ' + b"x" * 2000 + b"\r\n"
        )

    server.answers["/"] = answer
    assert (await fetcher.fetch(server.url())).validators == Validators()


@pytest.mark.parametrize(
    ("status", "etag", "body"),
    [("200 OK", b'W/"same"', BODY), ("200 OK", b'"other"', b""), ("204 No Content", b"", b"")],
)
async def test_unchanged_in_other_words(
    fetcher: FeedFetcher, server: FeedServer, status: str, etag: bytes, body: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(body, status=status, headers=b"ETag: " + etag + b"\r\n")

    server.answers["/"] = answer
    fetched = await fetcher.fetch(server.url(), Validators('W/"same"'))
    assert (fetched.status, fetched.body) == ("unchanged", b"")


def packed(how: str) -> bytes:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return {
        "gzip": gzip.compress(BODY),
        "gzip, gzip": gzip.compress(gzip.compress(BODY)),
        "members": gzip.compress(BODY[:20]) + gzip.compress(BODY[20:]),
        "padded": gzip.compress(BODY) + b"\0" * 50,
        "deflate": zlib.compress(BODY),
        "raw": raw.compress(BODY) + raw.flush(),
        "plain": BODY,
    }[how]


@pytest.mark.parametrize(
    ("encoding", "how"),
    [
        ("gzip", "gzip"),
        ("x-gzip", "members"),
        ("gzip", "padded"),
        ("gzip, gzip", "gzip, gzip"),
        ("gzip", "gzip, gzip"),
        ("", "gzip"),
        ("identity", "gzip"),
        ("gzip", "plain"),
        ("br", "plain"),
        ("deflate", "plain"),
        ("deflate", "deflate"),
        ("deflate", "raw"),
        ("deflate", "gzip"),
        ("nonsense", "plain"),
    ],
)
async def test_content_encodings_true_and_false(
    fetcher: FeedFetcher, server: FeedServer, encoding: str, how: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        headers = f"Content-Encoding: {encoding}\r\n" if encoding else ""
        await exchange.reply(packed(how), headers=headers.encode())

    server.answers["/"] = answer
    assert (await fetcher.fetch(server.url())).body == BODY


async def test_a_stream_cut_short_is_read_and_asked_for_again(
    fetcher: FeedFetcher, server: FeedServer
) -> None:
    whole = gzip.compress(BODY + bytes(range(256)) * 40)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(whole[:-30], headers=b'ETag: "x"\r\nContent-Encoding: gzip\r\n')

    server.answers["/"] = answer
    fetched = await fetcher.fetch(server.url())
    assert fetched.body.startswith(BODY)
    assert fetched.validators == Validators()


async def test_a_damaged_stream(fetcher: FeedFetcher, server: FeedServer) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(gzip.compress(BODY)[:10] + b"\x07" * 300)

    server.answers["/"] = answer
    assert (await refused(fetcher, server.url())).trouble == FeedTrouble.BROKEN


@pytest.mark.parametrize("layers", [1, 2, 3])
async def test_a_bomb_does_not_go_off(
    fetcher: FeedFetcher, server: FeedServer, layers: int
) -> None:
    bomb = b"\0" * (50 * MEGABYTE)
    for _ in range(layers):
        bomb = gzip.compress(bomb)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(bomb, headers=b"Content-Encoding: gzip\r\n")

    server.answers["/"] = answer
    error = await refused(fetcher, server.url())
    assert error.trouble == FeedTrouble.TOO_LARGE
    assert "1 MB" in str(error)


async def test_too_large_by_its_own_words_or_in_fact(
    fetcher: FeedFetcher, server: FeedServer
) -> None:
    async def announced(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<rss>")

    async def endless(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await exchange.raw(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    server.answers.update({"/announced": announced, "/endless": endless})
    for target in server.answers:
        error = await refused(fetcher, server.url(target))
        assert error.trouble == FeedTrouble.TOO_LARGE


async def test_a_site_that_hangs(server: FeedServer) -> None:
    async def silent(_: Exchange) -> None:
        await asyncio.Event().wait()

    async def trickling(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>")
        await asyncio.Event().wait()

    server.answers.update({"/silent": silent, "/trickling": trickling})
    async with FeedFetcher(
        allow_networks=LOOPBACK, total_timeout=timedelta(milliseconds=200)
    ) as impatient:
        for target in server.answers:
            assert (await refused(impatient, server.url(target))).trouble == FeedTrouble.TIMEOUT


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 20_000 + b": y\r\n\r\n",
    ],
)
async def test_answers_that_break_off_or_are_none(
    fetcher: FeedFetcher, server: FeedServer, written: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.close = True
        await exchange.raw(written)

    server.answers["/"] = answer
    assert (await refused(fetcher, server.url())).trouble == FeedTrouble.UNREACHABLE


async def test_nobody_there(fetcher: FeedFetcher) -> None:
    async with FeedServer() as gone:
        url = gone.url()
    assert (await refused(fetcher, url)).trouble == FeedTrouble.UNREACHABLE
    error = await refused(fetcher, "https://nowhere.invalid/feed")
    assert (error.trouble, "nowhere.invalid" in str(error)) == (FeedTrouble.UNREACHABLE, True)


def redirect(location: str, status: str = "302 Found") -> bytes:
    return f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_with_the_validators(
    fetcher: FeedFetcher, server: FeedServer, status: int
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(redirect("../new?x=1#y", f"{status} Moved"))

    server.answers.update({"/old/feed": answer, "/new?x=1": ok})
    fetched = await fetcher.fetch(server.url("/old/feed"), Validators('"tag"'))
    assert fetched.url == server.url("/new?x=1")
    assert [request.header("If-None-Match") for request in server.requests] == [b'"tag"'] * 2


@pytest.mark.parametrize(
    ("location", "trouble"),
    [
        ("http://10.0.0.1/", FeedTrouble.PRIVATE),
        ("http://169.254.169.254/latest/meta-data/", FeedTrouble.PRIVATE),
        ("http://[::1]/", FeedTrouble.PRIVATE),
        ("file:///etc/passwd", FeedTrouble.REDIRECTS),
        ("gopher://example.net/", FeedTrouble.REDIRECTS),
        ("", FeedTrouble.REDIRECTS),
        ("/", FeedTrouble.REDIRECTS),
        ("http://[bad/", FeedTrouble.REDIRECTS),
    ],
)
async def test_redirects_that_lead_astray(
    fetcher: FeedFetcher, server: FeedServer, location: str, trouble: FeedTrouble
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(redirect(location))

    server.answers["/"] = answer
    error = await refused(fetcher, server.url())
    assert error.trouble == trouble
    assert len(server.requests) == 1


async def test_five_redirects_are_enough(fetcher: FeedFetcher, server: FeedServer) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(redirect(f"/{int(exchange.target[1:]) + 1}"))

    server.answers.update({f"/{number}": answer for number in range(6)})
    server.answers["/6"] = ok
    assert (await fetcher.fetch(server.url("/1"))).url == server.url("/6")
    assert (await refused(fetcher, server.url("/0"))).trouble == FeedTrouble.REDIRECTS


async def test_a_password_never_travels(fetcher: FeedFetcher, server: FeedServer) -> None:
    address = server.url().replace("http://", "http://user:secret@")

    async def answer(exchange: Exchange) -> None:
        await exchange.raw(redirect(address + "new"))

    server.answers.update({"/": answer, "/new": ok})
    error = await refused(fetcher, address)
    assert error.trouble == FeedTrouble.ADDRESS
    assert "secret" not in str(error)
    assert not server.requests
    assert (await fetcher.fetch(server.url())).url == server.url("/new")
    assert all(request.header("Authorization") is None for request in server.requests)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0x7f000001",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "１２７.0.0.1",
    ],
)
async def test_private_addresses_in_every_form(server: FeedServer, host: str) -> None:
    server.answers["/"] = ok
    async with FeedFetcher() as guarded:
        error = await refused(guarded, f"http://{host}:{server.port}/")
    assert error.trouble == FeedTrouble.PRIVATE
    assert str(error) == "This address leads into a private network, which is not allowed."
    assert server.connections == 0


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "0x7f.1"])
async def test_addresses_in_forms_that_nobody_writes(server: FeedServer, host: str) -> None:
    async with FeedFetcher() as guarded:
        error = await refused(guarded, f"http://{host}:{server.port}/")
    assert error.trouble in (FeedTrouble.PRIVATE, FeedTrouble.ADDRESS, FeedTrouble.UNREACHABLE)
    assert server.connections == 0


@pytest.mark.parametrize(
    "address",
    ["", "example", "ftp://example.net/", "file:///etc/passwd", "http://", "http://a:b:c/", "//x"],
)
async def test_what_is_no_web_address(fetcher: FeedFetcher, address: str) -> None:
    assert (await refused(fetcher, address)).trouble == FeedTrouble.ADDRESS


@pytest.mark.parametrize(
    ("status", "headers", "seconds", "words"),
    [
        ("429 Too Many Requests", b"Retry-After: 120\r\n", 120.0, "fewer requests"),
        (
            "503 Service Unavailable",
            b"Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
            b"Retry-After: Mon, 02 Nov 2026 10:05:00 GMT\r\n",
            300.0,
            "overloaded",
        ),
        ("429 Too Many Requests", b"Retry-After: -5\r\n", None, "fewer requests"),
        ("503 Service Unavailable", b"Retry-After: soon\r\n", None, "overloaded"),
        ("503 Service Unavailable", b"Retry-After: Mon, 02 Nov 1998 10:00:00 GMT\r\n", None, ""),
        ("500 Internal Server Error", b"Retry-After: 60\r\n", None, "trouble of its own"),
        ("404 Not Found", b"", None, "nothing at this address"),
        ("410 Gone", b"", None, "gone for good"),
        ("403 Forbidden", b"cf-mitigated: challenge\r\n", None, "robots"),
        ("403 Forbidden", b"", None, "refuses"),
        ("401 Unauthorized", b"", None, "password"),
        ("418 Teapot", b"", None, "error 418"),
        ("300 Multiple Choices", b"", None, "error 300"),
    ],
)
async def test_refusals_of_the_site(
    fetcher: FeedFetcher,
    server: FeedServer,
    status: str,
    headers: bytes,
    seconds: float | None,
    words: str,
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"<html>no</html>", status=status, headers=headers)

    server.answers["/"] = answer
    error = await refused(fetcher, server.url())
    assert error.trouble == FeedTrouble.STATUS
    assert error.status == int(status[:3])
    assert error.retry_after == seconds
    assert words in str(error)


async def test_connections_are_kept(fetcher: FeedFetcher, server: FeedServer) -> None:
    server.answers["/"] = ok
    for _ in range(3):
        await fetcher.fetch(server.url())
    assert (len(server.requests), server.connections) == (3, 1)


async def test_two_at_a_time_for_a_host_and_others_do_not_wait(
    fetcher: FeedFetcher, server: FeedServer
) -> None:
    release = asyncio.Event()
    under_way: list[int] = []

    async def slow(exchange: Exchange) -> None:
        under_way.append(1)
        await release.wait()
        under_way.pop()
        await exchange.reply(BODY)

    server.answers["/"] = slow
    async with FeedServer(host="127.0.0.2") as other:
        other.answers["/"] = ok
        waiting = [asyncio.ensure_future(fetcher.fetch(server.url())) for _ in range(5)]
        await eventually(lambda: len(under_way) == 2)
        assert (await fetcher.fetch(other.url())).body == BODY
        assert len(server.requests) == 2
        release.set()
        assert len(await asyncio.gather(*waiting)) == 5

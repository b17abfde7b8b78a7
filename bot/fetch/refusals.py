"""Every way in which fetching fails, as one sentence for the person who subscribed. No internals:
neither exception texts nor resolved addresses nor anything of an address but its host.
"""

import ssl

import aiohttp

from bot.errors import FeedError, FeedTrouble
from bot.fetch.addresses import Hop

_STATUSES = {
    401: "This feed asks for a password, which is not supported.",
    402: "This feed is open to paying readers only.",
    403: "The site refuses to hand out this feed.",
    404: "There is nothing at this address (error 404).",
    406: "The site refuses to hand out this feed.",
    410: "This feed is gone for good (error 410).",
    429: "The site asks for fewer requests.",
    451: "The site may not hand out this feed for legal reasons (error 451).",
    503: "The site is overloaded or under maintenance at the moment.",
}
CHALLENGE = "This site answers with a check for robots instead of its feed."
PRIVATE = "This address leads into a private network, which is not allowed."
NOT_AN_ADDRESS = "This is not a web address that can be fetched: http:// or https:// is expected."
WITH_PASSWORD = "Addresses with a name and password in them are not accepted."
BAD_PORT = "This address names a port where no feeds are served."
REDIRECT_LOOP = "This address leads in a circle."
TOO_MANY_REDIRECTS = "This address redirects too many times."
BAD_REDIRECT = "This address redirects to something that is not a web address."
DAMAGED = "The server's answer is damaged: it cannot be unpacked."
BROKEN_OFF = "The connection broke off before the whole feed had arrived."
TIMED_OUT = "The site did not answer in time."
NOT_HTTP = "The server's answer is not valid HTTP."
BAD_CERTIFICATE = "The site's certificate is not valid, so the connection is not safe."


def status_error(
    status: int, *, retry_after: float | None = None, challenge: bool = False
) -> FeedError:
    """For an answer that is no document."""
    sentence = _STATUSES.get(status, "")
    if challenge:
        sentence = CHALLENGE
    elif not sentence and status >= 500:
        sentence = f"The site has trouble of its own (error {status})."
    elif not sentence:
        sentence = f"The site does not hand out this feed (error {status})."
    return FeedError(FeedTrouble.STATUS, sentence, status=status, retry_after=retry_after)


def too_large(limit: int) -> FeedError:
    """For more bytes than the limit."""
    size = f"{limit // 1_048_576} MB" if limit >= 1_048_576 else f"{limit // 1024} KB"
    return FeedError(FeedTrouble.TOO_LARGE, f"This feed is too large: more than {size}.")


def connection_error(error: Exception, hop: Hop, host: str) -> FeedError:
    """For what went wrong while connecting, asking and reading."""
    if hop.forbidden:
        return FeedError(FeedTrouble.PRIVATE, PRIVATE)
    if hop.bad_port:
        return FeedError(FeedTrouble.ADDRESS, BAD_PORT)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FeedError(FeedTrouble.UNREACHABLE, f"There is no site named {host}.")
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return FeedError(FeedTrouble.UNREACHABLE, BAD_CERTIFICATE)
    if isinstance(error, aiohttp.ClientConnectorError):
        return FeedError(FeedTrouble.UNREACHABLE, f"The site {host} does not accept connections.")
    if isinstance(error, (aiohttp.ClientResponseError, aiohttp.http.HttpProcessingError)):
        return FeedError(FeedTrouble.UNREACHABLE, NOT_HTTP)
    if isinstance(error, (aiohttp.InvalidURL, ValueError)):
        return FeedError(FeedTrouble.ADDRESS, NOT_AN_ADDRESS)
    return FeedError(FeedTrouble.UNREACHABLE, BROKEN_OFF)

"""Addresses: made safe, comparable, reduced to a registered domain. Nothing is fetched here."""

import re
from contextlib import suppress
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

LONGEST = 2048
"""Characters of a link; longer ones are trackers or attacks, and Telegram refuses them."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Sent by share buttons, newsletters and advertisers; none selects what is shown.
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|yclid|msclkid|igshid|twclid|mc_[ce]id|_hsenc|_hsmi|mkt_tok"
    r"|at_(?:medium|campaign|custom\d?|link\w*|bbc\w*|ptr\w*|format)|wt_?(?:mc|zmc)(?:\.\w+)?"
    r"|xtor|cmpid|cmp|ncid|ocid|smid|ftag|guccounter|guce_\w+|spm|traffic_source|ns_\w+"
    r"|(?:from)?rss|source=rss|partner=rss|ref_src)(?:=.*)?",
    re.IGNORECASE | re.DOTALL,
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\"<>\\^`{|}\u2028\u2029\ud800-\udfff]")
_SPLIT_OVER_LINES = re.compile(r"[\t\r\n]+\s*")


def _split(link: str) -> SplitResult | None:
    """Parts of an absolute http(s) address with a host and a sound port; None otherwise."""
    try:
        parts = urlsplit(link)
        if parts.scheme in _DEFAULT_PORTS and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    return None


def _host(parts: SplitResult) -> str:
    """Host and port for an address: lower case, ASCII where it can be, no default port."""
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    default = parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return host if default else f"{host}:{parts.port}"


def safe_link(link: str) -> str:
    """The address if it is absolute http(s), else "". Names and passwords are taken out of it and
    what could end an attribute is escaped; everything else stays as the publisher wrote it."""
    link = _SPLIT_OVER_LINES.sub("", link.strip())
    if len(link) > LONGEST:
        return ""
    parts = _split(_UNSAFE.sub(_escaped, link))
    if parts is None or not _host(parts):
        return ""
    made = urlunsplit((parts.scheme, _host(parts), parts.path, parts.query, parts.fragment))
    return made if len(made) <= LONGEST and _split(made) else ""


def _escaped(found: re.Match[str]) -> str:
    data = found.group().encode("utf-8", "ignore")
    return "".join(f"%{byte:02X}" for byte in data)


def absolute_link(link: str, base: str) -> str:
    """Resolve a reference against its document (RFC 3986 section 5); "" unless it is http(s)."""
    link = link.strip()
    if not link:
        return ""
    try:
        return safe_link(urljoin(base, link))
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def canonical_link(link: str) -> str:
    """A key that is equal for addresses of one page; not for fetching or showing. "" if unsafe.

    Observation: the same article is linked with http and https, with and without "www.", with
    counters of campaigns behind it. Rule: https, host in lower case without "www.", no default
    port, no tracking parameters, no fragment, no slash at the end; the case of the path and the
    order of parameters stay. Known exception: pages told apart by a fragment alone ("#!page")
    keep it. Rejected: dropping all parameters (many sites select the article by one).
    """
    parts = _split(safe_link(link))
    if parts is None:
        return ""
    host = _host(parts).removeprefix("www.")
    query = "&".join(
        item for item in parts.query.split("&") if item and not _TRACKING.fullmatch(item)
    )
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return urlunsplit(("https", host, parts.path.rstrip("/"), query, fragment))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def registered_domain(link: str) -> str:
    """Who publishes a page: the domain registered under a public suffix (publicsuffix.org), the
    address itself for an IP literal, the host where no suffix is known; "" without a host."""
    parts = _split(safe_link(link))
    if parts is None:
        return ""
    host = (parts.hostname or "").rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        return str(_suffixes().privatesuffix(host) or host)

"""The documents agree with the code: settings, commands, feeds, and where links lead.

That docs/redis.md is up to date is tested with the keys.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from bot.config import parse, read_environment_file
from handlers.table import COMMANDS, Command

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/*.md")])
LARGEST_PICTURE = 400_000

_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)


def section(title: str) -> str:
    """The README's text under a heading, to the next of its level."""
    found = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL
    )
    assert found, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    """The cells of each table row under a heading of the README, without heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def prose(page: Path) -> str:
    """A page without code, where brackets mean something else."""
    return _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    settings = {name.strip("`"): default.strip("`") for name, default, _ in rows("Settings")}
    assert settings == read_environment_file(ROOT / ".env.example")


def test_the_example_file_is_the_default_of_everything() -> None:
    assert parse(read_environment_file(ROOT / ".env.example")) == parse({})


def test_the_readme_lists_the_commands_that_there_are() -> None:
    listed = [row[0].strip("`/") for row in rows("Commands")]
    assert sorted(listed) == sorted(command.name for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_readme_says_for_whom_a_command_is_and_its_example(command: Command) -> None:
    (row,) = [row for row in rows("Commands") if row[0] == f"`/{command.name}`"]
    assert row[1] == command.who.value
    assert row[3].strip("`") == command.example


def test_what_is_not_there_yet_is_no_command() -> None:
    absent = set(re.findall(r"`/([a-z]+)`", section("Not there yet")))
    assert absent
    assert not absent & {command.name for command in COMMANDS}


def test_the_readme_counts_the_feeds_rightly() -> None:
    outlines = list(ElementTree.parse(ROOT / "feeds.opml").getroot().iter("outline"))
    feeds = [outline for outline in outlines if outline.get("xmlUrl")]
    owners = {feed.get("{urn:newsflash:opml:1}owner") for feed in feeds}
    languages = {feed.get("language") for feed in feeds}
    counted = f"{len(feeds)} feeds of {len(owners)} owners in {len(languages)} languages"
    assert counted in README
    assert counted in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(prose(page)):
        address = urlsplit(target)
        if address.scheme:
            assert address.scheme in ("http", "https", "mailto"), target
            continue
        assert not address.path.startswith("/"), target
        path = (page.parent / unquote(address.path)).resolve() if address.path else page
        assert path.is_relative_to(ROOT), target
        assert path.exists(), target
        if address.fragment:
            assert address.fragment in anchors(path), target


def test_every_decision_is_listed() -> None:
    records = ROOT / "docs" / "decisions"
    listed = _LINK.findall((records / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in records.glob("[0-9]*.md"))


def test_every_picture_is_small_and_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < LARGEST_PICTURE, picture.name
        assert f"pictures/{picture.name})" in shown, picture.name


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "pictures").glob("*.svg")))
def test_drawings_are_well_formed(path: Path) -> None:
    drawing = ElementTree.parse(path).getroot()
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawing.findtext("{http://www.w3.org/2000/svg}title")

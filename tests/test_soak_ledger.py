"""The soak reads messages as the views write them: a changed word must not look like lost news."""

import pytest

from benchmarks.soak_ledger import arrivals_of
from bot.views.bundles import bundle_view
from bot.views.stories import story_view
from tests.telegram_parser import read
from tests.view_samples import BOT, NOW, ZONE, report, story

TITLES = ("Dam fails near Kherson", "Ferry strike ends in Lisbon", "Otters return to the Thames")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_headline_of_a_bundle_has_arrived(count: int) -> None:
    told = [report(title=title) for title in TITLES[:count]]
    shown = [(story(each), each) for each in told]
    view = bundle_view(shown, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    assert arrivals_of([(7.0, read(view.text).text)]) == {title: [7.0] for title in TITLES[:count]}


def test_a_story_alone_has_arrived() -> None:
    one = report(title=TITLES[0])
    view = story_view(story(one), one, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    assert arrivals_of([(7.0, read(view.text).text)]) == {TITLES[0]: [7.0]}

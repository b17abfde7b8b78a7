"""The soak finds what stands on the further pages of a long bundle."""

from pathlib import Path

from benchmarks.soak_fleet import TOGETHER
from benchmarks.soak_ledger import Arrived, arrivals_of
from benchmarks.soak_pages import Pages
from benchmarks.soak_stage import Audience, stage, until
from tests.under_fire import tales

MANY = 21
"""Three pages."""


async def test_every_page_of_a_bundle_is_read(tmp_path: Path) -> None:
    async with stage(Audience(1, 1, 0), TOGETHER, 1, tmp_path) as scene:
        await scene.fleet.start()
        await scene.subscribe_all()
        senders = [process for process in scene.fleet.processes if process.sends]
        for sender in senders:
            await sender.kill()
        told = [each for each, _ in zip(tales(), range(MANY), strict=False)]
        for publication in told:
            scene.wire.publish(publication.source, publication.article)
        pages, titles = Pages(scene), {each.article.title for each in told}
        for sender in senders:
            scene.fleet.start_again(sender)
        await scene.fleet.complete()
        await until(lambda: len(pages.folded()) == len(scene.targets), 60, "bundles")
        await pages.unfold()
        for target in scene.targets:
            read = [
                Arrived(each.id, each.sent_at, pages.text(each)) for each in scene.stories(target)
            ]
            assert titles <= arrivals_of(read).keys()

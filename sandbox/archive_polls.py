"""Stored polls of real feeds on disk, and the timeline on which an archive plays them.

Observation: folders hold feeds of different years, polled every few minutes or once a week; on one
true timeline most of the time nothing happens. Rule: feeds whose spans overlap keep their true
order and distances, except that a stretch of over six hours without any poll is shortened to six;
groups that do not overlap start together. Rejected: a timeline per feed, because it would pull
apart reports of one event.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

LONGEST_GAP = 6 * 3600.0
"""Seconds of archive time without any poll; longer stretches are cut to this."""
_NAME = re.compile(r"\d+_(\d{1,12})\.(?:xml|json|rss|atom)")


@dataclass(frozen=True, slots=True)
class Poll:
    """A document as it was fetched at a time (epoch seconds)."""

    time: int
    path: Path


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A feed's polls in order of time, and when each is played (seconds after the start)."""

    name: str
    polls: tuple[Poll, ...]
    offsets: tuple[float, ...]

    def at(self, elapsed: float) -> Poll:
        """The newest poll at so many seconds of archive time; the first one before any."""
        return self.polls[max(0, bisect_right(self.offsets, elapsed) - 1)]


def read_archive(directory: Path) -> tuple[StoredFeed, ...]:
    """The feeds of a folder: one sub-folder each, files `NNNN_<epoch seconds>.xml`.

    Raises ValueError when the folder does not exist or holds no polls.
    """
    if not directory.is_dir():
        raise ValueError(f"The folder of stored polls does not exist: {directory}")
    feeds = {}
    for folder in sorted(entry for entry in directory.iterdir() if entry.is_dir()):
        polls = _polls(folder)
        if polls:
            feeds[folder.name] = polls
    if not feeds:
        raise ValueError(
            f"No stored polls in {directory}: expected one sub-folder per feed with files "
            "named NNNN_<epoch seconds>.xml"
        )
    offsets = _timeline([[poll.time for poll in polls] for polls in feeds.values()])
    return tuple(
        StoredFeed(name, polls, tuple(own[poll.time] for poll in polls))
        for (name, polls), own in zip(feeds.items(), offsets, strict=True)
    )


def _polls(folder: Path) -> tuple[Poll, ...]:
    found = []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is not None and path.is_file():
            found.append(Poll(int(match.group(1)), path))
    return tuple(sorted(found, key=lambda poll: (poll.time, poll.path.name)))


def _timeline(times: list[list[int]]) -> list[dict[int, float]]:
    """For every feed's times the seconds after the start at which they are played."""
    offsets: list[dict[int, float]] = [{} for _ in times]
    for group in _overlapping(times):
        played, elapsed, before = dict[int, float](), 0.0, None
        for moment in sorted({time for index in group for time in times[index]}):
            if before is not None:
                elapsed += min(LONGEST_GAP, moment - before)
            played[moment], before = elapsed, moment
        for index in group:
            offsets[index] = {time: played[time] for time in times[index]}
    return offsets


def _overlapping(times: list[list[int]]) -> list[list[int]]:
    """Indices of feeds in groups: within a group spans overlap, between groups none do."""
    groups: list[list[int]] = []
    end = 0
    for index in sorted(range(len(times)), key=lambda index: times[index][0]):
        if groups and times[index][0] <= end:
            groups[-1].append(index)
            end = max(end, times[index][-1])
        else:
            groups.append([index])
            end = times[index][-1]
    return groups

"""Errors that carry a sentence for the person who can act on it. Raised anywhere, defined here."""

from datetime import datetime
from enum import StrEnum


class NewsflashError(Exception):
    """The root of what this product raises on purpose; str() is a sentence for a person."""


class ConfigurationError(NewsflashError):
    """Every bad setting at once, each as "NAME: what is wrong"."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class StoreError(NewsflashError):
    """Redis cannot be started, reached or used."""


class FullError(StoreError):
    """Redis has no memory left: what adds to it is refused, what removes still works."""


class BacklogError(StoreError):
    """A stream is full because its reader is behind: nothing was written, try again later."""


class LeaseLostError(NewsflashError):
    """Another process took over the work; what was not committed must be dropped."""


class FeedTrouble(StrEnum):
    """Why a feed could not be read; decides back-off and wording."""

    ADDRESS = "address"
    PRIVATE = "private"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STATUS = "status"
    TOO_LARGE = "too large"
    REDIRECTS = "redirects"
    NOT_A_FEED = "not a feed"
    BROKEN = "broken"


class FeedError(NewsflashError):
    """A feed that cannot be fetched or parsed; str() is one clear sentence for a chat."""

    def __init__(
        self,
        trouble: FeedTrouble,
        sentence: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        # Both are arguments, so that the error can cross from a worker process.
        super().__init__(trouble, sentence)
        self.trouble = trouble
        self.sentence = sentence
        self.status = status
        self.retry_after = retry_after
        """Seconds that the server asked for (429, 503)."""

    def __str__(self) -> str:
        return self.sentence


class TooLateError(NewsflashError):
    """A request's turn would come too late: what it belongs to must be taken up again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"No request may be made before {until:%H:%M:%S} UTC.")
        self.until = until
        """When a turn may be had."""


class RequestError(NewsflashError):
    """A chat's request that cannot be done; str() explains it, with an example where that helps."""


class ForbiddenError(RequestError):
    """The person may not do that there."""

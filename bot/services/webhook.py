"""The webhook's registration at Telegram. What comes in by it is taken by the intake.

Observation: whoever has the token can take the webhook away, such as a bot of the same token that
polls; Telegram tells nobody. Rule: it is looked at each minute, and set again after some minutes
only, so that two programs do not fight; /healthz and the log say so meanwhile.
"""

import logging
from datetime import timedelta

from bot.errors import ConfigurationError
from bot.messenger.refusals import Action, RefusedError
from bot.messenger.telegram import Messenger
from bot.services.stopping import Stopping

log = logging.getLogger(__name__)

TRY_AGAIN = timedelta(seconds=5)
LOOK_EACH = timedelta(minutes=1)
GIVE_WAY = timedelta(minutes=5)


class WebhookRegistration:
    """In each process with the role `web`, while WEBHOOK_URL is set."""

    def __init__(
        self,
        messenger: Messenger,
        url: str,
        secret: str,
        stopping: Stopping,
        *,
        look_each: timedelta = LOOK_EACH,
        give_way: timedelta = GIVE_WAY,
    ) -> None:
        self._messenger = messenger
        self._url = url
        self._secret = secret
        self._stopping = stopping
        self._look_each = look_each
        self._give_way = give_way
        self.trouble = ""
        """Why Telegram's updates do not come here; "" while they do."""

    async def run(self) -> None:
        """Register until stopped. Raises ConfigurationError for an address that is refused."""
        while not self._stopping.requested:
            if await self._register():
                await self._watch()

    async def _register(self) -> bool:
        outcome = await self._messenger.set_webhook(self._url, self._secret)
        if outcome.accepted:
            log.info("Telegram sends updates to %s", self._url)
            self.trouble = ""
            return True
        if outcome.action is Action.BURY:
            raise ConfigurationError([f"WEBHOOK_URL: {self._url}: {outcome.sentence}"])
        log.warning("the webhook is not set yet: %s", outcome.sentence)
        self.trouble = f"the webhook is not set: {outcome.sentence}"
        await self._stopping.rest(outcome.retry_after or TRY_AGAIN)
        return False

    async def _watch(self) -> None:
        """Return when the webhook is another one than ours, after giving way to whoever did it."""
        while not self._stopping.requested:
            await self._stopping.rest(self._look_each)
            try:
                standing = (await self._messenger.webhook()).url
            except RefusedError as error:
                log.warning("the webhook could not be looked at: %s", error)
                continue
            if standing != self._url and not self._stopping.requested:
                taken = f"set to {standing}" if standing else "removed"
                self.trouble = f"the webhook was {taken} by another program with this bot's token"
                log.error(
                    "%s. Stop it, or give one of the two a token of its own; the webhook is set "
                    "again in %d minutes.",
                    self.trouble,
                    self._give_way.total_seconds() // 60,
                )
                await self._stopping.rest(self._give_way)
                return

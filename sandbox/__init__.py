"""A Telegram of one's own: a strict Bot API server, a chat client and a sample news wire.

Imports nothing of the bot. See `Sandbox` for the server, `World` for what is in it.
"""

from sandbox.population import default_world
from sandbox.server import Sandbox
from sandbox.world import World

__all__ = ["Sandbox", "World", "default_world"]

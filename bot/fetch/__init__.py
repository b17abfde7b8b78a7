"""HTTP in: documents fetched politely and safely. What a document means is not known here."""

from bot.fetch.fetcher import FeedFetcher, Fetched
from bot.fetch.headers import default_user_agent

__all__ = ["FeedFetcher", "Fetched", "default_user_agent"]

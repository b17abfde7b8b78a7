"""Newsflash: a news wire for Telegram. Layers and their direction are in docs/architecture.md."""

__version__ = "0.1.0"

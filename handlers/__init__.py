"""Telegram-facing functions: an update in, a view out. No rules and no I/O of their own."""

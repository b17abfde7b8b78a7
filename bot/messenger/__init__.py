"""Telegram out: requests to a Bot API server, and what its answers mean.

Nothing here renders, keeps a pace or remembers: those are bot.views' and the queue's.
"""

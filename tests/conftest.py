"""Fixtures for every test; each kind lives in a module of its own."""

from hypothesis import settings

pytest_plugins = [
    "tests.browser",
    "tests.redis_cluster",
    "tests.redis_server",
    "tests.stoppable_redis",
]

# Shared processors make any deadline a coin toss.
settings.register_profile("newsflash", max_examples=100, deadline=None)
settings.load_profile("newsflash")

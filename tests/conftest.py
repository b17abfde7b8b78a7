"""Fixtures for every test; each kind lives in a module of its own."""

pytest_plugins = ["tests.redis_server"]

"""Fixtures of all tests."""

from tests.stores import database, engine, made_file, server, url

__all__ = ["database", "engine", "made_file", "server", "url"]

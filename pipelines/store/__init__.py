"""The store: what every run saw, read and told, in SQLite or PostgreSQL; JSONL files are exports of it.

Nothing is imported here, so that a module which only needs ``sightings`` doesn't load a database library.
"""

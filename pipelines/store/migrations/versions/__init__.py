"""One file for every form that the tables ever had, in order: ``v0001_…``, ``v0002_…``."""

"""The spiders: one per province out of the registry, and one for any portal."""

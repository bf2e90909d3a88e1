"""From a document to its checked record, and on to the store: clean → extract → check → deduplicate → store."""

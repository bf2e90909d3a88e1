"""The shared table extractor: the three statutory tables, whatever form they were published in."""

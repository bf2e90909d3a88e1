"""Facts of the command line: limits, column names, sentences."""

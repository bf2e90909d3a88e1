"""Facts as data: templates, labels, titles, agencies, divisions, rules and their sentences."""

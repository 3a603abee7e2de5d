"""Make evidence: everything about one credential that others can check, gathered into one file."""

"""The registry over HTTP: for operators, issuers, auditors, and everyone who checks a status."""

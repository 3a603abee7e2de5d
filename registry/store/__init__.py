"""What is kept: events, encrypted documents, keys, API keys, the access log."""

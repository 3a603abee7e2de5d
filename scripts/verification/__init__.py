"""What `registry verify` stands on: what it reads, what it fetches offline, what it writes."""

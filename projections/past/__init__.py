"""The past: what was known as of any event or time, and every status list as it was."""

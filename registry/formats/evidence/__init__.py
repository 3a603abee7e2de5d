"""Evidence: what the registry knows of one credential, in a file that anyone can check alone."""

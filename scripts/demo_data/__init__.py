"""What the demonstration brings: the definition of a micro-credential."""

"""The demonstration: a real server, and four users who know it only over HTTPS."""

"""The zoo at work: each of its bugs is hunted, convicted, shrunk, and what that took is told."""

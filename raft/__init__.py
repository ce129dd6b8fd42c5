"""What is tested: Raft, sans-IO, and a replicated key-value service on it."""

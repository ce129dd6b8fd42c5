"""What the simulator can test: our own Raft, and those of others (docs/testing-your-raft.md)."""

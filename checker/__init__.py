"""What judges: pure functions of a history or a trace."""

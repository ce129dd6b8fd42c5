"""Near-linear monitors, one a model, for histories of unique values."""

"""Near-linear engines, one model a file; see ``checker.lincheck.engine`` for what a monitor is."""

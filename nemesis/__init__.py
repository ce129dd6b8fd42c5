"""What attacks: clusters, workloads, faults, schedules, the runner and the search."""

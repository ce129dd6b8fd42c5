"""The stepped cluster: replicas and clients driven by macro-steps, a delivery at a time."""

from nemesis.cluster.stepped.cluster import SteppedCluster

__all__ = ["SteppedCluster"]

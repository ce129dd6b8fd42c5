"""The simulated cluster: virtual time, network, disks, clocks, processes, clients."""

from nemesis.cluster.sim.cluster import SimulatedCluster

__all__ = ["SimulatedCluster"]

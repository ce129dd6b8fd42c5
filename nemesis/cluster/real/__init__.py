"""Clusters of real processes, attacked in wall-clock time.

``hosts.py`` is what they run on (``loopback.py``: this machine, with ``proxy.py`` between the
processes), ``processes.py`` starts and ends them, a service (``service.py``; ``etcd_client.py`` is
one) asks them, ``cluster.py`` is what all of them have in common, and ``runner.py`` performs a
schedule on one.
"""

REAL_CLUSTERS = ("process", "netns", "docker", "etcd", "seed", "maelstrom")
"""Their kinds, by the names that the command line knows."""

HOSTS = ("loopback", "netns")
"""On what their servers may run."""

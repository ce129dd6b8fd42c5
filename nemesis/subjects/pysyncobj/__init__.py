"""PySyncObj, a Raft in Python that others wrote, in several versions side by side.

The program runs as it was published; what it takes from its surroundings is ours: the transport,
which it lets its users replace, clock, random numbers and files (``surroundings.py``).
"""

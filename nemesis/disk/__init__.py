"""A disk of our own for a real server: a file system that knows what was synced (docs/disks.md).

``image.py`` holds the files and what undoes each change, ``faulty.py`` adds what goes wrong,
``file_system.py`` mounts it by FUSE, a process a disk, and ``mounted.py`` is the runner's side of
that process; ``control.py`` is what the two say to each other.
"""

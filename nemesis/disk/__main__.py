"""``python -m nemesis.disk``: serves one disk until it is unmounted."""

from nemesis.disk.file_system import main

main()

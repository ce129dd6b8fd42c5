"""``python -m nemesis.cli``: the same as ``splitbrain``, with this interpreter."""

from nemesis.cli import main

main()

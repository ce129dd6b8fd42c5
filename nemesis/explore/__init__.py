"""Exhaustive search of small worlds: every macro-step, breadth first, on the real consensus module.

servers.py     one server as a value: its disk, its process, what it has promised to others
scratch.py     the consensus module on such values: loaded, given one input, saved again
symmetry.py    servers renamed: states that differ by names alone are one state
moves.py       the bounds of a world, and what may happen next in it
properties.py  what must hold, and what must be remembered of the past to know
world.py       states of the whole, packed into integers, and what a move makes of one
search.py      breadth first; the first violation is the shortest there is
conviction.py  the way to a violation as a schedule, which the stepped cluster runs and judges
checkpoint.py  a search on disk, to be gone on with
"""

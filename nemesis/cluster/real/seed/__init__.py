"""The Raft of the series "Implementing Raft" (in Go), as the PyPI package python-raft-kv has it.

``patches`` is what is changed in it, ``build`` builds it, ``go/`` is the program around it,
``service`` asks its servers, ``cluster`` runs them (docs/seed.md).
"""

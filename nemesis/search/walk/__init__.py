"""Random walks over macro-steps: walk.py the walks, moves.py what one may do next, choreographies/
what several moves are together, stage.py and roles.py what they are drawn from."""

from nemesis.search.walk.walk import CHOREOGRAPHED, ROLES, SWARM, UNIFORM, Style, walk

__all__ = ["CHOREOGRAPHED", "ROLES", "SWARM", "UNIFORM", "Style", "walk"]

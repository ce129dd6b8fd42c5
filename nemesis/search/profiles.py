"""Hypothesis profiles: how much is searched, and how deterministically.

    dev     the default: 100 examples, a few seconds a machine
    ci      where the variable CI is set: 300 examples
    fuzz    10,000 examples, never the same ones

Chosen by ``--hypothesis-profile``, else by the variable HYPOTHESIS_PROFILE. Hypothesis' own profile
under CI is derandomized and keeps no database: it never explores anything new, it saves nothing,
and shards of one machine all run the same cases. So ``ci`` is replaced, and inherits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import SystemRandom

from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import ExampleDatabase

from nemesis.errors import UnknownName

EXAMPLES = {"dev": 100, "ci": 300, "fuzz": 10_000}
# Explaining traces every line: 4 to 25 times slower.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
# A known bug may be hunted for longer, since the hunt ends with it.
_HUNT = 15
_MOST_SHARDS = 1_000


def register_profiles(database: ExampleDatabase | None = None) -> None:
    """Register them all; without a ``database``, that is ``.hypothesis/examples``."""
    changes = {} if database is None else {"database": database}
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name,
            settings.get_profile("default"),
            max_examples=examples,
            derandomize=False,
            deadline=None,
            print_blob=True,
            phases=_PHASES,
            suppress_health_check=[HealthCheck.too_slow],
            **changes,
        )


def choose_profile(option: str | None, environment: Mapping[str, str]) -> str:
    """The name of the profile to load. Raises UnknownName."""
    name = option or environment.get("HYPOTHESIS_PROFILE")
    if not name:
        return "ci" if environment.get("CI") else "dev"
    if name not in EXAMPLES:
        raise UnknownName("Hypothesis profile", name, EXAMPLES)
    return name


def machine_settings(*, is_hunt: bool = False, steps: int = 25) -> settings:
    """What a state machine runs with under the profile that is loaded; ``is_hunt`` if a bug is
    known to be there."""
    profile = settings.get_profile(settings.get_current_profile_name())
    examples = profile.max_examples * (_HUNT if is_hunt else 1)
    return settings(
        profile,
        max_examples=examples,
        stateful_step_count=steps,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def seed_of_shard(shard: int, forced: int | None = None) -> int:
    """A seed for each shard, so that no two run the same cases. Equal in every session, but under
    ``fuzz``, or as ``--hypothesis-seed`` says (``forced``)."""
    if forced is None and settings.get_current_profile_name().startswith("fuzz"):
        forced = SystemRandom().getrandbits(32)
    return (forced or 0) * _MOST_SHARDS + shard

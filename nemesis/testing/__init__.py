"""For tests in pytest: what is to be attacked, and by what (docs/pytest.md).

    from nemesis.testing import Attack, attacked

    @attacked(subject="my_store:subject", workload="register", faults=("partition", "crash"))
    def test_my_store(run):
        assert run.statistics.elections < 20        # beside what every run is judged by

    class TestMyStore(Attack):                      # the same as a class
        subject = "my_store:subject"
        workload = "register"
        faults = ("partition", "crash")

The plugin (nemesis.pytest_plugin) draws schedules, runs and judges them, shrinks and saves what
fails, and runs what was saved again, for ever.
"""

from __future__ import annotations

from nemesis.testing.target import Attack, Target, attacked

__all__ = ["Attack", "Target", "attacked"]

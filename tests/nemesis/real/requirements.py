"""What some tests need of the machine; they are skipped, with the reason, where it is not there."""

from __future__ import annotations

import pytest

from nemesis.cluster.real import namespaces

_WHY = namespaces.unavailable()

NEEDS_NAMESPACES = pytest.mark.skipif(_WHY is not None, reason=str(_WHY))

"""Documentation that is executed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def run_code_blocks(document: str) -> int:
    """Run the Python blocks of a page, one after another, in one namespace; how many there are.

    An error's traceback names the page, and the line in it.
    """
    text = (ROOT / document).read_text()
    namespace: dict[str, Any] = {"__name__": document}
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for block in blocks:
        before = text.count("\n", 0, block.start(1))
        exec(compile("\n" * before + block.group(1), document, "exec"), namespace)
    return len(blocks)

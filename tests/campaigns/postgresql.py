"""A PostgreSQL of one's own, on loopback, that ends with the process that started it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nemesis.cluster.real.sockets import free_port

# Started by pg_ctl, a server outlives everybody. So somebody else starts it, who stops it when the
# pipe from its parent ends, however that came.
_KEEPER = """
trap '' HUP INT PIPE TERM
"$1" -D "$2/data" -l "$2/log" -o "$3" -w start >/dev/null && echo started || echo failed
read -r _
"$1" -D "$2/data" -m immediate -w stop >/dev/null
rm -rf "$2"
"""


def program(name: str) -> str | None:
    """Where Debian keeps it, or where PATH says; None if there is no PostgreSQL here."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def postgresql(*, syncs: bool) -> Iterator[str | None]:
    """The URL of a server, whose commits are on the disk if it ``syncs``; None if there is no
    PostgreSQL here."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        yield None
        return
    # It does not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port(set())
    with TemporaryDirectory(prefix="splitbrain-") as name:
        if user is not None:
            shutil.chown(name, user)
        make = [initdb, "-D", f"{name}/data", "-A", "trust", "-U", "tester", "--no-sync"]
        subprocess.run(make, user=user, cwd=name, check=True, stdout=subprocess.DEVNULL)
        options = f"-p {port} -h 127.0.0.1 -k {name}{'' if syncs else ' -F'}"
        with subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", control, name, options],
            user=user,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as keeper:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            try:
                if keeper.stdout.readline() != "started\n":
                    raise RuntimeError(Path(name, "log").read_text())
                yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
            finally:
                keeper.stdin.close()
                keeper.wait()

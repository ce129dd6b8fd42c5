"""python -m raft.server --config FILE"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from raft.server.config import ConfigError, read_config
from raft.server.main import run

EXIT_BAD_ARGUMENTS = 254


def main() -> int:
    """Read the configuration and run; the exit status."""
    parser = ArgumentParser("python -m raft.server", description="Run a replica (docs/server.md).")
    parser.add_argument("--config", type=Path, required=True, help="TOML, or JSON if so named")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="let it listen where other machines can reach it",
    )
    arguments = parser.parse_args()
    try:
        config = read_config(arguments.config, allow_remote=arguments.allow_remote)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_ARGUMENTS
    return run(config)


if __name__ == "__main__":
    sys.exit(main())

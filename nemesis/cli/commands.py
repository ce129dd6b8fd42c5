"""Groups of commands."""

from __future__ import annotations

import click

from nemesis.errors import UnknownName


class Commands(click.Group):
    """A group that suggests a command for one that it does not have."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise UnknownName("command", cmd_name, self.commands)
        return command

"""Groups of commands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from nemesis.errors import UnknownName
from nemesis.interrupts import leaving


class Commands(click.Group):
    """A group that suggests a command for one that it does not have."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise UnknownName("command", cmd_name, self.list_commands(ctx))
        return command


class LateCommands(Commands):
    """One that imports a command when it is asked for: all together import a second's work, of
    which each needs a part. ``modules`` are their modules, by name; a command is called in its
    module as it is here."""

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **others: Any) -> None:
        super().__init__(*arguments, **others)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._modules and cmd_name not in self.commands:
            with leaving():
                self.add_command(getattr(import_module(self._modules[cmd_name]), cmd_name))
        return super().get_command(ctx, cmd_name)

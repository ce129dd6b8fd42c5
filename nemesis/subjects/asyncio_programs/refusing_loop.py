"""What an event loop has and a simulation has not: each method says what to use instead."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from nemesis.subjects.asyncio_programs.environment import refuse

_CRASHED: Final = "main, which runs until the server is crashed"
_EXECUTOR: Final = 'AsyncioSubject(..., executor="inline")'
_TASKS: Final = "loop.create_task"
_NONE: Final = "nothing: signals and other processes are not simulated"
_DISK: Final = "host.disk"
_NAMES: Final = "the names of host.members"
_STREAMS: Final = "asyncio.open_connection, asyncio.start_server, loop.create_datagram_endpoint"


def _refused(name: str, instead: str) -> Any:
    def method(_self: object, *_arguments: Any, **_options: Any) -> Any:
        raise refuse(f"loop.{name}", instead)

    return method


class RefusingLoop(asyncio.AbstractEventLoop):
    """Refuses what it leaves to others to have."""

    run_forever = _refused("run_forever", _CRASHED)
    run_until_complete = _refused("run_until_complete", _CRASHED)
    stop = _refused("stop", _CRASHED)
    close = _refused("close", _CRASHED)
    shutdown_asyncgens = _refused("shutdown_asyncgens", _CRASHED)
    shutdown_default_executor = _refused("shutdown_default_executor", _CRASHED)
    set_default_executor = _refused("set_default_executor", _EXECUTOR)
    set_task_factory = _refused("set_task_factory", _TASKS)
    add_signal_handler = _refused("add_signal_handler", _NONE)
    remove_signal_handler = _refused("remove_signal_handler", _NONE)
    subprocess_exec = _refused("subprocess_exec", _NONE)
    subprocess_shell = _refused("subprocess_shell", _NONE)
    connect_read_pipe = _refused("connect_read_pipe", _DISK)
    connect_write_pipe = _refused("connect_write_pipe", _DISK)
    sendfile = _refused("sendfile", _DISK)
    getaddrinfo = _refused("getaddrinfo", _NAMES)
    getnameinfo = _refused("getnameinfo", _NAMES)
    add_reader = _refused("add_reader", _STREAMS)
    remove_reader = _refused("remove_reader", _STREAMS)
    add_writer = _refused("add_writer", _STREAMS)
    remove_writer = _refused("remove_writer", _STREAMS)
    sock_recv = _refused("sock_recv", _STREAMS)
    sock_recv_into = _refused("sock_recv_into", _STREAMS)
    sock_recvfrom = _refused("sock_recvfrom", _STREAMS)
    sock_recvfrom_into = _refused("sock_recvfrom_into", _STREAMS)
    sock_sendall = _refused("sock_sendall", _STREAMS)
    sock_sendto = _refused("sock_sendto", _STREAMS)
    sock_connect = _refused("sock_connect", _STREAMS)
    sock_accept = _refused("sock_accept", _STREAMS)
    sock_sendfile = _refused("sock_sendfile", _STREAMS)
    connect_accepted_socket = _refused("connect_accepted_socket", _STREAMS)
    create_unix_connection = _refused("create_unix_connection", _STREAMS)
    create_unix_server = _refused("create_unix_server", _STREAMS)
    start_tls = _refused("start_tls", _STREAMS)

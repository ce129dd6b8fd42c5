"""A server from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Final

from raft.consensus import Message
from raft.consensus.state import LEADER
from raft.errors import RaftError
from raft.observer import Observer
from raft.replica import Replica
from raft.server.config import Config, exposures, parse_address, variant_of
from raft.server.directory import DataDirectory
from raft.server.frames import Forward, Forwarded, MemberChange, PeerMessage
from raft.server.gateway import Gateway
from raft.server.http import HttpServer
from raft.server.membership import ReplicaMembership
from raft.server.node import Node
from raft.server.peers import Peers
from raft.server.requests import Indeterminate, Requests
from raft.server.tls import accepting_context, connecting_context
from raft.server.trace import TraceClock, TraceFile, TraceFileError

LOG: Final = logging.getLogger("raft.server")

# What the process ends with: in good order, because of an error, because its disk failed or it met
# a state that it must not be in.
EXIT_STOPPED: Final = 0
EXIT_ERROR: Final = 1
EXIT_FAILED: Final = 70

# How long clients' requests that are under way may still take when the server stops, in s.
_GRACE: Final = 1.0


class Server:
    """One replica with everything around it. To be used within a running event loop."""

    def __init__(self, config: Config) -> None:
        """Raises RaftError: the disk is not this server's, or not whole; the trace or the
        certificates cannot be used."""
        self._config = config
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        # For time-outs: another one in each server, and in each of its lives.
        random = Random(secrets.randbits(64))
        variant = variant_of(config)
        accepting = accepting_context(config.peer_tls, "peer_tls")
        connecting = connecting_context(config.peer_tls, "peer_tls")
        self._client_context = accepting_context(config.client_tls, "client_tls")
        self._directory = DataDirectory(config)
        self._directory.initialize(config, variant)
        clock = TraceClock()
        self._trace: TraceFile | None = None
        if config.trace is not None:
            self._trace = TraceFile(Path(config.trace), config.name, config.voters, clock)
        replica = Replica(
            config.name,
            self._directory.files,
            config.settings.settings(),
            random,
            self._trace or Observer(),
            now=time.monotonic_ns(),
            variant=variant,
            segment_bytes=config.settings.segment_bytes,
        )
        self._executor = ThreadPoolExecutor(1, "disk")
        self._membership = ReplicaMembership(config, replica)
        # The membership that connections were made for.
        self._connected_to: object = None
        self._requests = Requests(
            f"{config.name}-{secrets.token_hex(4)}", self._get_node, self._ask, config.limits
        )
        self._peers = Peers(
            config.cluster_id,
            config.name,
            self._membership,
            clock,
            config.limits,
            random,
            deliver=self._deliver,
            dropped=self._requests.on_dropped,
            link_lost=self._requests.on_link_lost,
            server_context=accepting,
            client_context=connecting,
        )
        self._node = Node(
            replica,
            self._executor,
            flush=self._flush,
            send=self._send,
            sent=self._peers.flush,
            answer=self._requests.answer,
            changed=self._on_changed,
            failed=self._on_failed,
        )
        gateway = Gateway(config, self._node, self._requests, self._membership)
        self._http = HttpServer(gateway.answer, config.limits.request_bytes)
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Serve until SIGTERM or SIGINT, or until the replica cannot go on; the exit status."""
        config = self._config
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        listen_peers = parse_address(config.listen_peers)
        listen_clients = parse_address(config.listen_clients)
        await self._peers.listen(listen_peers, reuse_port=config.reuse_port)
        await self._http.listen(
            listen_clients, context=self._client_context, reuse_port=config.reuse_port
        )
        self._flush()
        self._node.start()
        LOG.info(
            "%s of cluster %s (%x) serves peers at %s, clients at %s",
            config.name,
            config.cluster,
            config.cluster_id,
            listen_peers,
            listen_clients,
        )
        for exposure in exposures(config):
            LOG.warning("%s", exposure)
        await self._stop.wait()
        await self._shut_down()
        return EXIT_STOPPED if self._failure is None else EXIT_FAILED

    async def _shut_down(self) -> None:
        """Hand over, let what is under way end, and leave the files in good order."""
        if self._failure is None:
            LOG.info("stopping")
            await self._hand_over()
        await self._http.close(_GRACE)
        await self._node.stop()
        await self._peers.close()
        self._executor.shutdown()
        if self._trace is not None:
            reason = "stopped" if self._failure is None else f"failed: {self._failure}"
            try:
                self._trace.close(reason)
            except TraceFileError as error:
                self._on_failed(error)
        self._directory.close()

    async def _hand_over(self) -> None:
        """A leader that goes names a successor: who holds most of the log."""
        consensus = self._node.replica.consensus
        if consensus.role != LEADER:
            return
        others = [name for name in consensus.configuration.voters if name != self._config.name]
        others.sort(key=lambda name: -consensus.progress[name].match_index)
        for successor in others:
            if not self._peers.is_connected(successor):
                continue
            try:
                if await self._requests.transfer_leadership(successor):
                    LOG.info("handed over to %s", successor)
                    return
            except Indeterminate:
                return

    # -- What the parts tell each other ----------------------------------------------------------

    def _get_node(self) -> Node:
        return self._node

    def _flush(self) -> None:
        if self._trace is not None:
            self._trace.flush()

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self._peers.send(message.target, message)

    def _ask(self, target: str, message: PeerMessage) -> bool:
        """Requests and answers do not wait for a connection: who asks would wait for nothing."""
        return self._peers.is_connected(target) and self._peers.send(target, message)

    def _deliver(self, peer: str, message: PeerMessage) -> None:
        if not self._peers.knows(peer):
            self._on_changed()
        if isinstance(message, Forward | MemberChange | Forwarded):
            self._requests.on_message(peer, message)
        else:
            self._node.submit(message)

    def _on_changed(self) -> None:
        """Leader, configuration or state are other than they were."""
        self._requests.leader_may_have_changed()
        version = self._membership.version()
        if version == self._connected_to:
            return
        self._connected_to = version
        for peer in self._peers.set_addresses(self._membership.peer_addresses()):
            task = asyncio.create_task(peer.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _on_failed(self, error: BaseException) -> None:
        LOG.critical("cannot go on: %s: %s", type(error).__name__, error)
        self._failure = error
        self._stop.set()


async def _serve(config: Config) -> int:
    return await Server(config).run()


def run(config: Config) -> int:
    """Run a server in this process; the exit status."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        return asyncio.run(_serve(config))
    except RaftError as error:
        LOG.critical("%s", error)
    except OSError as error:
        LOG.critical("cannot listen: %s", error)
    return EXIT_ERROR

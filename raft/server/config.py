"""What a server is told at its start: one file, in TOML or JSON."""

from __future__ import annotations

import ipaddress
import re
from hashlib import blake2b
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from raft.bugs import BUGS, get_bug
from raft.consensus import Settings
from raft.consensus.settings import MILLISECOND
from raft.errors import RaftError
from raft.kv.revision_store import RevisionStore
from raft.kv.state_machine import KeyValueStore
from raft.replica import HEALTHY, Variant
from raft.waiting_clients import WaitingClients


class ConfigError(RaftError):
    """The configuration cannot be read, or contradicts itself; the message says where."""


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches it; a name other than localhost may be anyone."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> Address:
    """``host:port``, ``[v6]:port``, or either as a URL; raises ConfigError."""
    place = text.split("://", 1)[-1].rstrip("/")
    host, _, port = place.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _may_be_host(host) or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ConfigError(f"{text!r} is no address: it must be host:port")
    return Address(host, int(port))


def _may_be_host(host: str) -> bool:
    """Whether the system can be asked where it is: of anything else, that would be an error of
    another kind than of an address that is not known."""
    try:
        return host.isprintable() and bool(host.encode("idna"))
    except UnicodeError:
        return False


class MemberAddresses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a member is reached: by other members, and by clients (empty if not known)."""

    peer: str
    client: str = ""


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths of PEM files: this server's certificate and key, and who signs the others'."""

    certificate: str
    key: str
    authority: str | None = None


class RaftSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """raft.consensus.Settings as a file has them: times in ms."""

    election_timeout_min: int = 500
    election_timeout_max: int = 1000
    heartbeat_interval: int = 100
    pre_vote: bool = True
    check_quorum: bool = True
    lease_reads: bool = False
    max_clock_drift: int = 10_000
    snapshot_threshold_bytes: int = 16 << 20
    entries_kept_after_snapshot: int = 1024
    max_entries_per_append: int = 256
    segment_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if not 0 < self.heartbeat_interval < self.election_timeout_min <= self.election_timeout_max:
            raise ValueError(
                "heartbeat_interval must be above 0, and below election_timeout_min, which must "
                "not be above election_timeout_max"
            )
        if self.segment_bytes < 4096:
            raise ValueError("segment_bytes must be at least 4096")
        self.settings()

    def settings(self) -> Settings:
        """For the consensus module. Raises SettingsError."""
        return Settings(
            election_timeout_min=self.election_timeout_min * MILLISECOND,
            election_timeout_max=self.election_timeout_max * MILLISECOND,
            heartbeat_interval=self.heartbeat_interval * MILLISECOND,
            pre_vote=self.pre_vote,
            check_quorum=self.check_quorum,
            lease_reads=self.lease_reads,
            max_clock_drift=self.max_clock_drift,
            snapshot_threshold_bytes=self.snapshot_threshold_bytes,
            entries_kept_after_snapshot=self.entries_kept_after_snapshot,
            max_entries_per_append=self.max_entries_per_append,
            max_uncommitted_bytes=64 << 20,
            session_timeout=None,
            asynchronous_storage=True,
        )


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is refused rather than taken on. Bytes, requests, messages; times in ms."""

    request_bytes: int = 1_572_864
    transaction_operations: int = 128
    requests_waiting: int = 4096
    request_timeout: int = 5000
    leader_wait: int = 2000
    queue_messages: int = 1024
    queue_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        """Raises ValueError."""
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole; docs/server.md tells what each means."""

    name: str
    cluster: str
    data_directory: str
    listen_peers: str
    listen_clients: str
    members: dict[str, MemberAddresses]
    initial_members: tuple[str, ...] = ()
    initial_state: Literal["new", "existing"] = "new"
    trace: str | None = None
    variant: str = "healthy"
    allow_remote: bool = False
    reuse_port: bool = False
    settings: RaftSettings = RaftSettings()
    limits: Limits = Limits()
    peer_tls: Tls | None = None
    client_tls: Tls | None = None

    @property
    def cluster_id(self) -> int:
        """A number of 63 bits that stands for the cluster in handshakes and answers."""
        return number_of(self.cluster)

    @property
    def voters(self) -> tuple[str, ...]:
        """Who votes in a new cluster."""
        return tuple(sorted(self.initial_members or self.members))


def number_of(*names: str) -> int:
    """A number above 0, of 63 bits, that stands for these names: etcd's ids are numbers."""
    digest = blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def read_config(path: Path, *, allow_remote: bool = False) -> Config:
    """Read and check a file; raises ConfigError with the file and the reason."""
    try:
        data = path.read_bytes()
        if path.suffix == ".json":
            config = msgspec.json.decode(data, type=Config)
        else:
            config = msgspec.toml.decode(data, type=Config)
        if allow_remote:
            config = msgspec.structs.replace(config, allow_remote=True)
        check(config)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RaftError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def check(config: Config) -> None:
    """Raises ConfigError for what does not go together."""
    if not config.name:
        raise ConfigError("name: is empty")
    if not config.cluster:
        raise ConfigError("cluster: is empty")
    for key in ("listen_peers", "listen_clients"):
        address = parse_address(getattr(config, key))
        if not (config.allow_remote or address.is_loopback):
            raise ConfigError(
                f"{key}: {address} can be reached from other machines; if that is meant, say "
                f"allow_remote = true, or --allow-remote, and think of TLS"
            )
    for name, member in config.members.items():
        parse_address(member.peer)
        if member.client:
            parse_address(member.client)
        if not name:
            raise ConfigError("members: a member without a name")
    if unknown := set(config.initial_members) - set(config.members):
        raise ConfigError(f"initial_members: no address is known of {', '.join(sorted(unknown))}")
    if config.initial_state == "new" and config.name not in config.voters:
        raise ConfigError(
            f"name: {config.name!r} is not among the members of the new cluster, "
            f"{', '.join(config.voters)}; a server that joins one has initial_state = "
            f'"existing"'
        )
    if config.peer_tls is not None and config.peer_tls.authority is None:
        raise ConfigError("peer_tls: authority is missing: servers know each other by it")
    variant_of(config)


def exposures(config: Config) -> list[str]:
    """What strangers can do, in words, where a server listens beyond loopback and asks nobody for
    a certificate."""
    found = []
    peers = parse_address(config.listen_peers)
    if not peers.is_loopback and config.peer_tls is None:
        found.append(
            f"listen_peers: whoever reaches {peers} can pass for any member, as there is no "
            f"peer_tls: vote, lead, and replace the log"
        )
    clients = parse_address(config.listen_clients)
    if not clients.is_loopback and (
        config.client_tls is None or config.client_tls.authority is None
    ):
        found.append(
            f"listen_clients: whoever reaches {clients} can read and write everything and change "
            f"the membership, as there is no client_tls with an authority"
        )
    return found


def variant_of(config: Config) -> Variant:
    """The healthy replica, or one of the zoo, with the state machine of this service. Raises
    ConfigError, UnknownBug."""
    variant = HEALTHY if config.variant == "healthy" else get_bug(config.variant).variant
    if variant.state_machine is not KeyValueStore or variant.waiting_clients is not WaitingClients:
        possible = [
            bug.name
            for bug in BUGS.values()
            if bug.variant.state_machine is KeyValueStore
            and bug.variant.waiting_clients is WaitingClients
        ]
        raise ConfigError(
            f"variant: {config.variant!r} is a bug of sessions, which this service does not have; "
            f"possible are {', '.join(sorted(possible))}"
        )
    return variant._replace(state_machine=RevisionStore)

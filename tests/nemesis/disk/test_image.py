"""A disk image: after a power failure it holds what was durable, and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemesis.disk.image import SECTOR, DiskImage, Loss, Names, make_image

NAMES = ("/a", "/b", "/c")
KINDS = ("create", "write", "truncate", "sync", "sync-directory", "rename", "remove")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.integers(0, 3 * SECTOR),
        st.binary(min_size=1, max_size=40),
    ),
    max_size=40,
)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[DiskImage]:
    made = make_image(tmp_path, Random(0), "directory")
    yield made
    made.lose_power(torn=False)


class Model:
    """What files hold, and what of that is durable."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.is_lying = False
        self._next = 0
        self.files: dict[str, int] = {}
        self.contents: dict[int, bytes] = {}
        self._durable_files: dict[str, int] = {}
        self._durable_contents: dict[int, bytes] = {}

    def create(self, name: str) -> None:
        self._next += 1
        self.files[name] = self._next
        self.contents[self._next] = b""

    def write(self, name: str, offset: int, data: bytes) -> None:
        held = self.contents[self.files[name]].ljust(offset, b"\0")
        self.contents[self.files[name]] = held[:offset] + data + held[offset + len(data) :]

    def truncate(self, name: str, size: int) -> None:
        self.contents[self.files[name]] = self.contents[self.files[name]][:size].ljust(size, b"\0")

    def sync(self, name: str) -> None:
        if not self.is_lying:
            number = self.files[name]
            self._durable_contents[number] = self.contents[number]
            if self._names == "journal":
                self._durable_files = dict(self.files)

    def sync_directory(self) -> None:
        if not self.is_lying:
            self._durable_files = dict(self.files)

    def lose_power(self) -> None:
        self.files = dict(self._durable_files)
        self.contents = {
            number: self._durable_contents.get(number, b"") for number in self.files.values()
        }

    def all(self) -> dict[str, bytes]:
        return {name: self.contents[number] for name, number in self.files.items()}


def _all(image: DiskImage) -> dict[str, bytes]:
    root = Path(image.path("/"))
    return {f"/{path.name}": path.read_bytes() for path in root.iterdir()}


def _perform(
    image: DiskImage, model: Model, step: tuple[str, str, str, int, bytes], opened: dict[int, int]
) -> None:
    kind, name, other, number, data = step
    if kind == "create":
        if name not in model.files:
            descriptor = image.create(name, 0o600)
            model.create(name)
            opened[model.files[name]] = descriptor
    elif kind == "sync-directory":
        image.sync_directory("/")
        model.sync_directory()
    elif name not in model.files:
        return
    elif kind == "rename":
        if name != other:
            image.rename(name, other)
            model.files[other] = model.files.pop(name)
    elif kind == "remove":
        image.remove(name)
        del model.files[name]
    else:
        descriptor = opened[model.files[name]]
        if kind == "write":
            image.write(descriptor, data, number)
            model.write(name, number, data)
        elif kind == "truncate":
            image.truncate(descriptor, number)
            model.truncate(name, number)
        else:
            image.sync(descriptor)
            model.sync(name)


@settings(max_examples=100)
@given(before=STEPS, after=STEPS, names=st.sampled_from(("journal", "directory")))
def test_holds_what_was_written_until_power_is_lost_and_then_what_was_synced(
    before: list[tuple[str, str, str, int, bytes]],
    after: list[tuple[str, str, str, int, bytes]],
    names: Names,
) -> None:
    """Twice: what comes after a power failure is built on what it has left."""
    with tempfile.TemporaryDirectory() as directory:
        image = make_image(Path(directory), Random(0), names)
        model = Model(names)
        opened: dict[int, int] = {}
        for steps in (before, after):
            for step in steps:
                _perform(image, model, step, opened)
            assert _all(image) == model.all()
            for descriptor in opened.values():
                image.close(descriptor)
            opened.clear()
            image.lose_power(torn=False)
            model.lose_power()
            assert _all(image) == model.all()
            for name, number in model.files.items():
                opened[number] = image.open(name, os.O_RDWR)
        for descriptor in opened.values():
            image.close(descriptor)
        assert list((Path(directory) / "removed").iterdir()) == []


@settings(max_examples=50)
@given(before=STEPS, during=STEPS, names=st.sampled_from(("journal", "directory")))
def test_a_lying_disk_forgets_what_it_promised_since(
    before: list[tuple[str, str, str, int, bytes]],
    during: list[tuple[str, str, str, int, bytes]],
    names: Names,
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        image = make_image(Path(directory), Random(0), names)
        model = Model(names)
        opened: dict[int, int] = {}
        for steps in (before, during):
            for step in steps:
                _perform(image, model, step, opened)
            image.is_lying = model.is_lying = True
        for descriptor in opened.values():
            image.close(descriptor)
        image.lose_power(torn=False)
        model.lose_power()
        assert _all(image) == model.all()


def test_what_a_liar_promised_is_durable_once_it_tells_the_truth(image: DiskImage) -> None:
    image.is_lying = True
    descriptor = image.create("/a", 0o600)
    image.write(descriptor, b"promised", 0)
    image.sync(descriptor)
    image.sync_directory("/")
    image.write(descriptor, b" and not", 8)
    image.tell_the_truth()
    image.close(descriptor)
    assert image.lose_power(torn=False) == Loss(unsynced=8)
    assert _all(image) == {"/a": b"promised"}


def test_counts_what_was_lost_and_what_of_it_was_promised(image: DiskImage) -> None:
    descriptor = image.create("/a", 0o600)
    image.write(descriptor, b"durable", 0)
    image.sync(descriptor)
    image.sync_directory("/")
    image.is_lying = True
    image.write(descriptor, b"12345", 7)
    image.sync(descriptor)
    image.write(descriptor, b"123", 12)
    image.close(image.create("/b", 0o600))
    image.close(descriptor)
    assert image.lose_power(torn=False) == Loss(unsynced=3, promised=5, names=1)
    assert image.lose_power(torn=False) == Loss()


def test_names_that_only_a_sync_of_their_directory_makes_durable(image: DiskImage) -> None:
    """The file itself is synced; nobody can find it."""
    image.make_directory("/d", 0o700)
    image.sync_directory("/")
    descriptor = image.create("/d/a", 0o600)
    image.write(descriptor, b"x", 0)
    image.sync(descriptor)
    image.close(descriptor)
    image.sync_directory("/")
    image.lose_power(torn=False)
    assert os.listdir(image.path("/d")) == []
    image.close(image.create("/d/b", 0o600))
    image.sync_directory("/d")
    image.lose_power(torn=False)
    assert os.listdir(image.path("/d")) == ["b"]


def test_directories_come_back_and_go(image: DiskImage) -> None:
    image.make_directory("/kept", 0o700)
    image.sync_directory("/")
    image.remove_directory("/kept")
    image.make_directory("/new", 0o700)
    image.close(image.create("/new/a", 0o600))
    image.rename("/new", "/renamed")
    image.lose_power(torn=False)
    assert os.listdir(image.path("/")) == ["kept"]


def test_a_torn_write_leaves_a_first_part_cut_between_sectors(tmp_path: Path) -> None:
    """Never all of it, and nothing that was not written."""
    old = b"0" * (4 * SECTOR)
    writes = ((100, b"1" * SECTOR), (700, b"2" * (3 * SECTOR)), (600, b"3" * 10))
    states = [old]
    for offset, data in writes:
        states.append(states[-1][:offset] + data + states[-1][offset + len(data) :])
    cuts = {
        states[at][:offset] + data[: end - offset] + states[at][end:]
        for at, (offset, data) in enumerate(writes)
        for end in range(0, offset + len(data), SECTOR)
        if end > offset
    }
    allowed = cuts | set(states[:-1])
    # The size may have reached the disk alone.
    allowed |= {state.ljust(len(states[-1]), b"\0") for state in allowed}
    allowed -= {states[-1]}
    seen = set()
    for seed in range(60):
        image = make_image(tmp_path, Random(seed), "directory")
        descriptor = image.create("/a", 0o600)
        image.write(descriptor, old, 0)
        image.sync(descriptor)
        image.sync_directory("/")
        for offset, data in writes:
            image.write(descriptor, data, offset)
        image.close(descriptor)
        assert image.lose_power(torn=True).unsynced >= 10
        seen.add(_all(image)["/a"])
    assert seen <= allowed
    assert len(seen) > 5


def test_a_torn_end_may_be_zeros(tmp_path: Path) -> None:
    found = set()
    for seed in range(20):
        image = make_image(tmp_path, Random(seed), "directory")
        descriptor = image.create("/a", 0o600)
        image.sync(descriptor)
        image.sync_directory("/")
        image.write(descriptor, b"x" * 100, 0)
        image.close(descriptor)
        image.lose_power(torn=True)
        found.add(_all(image)["/a"])
    assert found == {b"", bytes(100)}

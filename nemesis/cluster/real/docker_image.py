"""The image that our servers run in, built without any registry.

    python -m nemesis.cluster.real.docker_image

It has three layers: a root file system that debootstrap makes from the machine's own Debian mirror,
the libraries that the server imports, in the versions that are imported here, and the project. Each
is an image named by what it is made of, and made only where the engine has none of that name. The
recipe stands in ``docker/``.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, NamedTuple

import nemesis
import raft
from nemesis.cluster.real.docker_client import asking, connect
from nemesis.cluster.real.docker_engine import outside
from nemesis.cluster.real.processes import ProcessError

LABEL = "splitbrain"
"""What every image, container and network of ours carries."""

_PYTHON = "splitbrain.python"
# What raft.server imports; what those need comes with them.
_DEPENDENCIES = ("aiohttp", "msgspec", "mypy_extensions")
_OLDEST_PYTHON = (3, 11)
_LAST_LINES = 8

Tell = Callable[[str], None]


class Distribution(NamedTuple):
    """Which Debian or Ubuntu this machine runs, and where it gets its packages from."""

    suite: str
    mirror: str


def tell_watchers(words: str) -> None:
    """To standard error: what a command has to say goes to standard output."""
    print(words, file=sys.stderr, flush=True)


def ensure_image(client: Any, tell: Tell = tell_watchers) -> str:
    """The name of the image; whatever is missing of it is built. Raises ProcessError."""
    root = _root(client, tell)
    return _project(client, _dependencies(client, root, tell), tell)


# -- The root file system ------------------------------------------------------------------------


def _root(client: Any, tell: Tell) -> str:
    script = _recipe("root-file-system.sh")
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    found = distribution(suite, sources())
    name = name_of("root", [script.read_bytes(), found.suite.encode(), platform.machine().encode()])
    if _has(client, name):
        return name
    tell(f"debootstrap makes a root file system of {found.suite} (a minute, 150 MB on the disk)")
    # Without a name, so nobody finds it half-made, not even after SIGKILL.
    with tempfile.TemporaryFile() as content:
        _bootstrap(script, found, content)
        python = _python_of(content)
        content.seek(0)
        with asking("import the root file system"):
            client.api.import_image_from_data(
                content, *_split(name), changes=[f"LABEL {LABEL}=root {_PYTHON}={python}"]
            )
    return name


def _bootstrap(script: Path, found: Distribution, content: IO[bytes]) -> None:
    if os.geteuid() != 0:
        raise ProcessError("the root file system of the image is made by debootstrap, as root")
    for tool, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux")):
        if shutil.which(tool) is None:
            raise ProcessError(f"{tool} is not installed: apt-get install {package}")
    alone = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    command = (*outside(), *alone, "sh", str(script), found.mirror, found.suite)
    with tempfile.TemporaryFile() as told:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=content, stderr=told, check=False
        )
        if result.returncode != 0:
            told.seek(0)
            words = told.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
            raise ProcessError("\n".join(("debootstrap failed; it said last:", *words)))


def _python_of(content: IO[bytes]) -> str:
    """The version of Python in a root file system ("3.11")."""
    content.seek(0)
    try:
        with tarfile.open(fileobj=content) as members:
            python = members.getmember("./usr/bin/python3").linkname.removeprefix("python")
    except (tarfile.TarError, KeyError) as error:
        raise ProcessError(f"the root file system has no Python: {error}") from error
    if tuple(map(int, python.split("."))) < _OLDEST_PYTHON:
        raise ProcessError(f"this machine's distribution has Python {python}, which is too old")
    return python


def distribution(suite: str, lines: Iterable[str]) -> Distribution:
    """Where apt's sources (``sources``) have the suite from. Raises ProcessError."""
    for line in lines:
        # deb [options] MIRROR SUITE COMPONENT...
        found = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        if found and found[2] == suite and "main" in found[3].split():
            return Distribution(suite, found[1])
    raise ProcessError(
        f"apt's sources name no mirror of {suite or 'this system'}; Debian is needed"
    )


def sources(directory: Path = Path("/etc/apt")) -> Iterator[str]:
    """What apt gets binary packages from, a line for each mirror and suite, in the older form."""
    for path in (
        directory / "sources.list",
        *sorted((directory / "sources.list.d").glob("*.list")),
    ):
        if path.is_file():
            yield from path.read_text(encoding="utf-8").splitlines()
    for path in sorted((directory / "sources.list.d").glob("*.sources")):
        for paragraph in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
            if "deb" in fields.get("Types", "").split() and fields.get("Enabled") != "no":
                for mirror in fields.get("URIs", "").split():
                    for suite in fields.get("Suites", "").split():
                        yield f"deb {mirror} {suite} {fields.get('Components', '')}"


# -- The libraries, the project ------------------------------------------------------------------


def _dependencies(client: Any, root: str, tell: Tell) -> str:
    wanted = [f"{name}=={_version(name)}" for name in _DEPENDENCIES]
    recipe = _recipe("dependencies.Dockerfile")
    name = name_of("dependencies", [root.encode(), recipe.read_bytes(), *map(str.encode, wanted)])
    if _has(client, name):
        return name
    tell(f"pip fetches {', '.join(wanted)}")
    with asking(f"look at the image {root}"):
        python = client.images.get(root).labels[_PYTHON]
    with tempfile.TemporaryDirectory(prefix="splitbrain-") as directory:
        result = subprocess.run(
            [
                *outside(),
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"),
                *("--only-binary", ":all:", "--python-version", python),
                *("--target", directory, *wanted),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ProcessError(f"pip could not fetch the libraries:\n{result.stderr.strip()}")
        files = {
            f"dependencies/{path.relative_to(directory)}": path.read_bytes()
            for path in sorted(Path(directory).rglob("*"))
            if path.is_file()
        }
    return _build(client, name, root, recipe, files)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise ProcessError(f"{name} is not installed here") from error


def _project(client: Any, base: str, tell: Tell) -> str:
    recipe = _recipe("project.Dockerfile")
    package = Path(raft.__file__).parent
    files = {
        f"project/raft/{path.relative_to(package)}": path.read_bytes()
        for path in sorted(package.rglob("*.py"))
    }
    content = (part for path, read in files.items() for part in (path.encode(), read))
    name = name_of("server", [base.encode(), recipe.read_bytes(), *content])
    if _has(client, name):
        return name
    tell("the project is added")
    return _build(client, name, base, recipe, files)


# -- Images --------------------------------------------------------------------------------------


def _recipe(name: str) -> Path:
    """A file of ``docker/``: beside the packages in a checkout, inside of ours when installed."""
    here = Path(nemesis.__file__).parent
    for directory in (here.parent / "docker", here / "cluster" / "real" / "docker_recipe"):
        if (directory / name).is_file():
            return directory / name
    raise ProcessError(f"the recipe of the image, docker/{name}, is missing")


def name_of(what: str, parts: Iterable[bytes]) -> str:
    """The name of an image that is made of these parts, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return f"splitbrain-{what}:{digest.hexdigest()[:16]}"


def _split(name: str) -> tuple[str, str]:
    repository, _, tag = name.partition(":")
    return repository, tag


def _has(client: Any, name: str) -> bool:
    with asking("list its images"):
        return bool(client.images.list(name=name))


def _build(client: Any, name: str, base: str, recipe: Path, files: dict[str, bytes]) -> str:
    """It gets its name when it is complete: whoever finds it by that may use it."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as made:
        for path, content in {"Dockerfile": recipe.read_bytes(), **files}.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o644
            made.addfile(member, io.BytesIO(content))
    context.seek(0)
    with asking(f"build {name}"):
        client.images.build(
            fileobj=context,
            custom_context=True,
            tag=name,
            buildargs={"BASE": base},
            labels={LABEL: name},
            network_mode="none",
            rm=True,
            forcerm=True,
        )
    return name


def main() -> int:
    """Build what is missing, and tell what there is; the exit code."""
    try:
        client = connect()
        name = ensure_image(client)
        with asking(f"look at {name}"):
            size = client.images.get(name).attrs["Size"]
    except ProcessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 254
    print(f"{name}, {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

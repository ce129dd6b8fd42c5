"""The direction of imports, and the purity of what must be deterministic."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("raft", "checker", "nemesis")

# Who may import whom, beside itself.
ALLOWED = {"raft": set(), "checker": set(), "nemesis": {"raft", "checker"}}

# What the sans-IO parts may not touch: clocks, files, sockets, threads, global randomness.
IMPURE = {
    "asyncio",
    "concurrent",
    "datetime",
    "glob",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
PURE = (
    "raft/consensus",
    "raft/kv",
    "raft/storage",
    "raft/bugs",
    "raft/replica.py",
    "raft/waiting_clients.py",
    "raft/client.py",
    "checker/accounting",
    "checker/invariants",
    "checker/models",
    "checker/isolation",
    "checker/lincheck",
    "nemesis/cluster/sim",
    "nemesis/explore",
    "nemesis/faults",
    "nemesis/workloads",
    "nemesis/run.py",
    "nemesis/macro",
    "nemesis/search/corpus.py",
    "nemesis/search/ensemble.py",
    "nemesis/search/generate.py",
    "nemesis/search/mutation.py",
    "nemesis/search/shrink.py",
    "nemesis/search/shrink_macro.py",
    "nemesis/search/shrink_names.py",
    "nemesis/search/shrink_servers.py",
    "nemesis/search/shrink_size.py",
    "nemesis/search/shrink_steps.py",
    "nemesis/search/shrinker.py",
    "nemesis/describe/story.py",
    "nemesis/describe/words.py",
    "nemesis/describe/sketch.py",
    "nemesis/search/signatures.py",
    "nemesis/search/walk",
    "nemesis/subjects/etcd_raft/application.py",
    "nemesis/subjects/etcd_raft/library.py",
    "nemesis/subjects/etcd_raft/operators.py",
    "nemesis/subjects/etcd_raft/persistence.py",
    "nemesis/subjects/etcd_raft/replica.py",
    "nemesis/subjects/etcd_raft/start.py",
    "nemesis/subjects/messages.py",
    "nemesis/subjects/observation.py",
    "nemesis/subjects/service.py",
)
# The budget of a check reads a monotonic clock unless it is given another.
# The verifier is a program, that reads files. Sections are judged in processes on request.
EXCEPTIONS = {
    ("checker/lincheck/budget.py", "time"),
    ("checker/lincheck/checking.py", "time"),
    ("checker/lincheck/parallel.py", "time"),
    ("checker/lincheck/tasks.py", "time"),
    ("checker/lincheck/processes.py", "multiprocessing"),
    ("checker/lincheck/processes.py", "os"),
    ("checker/lincheck/processes.py", "signal"),
    ("checker/lincheck/verify.py", "pathlib"),
    # A library is loaded from where it was built.
    ("nemesis/subjects/etcd_raft/library.py", "pathlib"),
    # An exploration is written to a file, whole.
    ("nemesis/explore/checkpoint.py", "pathlib"),
}
# Names whose value differs from process to process.
UNSTABLE = {"id", "hash", "open", "input"}
# The prefix hashes of the monitors are compared within one process and never leave it.
UNSTABLE_EXCEPTIONS = {("checker/invariants/ghost.py", "hash")}


def modules(*places: str) -> list[Path]:
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found.extend(sorted(path.rglob("*.py")) if path.is_dir() else [path])
    assert found
    return found


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_in_one_direction(package: str) -> None:
    for path in modules(package):
        for module in imports(path):
            top = module.split(".")[0]
            if top in PACKAGES and top != package:
                assert top in ALLOWED[package], f"{path} imports {module}"


def test_nothing_of_raft_imports_the_server() -> None:
    server = ROOT / "raft" / "server"
    for path in modules("raft"):
        if not path.is_relative_to(server):
            for module in imports(path):
                assert not module.startswith("raft.server"), f"{path} imports {module}"
                assert module.split(".")[0] not in IMPURE | {"aiohttp"}, f"{path} imports {module}"


def test_lincheck_needs_the_standard_library_alone() -> None:
    places = ("checker/lincheck", "checker/models", "checker/formats", "checker/history.py")
    for path in modules(*places):
        for module in imports(path):
            top = module.split(".")[0]
            assert top == "checker" or top in sys.stdlib_module_names, f"{path} imports {module}"


def test_lincheck_can_be_imported_where_nothing_is_installed() -> None:
    code = "import checker.formats, checker.lincheck, checker.models"
    subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}",
        ],
        check=True,
    )


def test_the_simulated_path_is_pure() -> None:
    for path in modules(*PURE):
        name = path.relative_to(ROOT).as_posix()
        for module in imports(path):
            top = module.split(".")[0]
            assert top not in IMPURE or (name, top) in EXCEPTIONS, f"{name} imports {module}"


def test_the_simulated_path_draws_from_generators_of_its_own() -> None:
    for path in modules(*PURE):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "random":
                assert [alias.name for alias in node.names] == ["Random"], path
            assert not (
                isinstance(node, ast.Import) and any(a.name == "random" for a in node.names)
            ), path


def test_the_simulated_path_calls_nothing_unstable() -> None:
    for path in modules(*PURE):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = node.func.id
                exempt = (name, called) in UNSTABLE_EXCEPTIONS
                assert called not in UNSTABLE or exempt, f"{name}:{node.lineno} calls {called}()"


def test_the_consensus_module_knows_no_key_value_store() -> None:
    for path in modules("raft/consensus"):
        for module in imports(path):
            assert not module.startswith(("raft.kv", "raft.storage", "raft.replica")), path

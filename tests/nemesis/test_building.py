"""What is built or fetched for a test comes to its place whole, or an error of the caller's says
why not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nemesis.building import cache_of, call, put_whole
from nemesis.errors import NemesisError


class _Missing(NemesisError):
    pass


def test_it_is_kept_where_the_variable_says_or_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for unset in (None, ""):
        monkeypatch.delenv("SPLITBRAIN_CACHE", raising=False)
        if unset is not None:
            monkeypatch.setenv("SPLITBRAIN_CACHE", unset)
        assert cache_of("name") == Path("/home/somebody/.cache/splitbrain/name")
    monkeypatch.setenv("SPLITBRAIN_CACHE", "below")
    assert cache_of("name") == Path.cwd() / "below" / "name"


def test_what_is_made_comes_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    place = tmp_path / "kept" / "library.so"
    with put_whole(place) as made:
        made.with_name("source").write_text("what it takes")
        made.write_text("made")
        assert not place.exists()
    assert place.read_text() == "made"
    assert os.listdir(place.parent) == ["library.so"]


def _make_half(place: Path) -> None:
    with put_whole(place) as made:
        made.write_text("half")
        raise _Missing


def test_what_is_half_made_leaves_nothing_and_what_was_there_stays(tmp_path: Path) -> None:
    place = tmp_path / "library.so"
    with pytest.raises(_Missing):
        _make_half(place)
    assert os.listdir(tmp_path) == []
    place.write_text("whole")
    with pytest.raises(_Missing):
        _make_half(place)
    assert os.listdir(tmp_path) == ["library.so"]
    assert place.read_text() == "whole"


def test_a_command_that_fails_is_told_with_what_it_wrote(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(f' {os.getcwd()} {os.environ.get(\"WORD\")} ')"
    command = [sys.executable, "-c", code]
    told = f"{tmp_path} known$"
    environment = {**os.environ, "WORD": "known"}
    for failed, text in ((None, "go build failed"), ("no luck", "no luck")):
        with pytest.raises(_Missing, match=f"^{text}:\n{told}"):
            call(
                command,
                _Missing,
                what="go build",
                failed=failed,
                directory=tmp_path,
                environment=environment,
            )
    call([sys.executable, "-c", ""], _Missing, what="nothing")


def test_patience_ends() -> None:
    with pytest.raises(_Missing, match=r"^go build took more than 0\.01 s$"):
        call(["sleep", "600"], _Missing, what="go build", patience=0.01)

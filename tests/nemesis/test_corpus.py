"""Schedules that showed what others did not, and walks that go on from them."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.verdict import Validity
from nemesis.macro import steps as macro
from nemesis.macro.text import parse_step
from nemesis.run import run
from nemesis.schedule import Schedule, decode_schedule
from nemesis.search.block import Block, Campaign, run_block
from nemesis.search.corpus import HANDED, MOST_ENTRIES, Candidate, Corpus, Entry, Observed
from nemesis.search.mutation import is_mutated, mutated
from nemesis.search.signatures import signatures_of
from nemesis.search.walk import CHOREOGRAPHED, walk

DAMAGE = (macro.LoseFile, macro.FlipBit)


def schedule_of(*lines: str) -> Schedule:
    found = walk(1, style=CHOREOGRAPHED, replicas=3).schedule
    steps = tuple(parse_step(line, "here") for line in lines)
    return Schedule(knobs=found.knobs, steps=steps)


def kept(*candidates: Candidate) -> Corpus:
    corpus = Corpus()
    corpus.take(corpus.changes(candidates))
    return corpus


def test_each_word_has_its_smallest_schedule() -> None:
    corpus = kept(Candidate("a", "long", 9), Candidate("b", "other", 5))
    (smaller,) = corpus.changes([Candidate("a", "short", 4)])
    assert smaller == Entry(2, "a", "short", 4, 2)
    corpus.take([smaller])
    (same,) = corpus.changes([Candidate("a", "longer", 7)])
    assert same == Entry(2, "a", "short", 4, 3)
    assert {entry.schedule for entry in corpus.for_batch(1)} == {"short", "other"}


def test_what_would_change_has_not_changed() -> None:
    corpus = kept(Candidate("a", "long", 9))
    corpus.changes([Candidate("a", "short", 4), Candidate("b", "other", 5)])
    assert [entry.schedule for entry in corpus.for_batch(1)] == ["long"]


def test_numbers_are_never_used_again() -> None:
    corpus = Corpus([Entry(3, "a", "long", 9, 1)], next_number=8)
    (new,) = corpus.changes([Candidate("a", "short", 4)])
    assert new.number == 8


@given(
    st.lists(
        st.lists(
            st.builds(
                Candidate, st.sampled_from("abcdef"), st.text("xy", max_size=2), st.integers(1, 4)
            ),
            unique_by=lambda candidate: candidate.signature,
        )
    )
)
def test_batches_change_a_corpus_together_as_one_after_the_other(
    batches: list[list[Candidate]],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("nemesis.search.corpus.MOST_ENTRIES", 4)
        together, one_by_one = kept(*chain(*batches)), Corpus()
        for batch in batches:
            one_by_one.take(one_by_one.changes(batch))
    assert together.for_batch(0) == one_by_one.for_batch(0)
    again = [Candidate("a", "", 0), Candidate("g", "", 0)]
    assert together.changes(again) == one_by_one.changes(again)


def test_a_corpus_is_bounded_and_so_is_what_a_batch_is_handed() -> None:
    corpus = kept(*(Candidate(f"word {at}", f"{at}", 5) for at in range(MOST_ENTRIES + 50)))
    assert len(corpus) == MOST_ENTRIES
    handed = corpus.for_batch(7)
    assert len({entry.number for entry in handed}) == HANDED
    assert corpus.for_batch(7) == handed
    assert corpus.for_batch(8) != handed


def test_words_that_are_seen_seldom_are_handed_out_more_often() -> None:
    entries = [Entry(at, str(at), "", 5, 1 if at < 20 else 50) for at in range(200)]
    corpus = Corpus(entries, 200)
    seldom = [entry.seen == 1 for batch in range(50) for entry in corpus.for_batch(batch)]
    assert 0.2 < sum(seldom) / len(seldom) < 0.5


def test_a_batch_returns_what_showed_its_rarest_words() -> None:
    runs = [walk(seed) for seed in range(60)]
    observed = Observed()
    for each in runs:
        observed.add(each)
    found = observed.candidates()
    assert 0 < len(found) <= 8
    assert len({each.schedule for each in found}) == len(found)
    for signature, text, steps in found:
        showing = [each for each in runs if signature in signatures_of(each)]
        assert len(showing) <= 3
        assert steps == min(len(each.schedule.steps) for each in showing)
        assert decode_schedule(text.encode()) in [each.schedule for each in showing]


def test_what_failed_or_has_no_macro_steps_is_no_candidate() -> None:
    from nemesis.search.generate import generate
    from raft.bugs import get_bug

    observed = Observed()
    observed.add(run(generate(1)))
    variant = get_bug("vote-twice").variant
    failed = [each for each in (walk(seed, variant) for seed in range(20)) if each.verdict.failures]
    assert failed
    for each in failed:
        observed.add(each)
    assert observed.candidates() == []


def test_a_seed_and_its_entries_are_a_run() -> None:
    entries = [walk(seed, style=CHOREOGRAPHED).schedule for seed in (1, 2, 3)]
    for seed in range(8):
        one, again = mutated(seed, entries), mutated(seed, entries)
        assert one.schedule == again.schedule
        assert one.trace_bytes() == again.trace_bytes()
        # What it wrote down is all that it did.
        assert run(one.schedule).trace_bytes() == one.trace_bytes()
    found = [mutated(seed, entries).schedule for seed in range(5)]
    assert found != [mutated(seed, entries[1:]).schedule for seed in range(5)]


def test_entries_are_gone_on_from_whole_cut_with_steps_left_out_and_spliced() -> None:
    one = schedule_of("elect n1 [n2]", "snapshot n1", "snapshot n2", "snapshot n3", "settle")
    other = schedule_of("elect n3 [n1]", "crash n2", "crash n3", "settle")
    first, second = one.steps[:-1], other.steps[:-1]
    found = [mutated(seed, [one]).schedule.steps for seed in range(40)]
    shared = [
        next((at for at, step in enumerate(first) if steps[at] != step), len(first))
        for steps in found
    ]
    assert {1, 2, len(first)} <= set(shared)
    # With one of the first three left out, and those that follow.
    left_out = [(*first[:at], *first[at + 1 :]) for at in range(3)]
    assert any(steps[:3] in left_out for steps in found)
    assert all(len(steps) > shared[at] + 1 for at, steps in enumerate(found))
    # From one into the other.
    mixtures = [
        (*before[:cut], *after[-kept:])
        for before, after in ((first, second), (second, first))
        for cut in range(1, len(before))
        for kept in range(2, len(after) + 1)
    ]
    mixed = [mutated(seed, [one, other]).schedule.steps for seed in range(60)]
    assert any(steps[: len(each)] == each for steps in mixed for each in mixtures)


@pytest.mark.parametrize(
    "lines",
    [
        ("elect n1 [n2]", "lose-file n3 vote", "lose-file n2 vote", "restart n3"),
        ("elect n1 [n2]", "lose-file n2 vote", "lose-file n1 vote"),
    ],
)
def test_a_minority_of_disks_is_damaged_and_none_where_members_change(
    lines: tuple[str, ...],
) -> None:
    """However entries are put together: else a healthy Raft would be convicted."""
    entries = [schedule_of(*lines)]
    for seed in range(30):
        found = mutated(seed, entries)
        steps = found.schedule.steps
        damaged = sum(isinstance(step, DAMAGE) for step in steps)
        assert damaged <= (found.schedule.knobs.replicas - 1) // 2
        assert not (damaged and any(isinstance(step, macro.ChangeMembers) for step in steps))
        assert found.verdict.validity is Validity.VALID


def test_the_healthy_raft_is_not_convicted() -> None:
    entries = [walk(seed, style=CHOREOGRAPHED).schedule for seed in range(10)]
    for seed in range(30):
        assert mutated(seed, entries).verdict.validity is Validity.VALID


def test_a_share_of_the_runs_goes_on_from_entries() -> None:
    assert sum(is_mutated(seed, 25) for seed in range(2_000)) == pytest.approx(500, abs=80)
    assert not any(is_mutated(seed, 0) for seed in range(100))


def test_a_block_runs_the_same_with_the_same_entries() -> None:
    what = Campaign(seed=1, strategy="uniform-walk", corpus=50, stop_at_first=False)
    first = run_block(what, Block(1, 10, 0))
    entries = tuple(each.schedule for each in first.candidates)
    assert entries
    block = Block(11, 10, 10, entries=entries)
    one = run_block(what, block)
    assert run_block(what, block) == one
    assert run_block(what, block._replace(entries=entries[:1])).tally != one.tally
    # Whoever has no corpus runs what it always ran, and looks for nothing.
    plain = run_block(what._replace(corpus=0), block)
    assert plain.candidates == ()
    assert plain.tally == run_block(what, block._replace(entries=())).tally
    assert plain.tally != one.tally

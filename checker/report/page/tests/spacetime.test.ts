// Space-time without a browser: what the nodes are at each place, and the order of moments, on runs
// that tests/report/test_spacetime_fold.py puts into the file CASES, with what the checker's own
// monitors know of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { complete, type Report } from "../src/data";
import { Fold, type NodeState } from "../src/spacetime/fold";
import { ARRIVAL, EVENT, lowerBound, SENDING } from "../src/spacetime/moments";
import { stagesOf } from "../src/spacetime/reigns";
import { Scene } from "../src/spacetime/scene";

interface Known {
  role: string | null;
  term: number;
  /** The log begins after it; what the monitors know of it goes back to `base`. */
  begins: number;
  base: number;
  terms: number[];
  commit: number;
  applied: number;
  durable: number | null;
}

interface Case {
  name: string;
  report: Partial<Report>;
  /** By place in the trace: what is known of each node. */
  known: [number, Known[]][];
}

const cases = JSON.parse(readFileSync(process.env["CASES"]!, "utf8")) as Case[];

/** The same order every time, and no order of places. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const mixed = [...items];
  let seed = 7;
  for (let at = mixed.length - 1; at > 0; at--) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const other = seed % (at + 1);
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

function same(fold: Fold, state: NodeState, known: Known, where: string): void {
  assert.equal(state.isUp, known.role !== null, `${where}: up`);
  if (!state.isUp) return;
  const found = { role: state.role, term: state.term, commit: state.commit, applied: state.applied };
  const { role, term, commit, applied } = known;
  assert.deepEqual(found, { role, term, commit, applied }, where);
  assert.equal(state.base, known.begins, `${where}: base`);
  // A snapshot received, and what follows it, is not on the disk until it is written.
  if (known.durable !== null && known.durable < known.base) assert.ok(state.durable < state.base, `${where}: durable`);
  else if (known.durable !== null) assert.equal(state.durable, known.durable, `${where}: durable`);
  // The monitors keep what compaction takes from a log.
  const first = Math.max(state.base, known.base) + 1;
  const entries = fold.entries(state).filter(({ index }) => index >= first);
  assert.deepEqual(
    entries.map(({ term }) => term),
    known.terms.slice(first - known.base - 1),
    `${where}: log`,
  );
  assert.equal(state.last, known.base + known.terms.length, `${where}: last index`);
}

for (const { name, report: given, known } of cases) {
  const report = complete(given);
  const scene = new Scene(report);
  const { moments } = scene;

  test(`${name}: at each place the nodes are what the monitors know`, () => {
    assert.ok(known.length > 20);
    const fold = new Fold(report.trace!, report.nodes.length);
    for (const [place, nodes] of [...known, ...shuffled(known)]) {
      fold.at(place).forEach((state, node) => {
        same(fold, state, nodes[node]!, `${name}, place ${place}, ${report.nodes[node]}`);
      });
    }
  });

  test(`${name}: everything happens once, messages arrive after they left`, () => {
    const kinds = [EVENT, ARRIVAL, SENDING].map(
      (kind) => moments.what.subarray(0, moments.size).filter((each) => each === kind).length,
    );
    const { messages, ofSending, ofArrival } = moments;
    const down = messages.fates.indexOf("down");
    const arrived = messages.arrived_at.filter((place, row) => place >= 0 && messages.fate[row] !== down).length;
    assert.deepEqual(kinds, [report.trace!.kind.length, arrived, messages.source.length]);
    for (let row = 0; row < messages.source.length; row++) {
      assert.ok(ofSending[row]! >= 0);
      assert.ok(ofArrival[row]! < 0 || ofArrival[row]! > ofSending[row]!, `message ${row}`);
    }
    for (let at = 1; at < moments.size; at++) assert.ok(moments.place[at]! >= moments.place[at - 1]!);
    for (let event = 0; event < report.trace!.kind.length; event++) {
      assert.equal(moments.place[moments.ofEvent[event]!], event);
      assert.equal(moments.cursorOfPlace(event + 1), moments.ofEvent[event]! + 1);
    }
  });

  test(`${name}: what a message leads to follows its arrival in one beat`, () => {
    // A node that handles a message at once does nothing else before: the event after an arrival,
    // if it is that node's and of that time, belongs to the arrival's beat.
    for (let at = 0; at + 1 < moments.size; at++) {
      if (moments.what[at] !== ARRIVAL || moments.what[at + 1] !== EVENT) continue;
      if (moments.node[at] !== moments.node[at + 1] || moments.time[at] !== moments.time[at + 1]) continue;
      if (["started", "stopped"].includes(moments.kind(at + 1))) continue;
      assert.equal(moments.beatBefore(at + 1), moments.beatBefore(at + 2));
    }
  });

  test(`${name}: beats and chapters divide the run`, () => {
    const { beats } = moments;
    assert.equal(beats[0], 0);
    assert.equal(beats.at(-1), moments.size);
    for (let at = 1; at < beats.length; at++) {
      assert.ok(beats[at]! > beats[at - 1]!);
      const nodes = new Set(moments.node.subarray(beats[at - 1]!, beats[at]!));
      assert.equal(nodes.size, 1, "a beat is one node's");
    }
    let end = 0;
    for (const { from, to } of scene.chapters) {
      assert.equal(from, end);
      assert.ok(to >= from);
      assert.ok(beats[lowerBound(beats, from)] === from, "a chapter begins with a beat");
      end = to;
    }
    assert.equal(end, moments.size);
  });

  test(`${name}: a stage shows its leader leading`, () => {
    for (const { to, leader, term } of stagesOf(scene).slice(0, -1)) {
      const state = scene.fold.at(moments.place[to]!)[leader]!;
      assert.deepEqual([state.isUp, state.role, state.term], [true, "leader", term]);
    }
  });

  test(`${name}: each beat is told in a sentence`, () => {
    for (let at = 1; at < moments.beats.length; at++) {
      const sentence = scene.teller.beat(moments.beats[at - 1]!, moments.beats[at]!);
      assert.match(sentence, /^\S+ \S.*\.$/);
      assert.doesNotMatch(sentence, /undefined|\?|NaN/);
    }
  });

  test(`${name}: positions on both axes never go back`, () => {
    for (const kind of ["order", "time"] as const) {
      const { left } = scene.axis(kind);
      for (let at = 1; at < left.length; at++) assert.ok(left[at]! >= left[at - 1]!);
    }
  });
}

// Which operation is drawn in which row.

import { INFO, type Operations } from "../data";

export interface Lane {
  /** Its operations, in the order in which they began; none begins before the one before has ended. */
  readonly operations: Int32Array;
  /** Those of them that nobody knows the end of. */
  readonly open: Int32Array;
  readonly name: string;
  /** The processes in it, by position in the table. */
  readonly processes: readonly number[];
}

interface Open {
  readonly operations: number[];
  readonly processes: number[];
  /** From then on another process may have the lane. */
  free: number;
}

/**
 * A lane a client. After an info a client goes on under a new process, and the old one is never used
 * again: so a new process takes the lane of one that ended so. Only operations that `mask` shows
 * have a place.
 */
export function lanesOf(operations: Operations, mask: Uint8Array): Lane[] {
  const lanes: Open[] = [];
  const laneOf = new Map<number, Open>();
  for (let at = 0; at < operations.start.length; at++) {
    const process = operations.process[at]!;
    const start = operations.start[at]!;
    let lane = laneOf.get(process);
    if (lane === undefined) {
      lane = lanes.find(({ free }) => free <= start);
      if (lane === undefined) {
        lane = { operations: [], processes: [], free: Infinity };
        lanes.push(lane);
      }
      lane.free = Infinity;
      lane.processes.push(process);
      laneOf.set(process, lane);
    }
    if (operations.type[at] === INFO && operations.end[at]! >= 0) lane.free = operations.end[at]!;
    if (mask[at]) lane.operations.push(at);
  }
  return lanes
    .filter((lane) => lane.operations.length > 0)
    .map(({ operations: members, processes }) => ({
      operations: Int32Array.from(members),
      open: Int32Array.from(members.filter((at) => operations.type[at] === INFO || operations.end[at]! < 0)),
      name: operations.processes[processes[0]!]!,
      processes,
    }))
    .sort((one, other) => compareNames(one.name, other.name));
}

/** Numbers by value, before names. */
export function compareNames(one: string, other: string): number {
  const numbers = [Number(one), Number(other)] as const;
  if (Number.isNaN(numbers[0]) || Number.isNaN(numbers[1])) {
    return Number(Number.isNaN(numbers[0])) - Number(Number.isNaN(numbers[1])) || (one < other ? -1 : 1);
  }
  return numbers[0] - numbers[1];
}

/** The last operation of the lane that began at `time` or before, as a position in it; -1: none. */
export function lastBegun(lane: Lane, start: readonly number[], time: number): number {
  let low = 0;
  let high = lane.operations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start[lane.operations[middle]!]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Rows for things that may overlap: each in the first that has room. At most `limit` rows. */
export function packed(spans: readonly Span[], gap: number, limit: number): { readonly row: number[]; readonly rows: number } {
  const order = spans.map((_, at) => at).sort((a, b) => spans[a]!.start - spans[b]!.start);
  const ends: number[] = [];
  const row = new Array<number>(spans.length).fill(0);
  for (const at of order) {
    let found = ends.findIndex((end) => end + gap <= spans[at]!.start);
    if (found < 0) found = ends.length < limit ? ends.length : ends.indexOf(Math.min(...ends));
    ends[found] = Math.max(ends[found] ?? 0, spans[at]!.end);
    row[at] = found;
  }
  return { row, rows: ends.length };
}

// Where moments are drawn: in their order, each as wide as what is to be seen of it, or by their
// times, with long idle spans cut short.

import { ARRIVAL, EVENT, type Moments, SENDING } from "./moments";

export type AxisKind = "order" | "time";

/** A span in which nothing happens and which is drawn shorter than it is. */
export interface Break {
  /** The moment after it, and how long it is, in ns. */
  readonly at: number;
  readonly length: number;
}

export interface Axis {
  readonly kind: AxisKind;
  /** The left edge of each moment, and the right edge of the last. */
  readonly left: Float64Array;
  readonly breaks: readonly Break[];
}

/** Events of which little is to be seen. */
const SMALL = new Set(["persisted", "term-exposed", "applied", "state-digest", "configuration-changed", "compacted"]);
const LONGEST = 8;

export function orderAxis(moments: Moments): Axis {
  const left = new Float64Array(moments.size + 1);
  let now = 1;
  let beat = 0;
  for (let at = 0; at < moments.size; at++) {
    const begins = moments.beats[beat] === at;
    if (begins) {
      beat++;
      now += 0.5;
    }
    left[at] = now;
    now += widthInOrder(moments, at, begins);
  }
  left[moments.size] = now;
  return { kind: "order", left, breaks: [] };
}

function widthInOrder(moments: Moments, at: number, begins: boolean): number {
  switch (moments.what[at]) {
    case EVENT:
      return SMALL.has(moments.kind(at)) ? 0.4 : 1;
    case ARRIVAL:
      return 0.7;
    default:
      // What sends at the end of a beat leaves with its last event.
      return begins ? 0.4 : 0;
  }
}

export function timeAxis(moments: Moments): Axis {
  const left = new Float64Array(moments.size + 1);
  const breaks: Break[] = [];
  const unit = typicalGap(moments);
  let now = 1;
  for (let at = 0; at < moments.size; at++) {
    const gap = at === 0 ? 0 : (moments.time[at]! - moments.time[at - 1]!) / unit;
    if (gap > LONGEST) breaks.push({ at, length: moments.time[at]! - moments.time[at - 1]! });
    // At the same time one thing still leads to the other.
    const trifle = moments.what[at] === SENDING ? 0 : 0.12;
    now += Math.min(gap, LONGEST) + (gap > LONGEST ? 1 : 0);
    left[at] = now;
    now += trifle;
  }
  left[moments.size] = now;
  return { kind: "time", left, breaks };
}

/** A quarter of the gaps between different times are longer. */
function typicalGap(moments: Moments): number {
  const gaps = new Float64Array(moments.size);
  let count = 0;
  for (let at = 1; at < moments.size; at++) {
    const gap = moments.time[at]! - moments.time[at - 1]!;
    if (gap > 0) gaps[count++] = gap;
  }
  const sorted = gaps.subarray(0, count).sort();
  return sorted[Math.floor(count * 0.75)] ?? 1;
}

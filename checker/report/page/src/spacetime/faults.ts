// Faults while they last, as spans of moments.

import type { Report } from "../data";
import { faultColourName } from "../shell/faults";
import { packed } from "../timeline/lanes";
import { lowerBound, type Moments } from "./moments";

/** So many faults are drawn beside each other; more lie upon these. */
const LANES = 3;

export interface FaultSpan {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly words: string;
  /** The custom property with its colour. */
  readonly colour: string;
  readonly lane: number;
}

export interface Pause {
  readonly from: number;
  readonly to: number;
  readonly words: string;
  readonly nodes: readonly number[];
}

export interface Faults {
  readonly spans: readonly FaultSpan[];
  readonly lanes: number;
  /** Nodes that stand still: drawn on their lines. */
  readonly pauses: readonly Pause[];
}

export function faultsOf(report: Report, moments: Moments): Faults {
  const times = moments.time.subarray(0, moments.size);
  const placed = report.bands
    // That a node is down is to be seen on its line.
    .filter(({ kind }) => kind !== "down")
    .map((band) => {
      const from = lowerBound(times, band.start);
      const to = band.end === undefined ? moments.size : lowerBound(times, band.end + 1);
      return { band, from, to: Math.max(from + 1, to) };
    })
    .filter(({ from }) => from < moments.size);
  const isPause = (kind: string): boolean => kind === "pause";
  const lasting = placed.filter(({ band }) => !isPause(band.kind));
  const { row, rows } = packed(
    lasting.map(({ from, to }) => ({ start: from, end: to })),
    1,
    LANES,
  );
  return {
    spans: lasting.map(({ band, from, to }, at) => ({
      from,
      to: Math.min(to, moments.size),
      kind: band.kind,
      words: band.words,
      colour: faultColourName(band),
      lane: row[at]!,
    })),
    lanes: rows,
    pauses: placed
      .filter(({ band }) => isPause(band.kind))
      .map(({ band, from, to }) => ({
        from,
        to: Math.min(to, moments.size),
        words: band.words,
        nodes: band.nodes ?? [],
      })),
  };
}

// What is drawn, from the operations of the time that is seen: never more points than pixels.

import { OK, type Messages, type Operations } from "../data";

/** A part of the run, in ns. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

type Column = (number | null)[];

/** Columns for uPlot: x in seconds, then a series each. */
export type Columns = [number[], ...Column[]];

const SECOND = 1e9;
const MILLISECOND = 1e6;
/** What was answered at once still has a place on a logarithmic axis: a microsecond. */
const LEAST = 1e-3;

/** Cells of the picture: of the operations in one cell, one is drawn. */
const ACROSS = 420;
const DOWN = 130;

/** How long each operation took, in ms, a series a type. An info took as long as anybody waited. */
export function latencies(operations: Operations, { from, to }: Range): Columns {
  const seen = new Set<number>();
  const times: number[] = [];
  const series: Column[] = [[], [], []];
  const width = Math.max(1, to - from);
  for (let at = 0; at < operations.start.length; at++) {
    const start = operations.start[at]!;
    const end = operations.end[at]!;
    if (start < from || start > to || end < 0) continue;
    const type = operations.type[at]!;
    const took = Math.max(LEAST, (end - start) / MILLISECOND);
    const column = Math.floor(((start - from) / width) * ACROSS);
    const row = Math.floor(((Math.log10(took) + 3) / 8) * DOWN);
    const cell = (column * (DOWN + 1) + row) * 3 + type;
    if (seen.has(cell)) continue;
    seen.add(cell);
    times.push(start / SECOND);
    series.forEach((column, each) => column.push(each === type ? took : null));
  }
  return [times, ...series];
}

/** Windows of equal length that cover the range. */
function windows({ from, to }: Range, count: number): { readonly length: number; readonly middles: number[]; readonly begins: number[] } {
  const length = Math.max(1, (to - from) / count);
  return {
    length,
    middles: Array.from({ length: count }, (_, at) => (from + (at + 0.5) * length) / SECOND),
    begins: Array.from({ length: count + 1 }, (_, at) => (from + at * length) / SECOND),
  };
}

/** Steps that begin with each window; the last one lasts to the end of its own. */
function steps(begins: number[], series: readonly number[][]): Columns {
  return [begins, ...series.map((each) => [...each, each.at(-1) ?? 0])];
}

export const QUANTILES = [0.5, 0.95, 0.99, 1] as const;

/** Quantiles of how long operations took that were answered ok, in ms, by when they began. */
export function quantiles(operations: Operations, range: Range, count: number): Columns {
  const { length, middles } = windows(range, count);
  const samples: number[][] = middles.map(() => []);
  for (let at = 0; at < operations.start.length; at++) {
    if (operations.type[at] !== OK) continue;
    const start = operations.start[at]!;
    samples[Math.floor((start - range.from) / length)]?.push((operations.end[at]! - start) / MILLISECOND);
  }
  for (const each of samples) each.sort((a, b) => a - b);
  return [middles, ...QUANTILES.map((quantile) => samples.map((each) => quantileOf(each, quantile)))];
}

/** The quantile of sorted numbers: the least of which so many are no greater. */
export function quantileOf(sorted: ArrayLike<number>, quantile: number): number | null {
  if (sorted.length === 0) return null;
  return Math.max(LEAST, sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]!);
}

/** Answers a second, a series a type, by when they came. */
export function rates(operations: Operations, range: Range, count: number): Columns {
  const { length, begins } = windows(range, count);
  const series = [0, 1, 2].map(() => new Array<number>(count).fill(0));
  for (let at = 0; at < operations.end.length; at++) {
    const end = operations.end[at]!;
    if (end < 0) continue;
    const place = Math.min(count - 1, Math.floor((end - range.from) / length));
    if (place >= 0 && end <= range.to) series[operations.type[at]!]![place]! += SECOND / length;
  }
  return steps(begins, series);
}

/** Messages in each window, a series a fate, by when they were sent. */
export function fates(messages: Messages, wanted: readonly string[], range: Range, count: number): Columns {
  const { length, begins } = windows(range, count);
  const series = wanted.map(() => new Array<number>(count).fill(0));
  const place = messages.fates.map((fate) => wanted.indexOf(fate));
  for (let at = 0; at < messages.sent.length; at++) {
    const which = place[messages.fate[at]!]!;
    const sent = messages.sent[at]!;
    const window = Math.min(count - 1, Math.floor((sent - range.from) / length));
    if (which >= 0 && window >= 0 && sent <= range.to) series[which]![window]!++;
  }
  return steps(begins, series);
}

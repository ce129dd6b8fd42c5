// Terms, elections and clocks of the nodes over time.

import { timesOf, type Report, type Skew } from "../data";
import type { Columns } from "./windows";

const SECOND = 1e9;
const MILLISECOND = 1e6;

interface Line {
  readonly times: number[];
  readonly values: number[];
}

/** Lines with times of their own, on the times of all of them. `between`: the value of a line
 * between two of its points: the one before, or on the way to the next. */
function aligned(lines: readonly Line[], between: "step" | "straight", end: number): Columns {
  const times = [...new Set([...lines.flatMap((line) => line.times), end])].sort((a, b) => a - b);
  const columns = lines.map(({ times: own, values }) => {
    let at = -1;
    return times.map((time) => {
      while (at + 1 < own.length && own[at + 1]! <= time) at++;
      if (at < 0) return null;
      const value = values[at]!;
      if (between === "step" || at + 1 >= own.length) return value;
      const part = (time - own[at]!) / (own[at + 1]! - own[at]!);
      return value + part * (values[at + 1]! - value);
    });
  });
  return [times.map((time) => time / SECOND), ...columns];
}

/** At most so many points a line: with more, those that follow too soon are left out. */
const POINTS = 1500;

function thinned({ times, values }: Line, end: number): Line {
  if (times.length <= POINTS) return { times, values };
  const kept: { times: number[]; values: number[] } = { times: [], values: [] };
  times.forEach((time, at) => {
    const last = kept.times.at(-1);
    const isLast = at === times.length - 1;
    if (last === undefined || isLast || time - last >= end / POINTS) {
      kept.times.push(time);
      kept.values.push(values[at]!);
    }
  });
  return kept;
}

export interface Terms {
  /** The term of each node that had one, over time. */
  readonly columns: Columns;
  readonly nodes: readonly number[];
  readonly elections: readonly { readonly time: number; readonly term: number; readonly isWon: boolean }[];
}

export function terms(data: Report): Terms | null {
  const { trace } = data;
  if (!trace) return null;
  const lines: { times: number[]; values: number[] }[] = data.nodes.map((_, node) => ({
    times: [trace.began],
    values: [trace.initial[node]?.term ?? 0],
  }));
  const elections: { time: number; term: number; isWon: boolean }[] = [];
  const times = timesOf(trace);
  for (let at = 0; at < times.length; at++) {
    const kind = trace.kinds[trace.kind[at]!];
    const term = trace.term[at]!;
    const time = times[at]!;
    if (kind === "role-changed") {
      const role = trace.texts[trace.text[at]!];
      if (role === "candidate" || role === "leader") elections.push({ time, term, isWon: role === "leader" });
    }
    const line = lines[trace.node[at]!];
    if (!line || (kind !== "term-changed" && kind !== "started") || line.values.at(-1) === term) continue;
    line.times.push(time);
    line.values.push(term);
  }
  const nodes = lines.flatMap((line, node) => (line.values.some((term) => term > 0) ? [node] : []));
  if (nodes.length === 0) return null;
  return { columns: aligned(nodes.map((node) => thinned(lines[node]!, data.end)), "step", data.end), nodes, elections };
}

/** How far each clock is from the true time, in ms. */
export function skews(all: readonly Skew[], end: number): Columns {
  return aligned(
    all.map(({ time, offset }) => ({ times: time, values: offset.map((each) => each / MILLISECOND) })),
    "straight",
    end,
  );
}

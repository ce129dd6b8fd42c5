// What divides a run: the steps of a schedule of macro-steps, or else its elections, crashes and
// faults; and the reigns of its leaders, which are the columns of the paper's Figure 8.

import type { Report } from "../data";
import type { Moments } from "./moments";
import { lowerBound } from "./moments";
import type { Teller } from "./words";

/** Moments `from` (inclusive) to `to` (exclusive). */
export interface Chapter {
  readonly from: number;
  readonly to: number;
  /** As the schedule has it: "elect n1 [n2]"; or a few words. */
  readonly title: string;
  /** What it did, or "". */
  readonly words: string;
}

/** The places, counted from the first event of the run, at which steps of the schedule begin. */
export function borders(report: Report): ReadonlySet<number> {
  return new Set(hasSteps(report) ? report.steps.map(({ first }) => first!) : []);
}

/** Whether the run is told step by step: a schedule of macro-steps, and what each of them did. */
export function hasSteps({ steps }: Report): boolean {
  return steps.some(({ words }) => words) && steps.every(({ first }) => first !== undefined);
}

export function chaptersOf(report: Report, moments: Moments, teller: Teller): Chapter[] {
  return hasSteps(report) ? stepChapters(report, moments) : landmarkChapters(report, moments, teller);
}

function stepChapters(report: Report, moments: Moments): Chapter[] {
  const { first: shown } = report.trace!;
  const starts = report.steps.map(({ first, time }) => startOf(moments, first! - shown, time ?? 0));
  const chapters: Chapter[] = [];
  if (starts[0]! > 0) chapters.push({ from: 0, to: starts[0]!, title: "start", words: "" });
  report.steps.forEach(({ line, words }, at) => {
    const from = starts[at]!;
    const to = Math.max(from, starts[at + 1] ?? moments.size);
    chapters.push({ from, to, title: line, words: words ?? "" });
  });
  return chapters;
}

/**
 * The first moment of a step that began at a time, when so many events had happened. Messages that
 * left or came between two events belong to the step before, unless that cannot be: what leads to
 * the step's first event, and what happened later than it began, is the step's.
 */
function startOf(moments: Moments, place: number, time: number): number {
  const after = moments.cursorOfPlace(place);
  const event = moments.ofEvent[place] ?? moments.size;
  const beat = event < moments.size ? moments.beats[moments.beatBefore(event + 1)]! : event;
  let at = after;
  while (at < event && moments.time[at]! <= time) at++;
  return Math.max(after, Math.min(at, beat));
}

function landmarkChapters(report: Report, moments: Moments, teller: Teller): Chapter[] {
  const trace = report.trace!;
  const marks = new Map<number, string[]>();
  // From the beginning of its beat on: from the message that led to it.
  const mark = (at: number, title: string): void => {
    const from = moments.beats[moments.beatBefore(at + 1)]!;
    marks.set(from, [...(marks.get(from) ?? []), title]);
  };
  const began = new Set<number>();
  for (let event = 0; event < trace.kind.length; event++) {
    const kind = trace.kinds[trace.kind[event]!];
    const node = trace.node[event]!;
    if (kind === "started") {
      if (began.has(node)) mark(moments.ofEvent[event]!, `${teller.node(node)} starts again`);
      began.add(node);
    } else if (kind === "stopped") {
      mark(moments.ofEvent[event]!, `${teller.node(node)} is down`);
    } else if (kind === "role-changed" && trace.texts[trace.text[event]!] === "leader") {
      mark(moments.ofEvent[event]!, `${teller.node(node)} leads term ${trace.term[event]}`);
    }
  }
  const times = moments.time.subarray(0, moments.size);
  for (const { kind, start, nodes } of report.bands) {
    // That a node goes down is in the trace.
    if (kind !== "down") {
      const at = lowerBound(times, start);
      if (at < moments.size) mark(at, [kind, ...(nodes ?? []).map((node) => teller.node(node))].join(" "));
    }
  }
  const starts = [...marks.keys()].sort((one, other) => one - other);
  const chapters: Chapter[] = [];
  if (starts[0] !== 0) chapters.push({ from: 0, to: starts[0] ?? moments.size, title: "start", words: "" });
  starts.forEach((from, at) => {
    const title = [...new Set(marks.get(from))].join("; ");
    chapters.push({ from, to: starts[at + 1] ?? moments.size, title, words: "" });
  });
  return chapters;
}

/** The chapter that a cursor is in or at the end of. */
export function chapterAt(chapters: readonly Chapter[], cursor: number): number {
  let found = 0;
  while (found + 1 < chapters.length && chapters[found + 1]!.from < cursor) found++;
  return found;
}

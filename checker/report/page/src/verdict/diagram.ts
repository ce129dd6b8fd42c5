// An attempt as a picture. The operations of a counterexample may lie far apart in time, so the axis
// keeps the order of their beginnings and ends, and nothing else.

import type { Attempt, Counterexample, Operations, Report } from "../data";
import { INFO } from "../data";
import type { Bus } from "../shell/bus";
import { svg } from "../shell/dom";
import { compareNames } from "../timeline/lanes";
import { operationSentence, operationText, processName, shortened, typeName } from "../shell/text";

const ROW = 40;
const BAR = 26;
const LEFT = 92;
const TOP = 8;
const CELL = 40;
/** The room of a mark, and of the state below it. */
const MARK = 34;
const CHARACTER = 6.7;
/** So many characters of an operation are always shown. */
const TEXT = 26;
/** A picture with room to spare is stretched: to this width, or twice as wide. */
const WIDTH = 900;

interface Axis {
  /** By operation: where its bar begins and ends. */
  readonly begin: ReadonlyMap<number, number>;
  readonly finish: ReadonlyMap<number, number>;
  /** By step of the attempt: where its mark stands. */
  readonly marks: readonly number[];
  readonly right: number;
}

/** Beginnings and ends in the order in which they happened, and the marks of the steps between. */
function axisOf(found: Counterexample, attempt: Attempt, operations: Operations, states: readonly string[]): Axis {
  const moments = found.operations
    .flatMap((operation) => {
      const end = operations.type[operation] === INFO ? -1 : operations.end[operation]!;
      return [
        { operation, time: operations.start[operation]!, isBegin: true },
        ...(end >= 0 ? [{ operation, time: end, isBegin: false }] : []),
      ];
    })
    // What begins when another ends is concurrent with it.
    .sort((one, other) => one.time - other.time || Number(other.isBegin) - Number(one.isBegin));
  const rank = new Map<number, number>();
  moments.forEach(({ operation, isBegin }, at) => {
    if (isBegin) rank.set(operation, at);
  });
  // Each step in the first gap between moments that it and those before it allow.
  let gap = 0;
  const gaps = attempt.steps.map(({ operation }) => (gap = Math.max(gap, rank.get(operation) ?? 0)));
  const inGap = new Map<number, number[]>();
  gaps.forEach((at, step) => inGap.set(at, [...(inGap.get(at) ?? []), step]));

  const begin = new Map<number, number>();
  const finish = new Map<number, number>();
  const marks = new Array<number>(attempt.steps.length).fill(0);
  let x = LEFT + 8;
  // By process: where the text of its last bar ends.
  const taken = new Map<number, number>();
  moments.forEach(({ operation, isBegin }, at) => {
    if (isBegin) {
      const process = operations.process[operation]!;
      x = Math.max(x, taken.get(process) ?? 0);
      taken.set(process, x + Math.min(TEXT, operationText(operations, operation).length + 3) * CHARACTER + 20);
    }
    (isBegin ? begin : finish).set(operation, x);
    const steps = inGap.get(at) ?? [];
    if (steps.length === 0) {
      x += CELL;
      return;
    }
    for (const step of steps) {
      const room = Math.max(MARK, shortened(states[step]!, 24).length * CHARACTER + 16);
      marks[step] = x + room / 2;
      x += room;
    }
    x += 6;
  });
  return stretched({ begin, finish, marks, right: x + 24 });
}

function stretched({ begin, finish, marks, right }: Axis): Axis {
  const factor = Math.max(1, Math.min(2, (WIDTH - LEFT) / (right - LEFT)));
  const moved = (x: number): number => LEFT + (x - LEFT) * factor;
  const all = (places: ReadonlyMap<number, number>): Map<number, number> => new Map([...places].map(([operation, x]) => [operation, moved(x)]));
  return { begin: all(begin), finish: all(finish), marks: marks.map(moved), right: moved(right) };
}

export function diagram(found: Counterexample, attempt: Attempt, data: Report, bus: Bus): SVGSVGElement {
  const operations = data.operations!;
  const states = attempt.steps.map(({ state }) => state);
  const { begin, finish, marks, right } = axisOf(found, attempt, operations, states);
  const processes = [...new Set(found.operations.map((operation) => operations.process[operation]!))].sort((a, b) => compareNames(operations.processes[a]!, operations.processes[b]!));
  const rowOf = (operation: number): number => processes.indexOf(operations.process[operation]!);
  const middle = (operation: number): number => TOP + rowOf(operation) * ROW + ROW / 2;
  const bottom = TOP + processes.length * ROW;
  const stuck = new Set(attempt.stuck.map(({ operation }) => operation));
  const placed = new Set(attempt.steps.map(({ operation }) => operation));

  const names = processes.map((process, row) =>
    svg("text", { class: "name", x: LEFT - 12, y: TOP + row * ROW + ROW / 2 }, `process ${operations.processes[process]}`),
  );
  const bars = found.operations.map((operation, at) => {
    const left = begin.get(operation)!;
    const end = finish.get(operation) ?? right;
    const isOut = !stuck.has(operation) && !placed.has(operation);
    const kind = typeName(operations.type[operation]!);
    // To where the next bar of the row begins.
    const next = found.operations.filter((other) => rowOf(other) === rowOf(operation) && begin.get(other)! > left);
    const room = Math.floor((Math.min(right + 80, ...next.map((other) => begin.get(other)!)) - left - 14) / CHARACTER);
    const text = `${found.letters[at] ?? ""}  ${operationText(operations, operation)}`;
    const bar = svg(
      "g",
      {
        class: `bar ${kind}${stuck.has(operation) ? " stuck" : ""}${isOut ? " out" : ""}`,
        click: () => bus.select({ kind: "operation", index: operation }, "timeline"),
      },
      svg("title", {}, operationSentence(data, operation)),
      svg("rect", { x: left, y: middle(operation) - BAR / 2, width: Math.max(4, end - left), height: BAR, rx: 4 }),
      svg("text", { x: left + 7, y: middle(operation) - BAR / 2 - 3 }, shortened(text, Math.max(3, Math.min(room, 60)))),
    );
    return bar;
  });
  const points = attempt.steps.map(({ operation }, step) => ({ x: marks[step]!, y: middle(operation), state: states[step]! }));
  const line = points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
  const order = points.flatMap(({ x, y, state }, step) => [
    svg("path", { class: "drop", d: `M${x} ${y + 9}V${bottom + 10}` }),
    svg("circle", { class: "mark", cx: x, cy: y, r: 8.5 }),
    svg("text", { class: "place", x, y: y + 0.5 }, step + 1),
    svg("text", { class: "state", x, y: bottom + 22 }, svg("title", {}, state), shortened(state, 24)),
  ]);
  const crosses = attempt.stuck.map(({ operation }) => {
    const x = begin.get(operation)! + 14;
    const y = middle(operation);
    return svg("g", { class: "cross" }, svg("circle", { cx: x, cy: y, r: 8.5 }), svg("path", { d: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6` }));
  });
  const described = `Attempt: ${attempt.steps.map(({ operation }) => operationText(operations, operation)).join(", then ")}; then ${attempt.stuck
    .map(({ operation }) => `process ${processName(operations, operation)}: ${operationText(operations, operation)}`)
    .join(" and ")} does not fit.`;
  return svg(
    "svg",
    { class: "diagram", width: right + 80, height: bottom + 34, viewBox: `0 0 ${right + 80} ${bottom + 34}`, role: "img", "aria-label": described },
    ...names,
    svg("text", { class: "name", x: LEFT - 12, y: bottom + 22 }, "state"),
    ...bars,
    svg("path", { class: "line", d: line }),
    ...order,
    ...crosses,
  );
}

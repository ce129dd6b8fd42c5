// Life lines with what happens on them, chapters above, and the axis below.

import { svg } from "../shell/dom";
import { duration } from "../shell/text";
import { termColourName } from "../shell/theme";
import type { Axis } from "./axis";
import { type Mark, markOf } from "./marks";
import { EVENT, lowerBound } from "./moments";
import type { Scene } from "./scene";
import { type Span, within } from "./strips";

/** What is drawn: a part of the axis, at a scale, at a cursor. */
export interface Frame {
  readonly scene: Scene;
  readonly axis: Axis;
  readonly width: number;
  readonly height: number;
  readonly gutter: number;
  readonly top: number;
  readonly bottom: number;
  /** The height of a node's row. */
  readonly row: number;
  /** Moments that are to be seen. */
  readonly from: number;
  readonly to: number;
  /** Pixels of a unit of the axis. */
  readonly scale: number;
  readonly cursor: number;
  readonly beat: readonly [number, number];
  readonly chapter: number;
  x(position: number): number;
  y(node: number): number;
}

/** From so many pixels a unit on, marks hold numbers. */
const NUMBERS = 10;
/** Below so many, only landmarks are drawn. */
const MARKS = 2.5;
/** So many spans of life lines are drawn one by one. */
const MOST_SPANS = 240;

/** Text of a width: about so wide is a letter. */
export function fitted(text: string, width: number, letter = 6.4): string {
  const most = Math.floor(width / letter);
  if (text.length <= most) return text;
  return most < 4 ? "" : `${text.slice(0, most - 1)}…`;
}

export function drawChapters(frame: Frame): SVGElement {
  const { scene, axis } = frame;
  const drawn: SVGElement[] = [];
  let last = -Infinity;
  scene.chapters.forEach(({ from, to, title }, at) => {
    if (to < frame.from || from > frame.to) return;
    const left = Math.max(frame.gutter, frame.x(axis.left[from]!) - 3);
    const right = Math.min(frame.width, frame.x(axis.left[to]!) - 3);
    // Of those that would lie upon each other one is drawn.
    if (right - last < 9 && at !== frame.chapter) return;
    last = right;
    const width = Math.max(1, right - left);
    const classes = ["st-chapter", at % 2 === 1 && "odd", at === frame.chapter && "now"];
    drawn.push(
      svg(
        "g",
        { class: classes.filter(Boolean).join(" "), "data-seek": to },
        svg("title", {}, title),
        svg("rect", { class: "ground", x: left, y: frame.top, width, height: frame.bottom - frame.top }),
        svg("rect", { class: "head", x: left, y: 2, width: Math.max(1, width - 1), height: frame.top - 10, rx: 3 }),
        svg("text", { x: left + 6, y: 16 }, fitted(title, width - 12)),
      ),
    );
  });
  return svg("g", { class: "st-chapters" }, ...drawn);
}

const HEIGHTS = { leader: 12, candidate: 9, "pre-candidate": 9, follower: 5, down: 0, unborn: 0 };

export function drawLines(frame: Frame): SVGElement {
  const parts = frame.scene.strips.map((strip) => within(strip, frame.from, frame.to));
  const count = parts.reduce((sum, [first, end]) => sum + end - first, 0);
  if (count > MOST_SPANS) return linesOfMany(frame, parts);
  return svg(
    "g",
    { class: "st-lines" },
    ...frame.scene.strips.map((strip, node) => line(frame, strip, node, parts[node]!)),
  );
}

/** Where a span is drawn. */
function edges(frame: Frame, strip: readonly Span[], at: number): readonly [number, number] {
  const { left } = frame.axis;
  const next = strip[at + 1];
  const x = Math.max(frame.gutter, frame.x(left[strip[at]!.from]!));
  return [x, Math.max(0.8, Math.min(frame.width, next ? frame.x(left[next.from]!) : frame.width) - x)];
}

function line(frame: Frame, strip: readonly Span[], node: number, [first, end]: readonly [number, number]): SVGElement {
  const y = frame.y(node);
  const drawn: SVGElement[] = [];
  let labelled = -1;
  for (let at = first; at < end; at++) {
    const { standing, term } = strip[at]!;
    const [x, width] = edges(frame, strip, at);
    const height = HEIGHTS[standing];
    if (height === 0) {
      drawn.push(svg("line", { class: `st-span ${standing}`, x1: x, x2: x + width, y1: y, y2: y }));
      continue;
    }
    const style = `--term: var(--${termColourName(term)})`;
    drawn.push(svg("rect", { class: `st-span ${standing}`, x, y: y - height / 2, width, height, style }));
    if (term !== labelled && width > 26) {
      drawn.push(svg("text", { class: "st-term", x: x + 3, y: y + 19 }, width > 58 ? `term ${term}` : `t${term}`));
    }
    labelled = term;
  }
  return svg("g", {}, ...drawn);
}

/** From far away: one element for all spans that look alike. */
function linesOfMany(frame: Frame, parts: readonly (readonly [number, number])[]): SVGElement {
  const paths = new Map<string, { classes: string; style: string; path: string[] }>();
  frame.scene.strips.forEach((strip, node) => {
    const y = frame.y(node);
    for (let at = parts[node]![0]; at < parts[node]![1]; at++) {
      const { standing, term } = strip[at]!;
      const height = HEIGHTS[standing];
      const style = height > 0 ? `--term: var(--${termColourName(term)})` : "";
      const name = `${standing} ${style}`;
      const found = paths.get(name) ?? { classes: `st-span ${standing}`, style, path: [] };
      paths.set(name, found);
      const [x, width] = edges(frame, strip, at);
      const [from, to] = [x.toFixed(1), (x + width).toFixed(1)];
      found.path.push(height > 0 ? `M${from} ${y - height / 2}H${to}v${height}H${from}Z` : `M${from} ${y}H${to}`);
    }
  });
  return svg(
    "g",
    { class: "st-lines many" },
    ...[...paths.values()].map(({ classes, style, path }) => svg("path", { class: classes, style, d: path.join("") })),
  );
}

export function drawMarks(frame: Frame): SVGElement {
  const { scene } = frame;
  const { moments } = scene;
  const trace = scene.report.trace!;
  if (frame.scale < MARKS) return landmarks(frame);
  const drawn: SVGElement[] = [];
  for (let at = frame.from; at < frame.to; at++) {
    if (moments.what[at] !== EVENT) continue;
    const event = moments.which[at]!;
    const mark = markOf(trace, event);
    if (!mark || (mark.name === "saved" && frame.scale < 6)) continue;
    drawn.push(single(frame, at, event, mark));
  }
  return svg("g", { class: "st-marks" }, ...drawn);
}

function single(frame: Frame, at: number, event: number, mark: Mark): SVGElement {
  const { axis, scene } = frame;
  const trace = scene.report.trace!;
  const small = mark.name === "saved" ? 0.2 : 0.5;
  const x = frame.x(axis.left[at]! + small * Math.min(1, axis.left[at + 1]! - axis.left[at]!) * 2 * 0.5);
  const size = Math.min(1.25, Math.max(0.45, frame.scale / 13));
  const y = frame.y(trace.node[event]!) + mark.offset * Math.min(1.15, frame.row / 60);
  const isNow = at >= frame.beat[0] && at < frame.beat[1];
  const style = mark.name === "append" ? `--term: var(--${termColourName(trace.term[event]!)})` : null;
  return svg(
    "g",
    { class: `st-mark ${mark.name}${isNow ? " now" : ""}`, "data-moment": at, style },
    svg("path", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size.toFixed(2)})`, d: mark.path }),
    frame.scale >= NUMBERS && numberOf(frame, event, mark, x, y),
  );
}

function numberOf(frame: Frame, event: number, mark: Mark, x: number, y: number): SVGElement | null {
  const trace = frame.scene.report.trace!;
  if (mark.name === "append") {
    return svg("text", { class: "inside", x, y: y + 3.6 }, trace.term[event]!);
  }
  if (mark.name === "commit") return svg("text", { x, y: y + 16 }, `≤${trace.index[event]!}`);
  return null;
}

/** From far away: elections and crashes, one of a kind for some pixels. */
function landmarks(frame: Frame): SVGElement {
  const paths = { leader: [] as string[], crash: [] as string[] };
  frame.scene.strips.forEach((strip, node) => {
    const [first, end] = within(strip, frame.from, frame.to);
    const last = { leader: -Infinity, crash: -Infinity };
    for (let at = first; at < end; at++) {
      const { from, standing } = strip[at]!;
      if (from < frame.from || (standing !== "leader" && standing !== "down")) continue;
      const name = standing === "leader" ? "leader" : "crash";
      const x = frame.x(frame.axis.left[from]!);
      if (x - last[name] < 9) continue;
      last[name] = x;
      const y = frame.y(node) + (name === "leader" ? -12 : 0);
      paths[name].push(`M${x.toFixed(1)} ${y}${name === "leader" ? "l-4-6h8Z" : "m-3.5-3.5l7 7m-7 0l7-7"}`);
    }
  });
  return svg(
    "g",
    { class: "st-marks" },
    ...Object.entries(paths).map(([name, path]) =>
      svg("g", { class: `st-mark ${name} many` }, svg("path", { d: path.join("") })),
    ),
  );
}

export function drawAxis(frame: Frame): SVGElement {
  const { axis, scene } = frame;
  const { moments } = scene;
  const drawn: SVGElement[] = [];
  for (const { at, length } of axis.breaks) {
    if (at < frame.from || at > frame.to) continue;
    const x = frame.x(axis.left[at]! - 0.5);
    if (frame.scale < MARKS && drawn.length > 60) break;
    const y = frame.bottom;
    drawn.push(
      svg(
        "g",
        { class: "st-break" },
        svg("title", {}, `nothing happens for ${duration(length)}`),
        svg("path", { d: `M${x - 4} ${y + 5}l4-8m1 8l4-8` }),
        svg("line", { x1: x, x2: x, y1: frame.top, y2: y }),
      ),
    );
  }
  let last = -Infinity;
  let told = "";
  let room = 0;
  for (let at = frame.from; at < frame.to; at = nextTick(frame, at)) {
    const x = frame.x(axis.left[at]!);
    if (x < frame.gutter || x - last < room || x > frame.width - 40) continue;
    const words = duration(moments.time[at]!, 4);
    const text = axis.kind === "time" ? words : `${scene.place(at)} · ${words}`;
    if (text === told) continue;
    last = x;
    told = text;
    room = text.length * 6 + 18;
    drawn.push(
      svg("line", { x1: x, x2: x, y1: frame.bottom, y2: frame.bottom + 4 }),
      svg("text", { x, y: frame.bottom + 17 }, text),
    );
  }
  return svg(
    "g",
    { class: "st-axis" },
    svg("line", { x1: frame.gutter, x2: frame.width, y1: frame.bottom, y2: frame.bottom }),
    ...drawn,
  );
}

/** A moment some way further on. */
function nextTick(frame: Frame, at: number): number {
  const { left } = frame.axis;
  return Math.max(at + 1, lowerBound(left, left[at]! + 40 / frame.scale));
}

// Faults: those of a node on its line, the others as bars above the axis.

import { svg } from "../shell/dom";
import { fitted, type Frame } from "./draw_lines";

export const LANE = 16;

/** Nodes that stand still. */
export function drawPauses(frame: Frame): SVGElement {
  const drawn = frame.scene.faults.pauses
    .filter(({ from, to }) => to >= frame.from && from <= frame.to)
    .flatMap(({ from, to, nodes, words }) => {
      const left = frame.x(frame.axis.left[from]!);
      const width = Math.max(2, frame.x(frame.axis.left[to]!) - left);
      return nodes.map((node) =>
        svg(
          "g",
          {},
          svg("title", {}, words),
          svg("rect", { class: "st-pause", x: left, y: frame.y(node) - 15, width, height: 30, rx: 4 }),
          width > 54 && svg("text", { class: "st-paused", x: left + 5, y: frame.y(node) - 18 }, "paused"),
        ),
      );
    });
  return svg("g", {}, ...drawn);
}

export function drawFaults(frame: Frame): SVGElement {
  const { spans, lanes } = frame.scene.faults;
  const drawn: SVGElement[] = [];
  const last = new Array<number>(lanes).fill(-Infinity);
  for (const { from, to, kind, words, colour, lane } of spans) {
    if (to < frame.from || from > frame.to) continue;
    const left = Math.max(frame.gutter, frame.x(frame.axis.left[from]!));
    const right = Math.min(frame.width, frame.x(frame.axis.left[to]!));
    // Of those that would lie upon each other one is drawn.
    if (right - last[lane]! < 1.5) continue;
    last[lane] = right;
    const width = Math.max(2, right - left);
    const y = frame.bottom - LANE * (lane + 1) + 1;
    drawn.push(
      svg(
        "g",
        { class: "st-fault", style: `--fault: var(--${colour})` },
        svg("title", {}, words),
        svg("rect", { x: left, y, width, height: LANE - 3, rx: 3 }),
        svg("text", { x: left + 5, y: y + 10 }, fitted(words, width - 8) || fitted(kind, width - 8)),
      ),
    );
  }
  return svg("g", { class: "st-faults" }, ...drawn);
}

// The messages that are to be seen, each drawn as what became of it.

import { svg } from "../shell/dom";
import type { Arrow } from "./arrows";
import type { Frame } from "./draw_lines";

/** So many messages are drawn one by one, so many as lines alone; else only those that were lost. */
const MOST_SINGLE = 250;
const MOST = 4000;
/** How far from a life line an arrow begins and ends. */
const GAP = 6;

interface Ends {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export function drawArrows(frame: Frame): SVGElement {
  const { arrows } = frame.scene;
  const rows = arrows.within(frame.from, frame.to, MOST);
  if (rows === null) return lostOnly(frame);
  const seen = rows.map((row) => arrows.arrow(row, frame.axis));
  if (seen.length > MOST_SINGLE) return lines(frame, seen);
  const hasLabels = arrows.haveLabels && seen.length <= 60;
  return svg("g", { class: "st-arrows" }, ...seen.map((arrow) => single(frame, arrow, hasLabels)));
}

function ends(frame: Frame, arrow: Arrow): Ends {
  const down = arrow.target > arrow.source ? 1 : -1;
  const y1 = frame.y(arrow.source) + GAP * down;
  const y2 = frame.y(arrow.target) - GAP * down;
  const x1 = frame.x(arrow.from);
  // One that is held back at the end is a stub, the longer the farther it would have gone.
  if (arrow.fate === "held") {
    const length = 12 + 9 * Math.abs(arrow.target - arrow.source);
    return { x1, y1, x2: x1 + length * 0.6, y2: y1 + length * down };
  }
  return { x1, y1, x2: frame.x(arrow.to), y2: y1 + (y2 - y1) * arrow.reach };
}

/** Many: lines without heads, in one element for each kind. */
function lines(frame: Frame, arrows: readonly Arrow[]): SVGElement {
  const paths = new Map<string, string[]>();
  for (const arrow of arrows) {
    const name = arrow.reach < 1 ? `${arrow.family} ${arrow.fate}` : arrow.family;
    const { x1, y1, x2, y2 } = ends(frame, arrow);
    const path = paths.get(name) ?? [];
    path.push(`M${x1.toFixed(1)} ${y1.toFixed(0)}L${x2.toFixed(1)} ${y2.toFixed(0)}`);
    paths.set(name, path);
  }
  return svg(
    "g",
    { class: "st-arrows many" },
    ...[...paths].map(([name, path]) => svg("path", { class: `st-arrow ${name}`, d: path.join("") })),
  );
}

/** Far too many: a tick under the line of the sender for each that never arrived, one for a pixel. */
function lostOnly(frame: Frame): SVGElement {
  const { arrows, moments } = frame.scene;
  const drawn = new Set<string>();
  const path: string[] = [];
  for (const row of arrows.dropped(frame.from, frame.to)) {
    const x = Math.round(frame.x(frame.axis.left[moments.ofSending[row]!]!));
    const y = Math.round(frame.y(moments.messages.source[row]!)) + 9;
    if (drawn.has(`${x} ${y}`)) continue;
    drawn.add(`${x} ${y}`);
    path.push(`M${x} ${y}v6`);
  }
  return svg("g", { class: "st-arrows many" }, svg("path", { class: "st-arrow lost", d: path.join("") }));
}

function single(frame: Frame, arrow: Arrow, hasLabel: boolean): SVGElement {
  const { moments } = frame.scene;
  const line = ends(frame, arrow);
  const { x1, y1, x2, y2 } = line;
  const arrival = moments.ofArrival[arrow.row]!;
  const sending = moments.ofSending[arrow.row]!;
  const [from, to] = frame.beat;
  const isNow = (arrival >= from && arrival < to) || (sending >= from && sending < to);
  const classes = ["st-arrow", arrow.family, arrow.fate, arrow.isReply && "reply", isNow && "now"];
  const path = `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`;
  return svg(
    "g",
    {
      class: classes.filter(Boolean).join(" "),
      "data-row": arrow.row,
      "data-moment": arrival >= 0 ? arrival : sending,
      "data-fate": arrow.fate,
    },
    svg("path", { class: "reach", d: path }),
    arrow.fate === "duplicate" && svg("path", { class: "copy", d: path }),
    svg("path", { class: "line", d: path }),
    svg("path", { class: "end", d: endOf(arrow, line) }),
    arrow.fate === "delayed" && svg("circle", { class: "clock", cx: (x1 + x2) / 2, cy: (y1 + y2) / 2, r: 4.5 }),
    arrow.fate === "delayed" && svg("path", { class: "hands", d: clockHands((x1 + x2) / 2, (y1 + y2) / 2) }),
    hasLabel && label(frame, arrow, line),
  );
}

/** A head, or a cross, or a bar that holds it back. */
function endOf(arrow: Arrow, { x1, y1, x2, y2 }: Ends): string {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const along = [(x2 - x1) / length, (y2 - y1) / length] as const;
  const point = (forward: number, aside: number): string =>
    `${(x2 + along[0] * forward - along[1] * aside).toFixed(1)} ${(y2 + along[1] * forward + along[0] * aside).toFixed(1)}`;
  switch (arrow.fate) {
    case "lost":
    case "cut":
    case "down":
      return `M${(x2 - 4.5).toFixed(1)} ${(y2 - 4.5).toFixed(1)}l9 9m-9 0l9-9`;
    case "held":
      return `M${point(0, -5)}L${point(0, 5)}M${point(4, -5)}L${point(4, 5)}`;
    default:
      return `M${point(-7, -3.4)}L${point(0, 0)}L${point(-7, 3.4)}`;
  }
}

function clockHands(x: number, y: number): string {
  return `M${x} ${y - 3}V${y}H${x + 2.2}`;
}

function label(frame: Frame, arrow: Arrow, { x1, y1, x2, y2 }: Ends): SVGElement | null {
  const text = frame.scene.teller.label(arrow.row);
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (arrow.reach < 1 || length < text.length * 5.6 + 26) return null;
  let angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  if (Math.abs(angle) > 90) angle -= Math.sign(angle) * 180;
  // Between the sender's line and the next one.
  const part = 0.6 / Math.max(1, Math.abs(arrow.target - arrow.source));
  const [x, y] = [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part];
  return svg(
    "text",
    { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(1)})`, dy: -4 },
    text,
  );
}

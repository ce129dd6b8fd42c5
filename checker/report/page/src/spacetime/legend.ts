// What the marks and arrows mean.

import { html, svg } from "../shell/dom";
import { MARKS } from "./marks";

const FATES: readonly (readonly [string, string, string])[] = [
  ["delivered", "M24-3.4 31 0 24 3.4", "a message that arrives"],
  ["delivered reply", "M24-3.4 31 0 24 3.4", "an answer"],
  ["delayed", "M24-3.4 31 0 24 3.4", "held back (a clock), and arrives late"],
  ["duplicate", "M24-3.4 31 0 24 3.4", "a second copy"],
  ["lost", "M26-4.5l9 9m-9 0l9-9", "lost, cut off, or its target is down"],
  ["held", "M30-5V5M34-5V5", "still under way at the end"],
];

export function legend(): HTMLElement {
  const marks = Object.values(MARKS).map(({ name, path, legend: words }) =>
    html(
      "li",
      {},
      svg(
        "svg",
        { width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" },
        svg("g", { class: `st-mark ${name}`, style: "--term: var(--term-1)" }, svg("path", { d: path })),
      ),
      words,
    ),
  );
  const fates = FATES.map(([names, end, words]) =>
    html(
      "li",
      {},
      svg(
        "svg",
        { width: 42, height: 18, viewBox: "-2 -9 42 18", "aria-hidden": "true" },
        svg(
          "g",
          { class: `st-arrow append ${names}` },
          names === "duplicate" && svg("path", { class: "copy", d: "M0 0H30" }),
          svg("path", { class: "line", d: "M0 0H30" }),
          svg("path", { class: "end", d: end }),
          names === "delayed" && svg("circle", { class: "clock", cx: 14, cy: 0, r: 4.5 }),
          names === "delayed" && svg("path", { class: "hands", d: "M14-3V0H16.2" }),
        ),
      ),
      words,
    ),
  );
  const lines = ["leader", "candidate", "follower", "down"].map((standing) =>
    html(
      "li",
      {},
      svg(
        "svg",
        { width: 34, height: 18, viewBox: "0 -9 34 18", "aria-hidden": "true" },
        standing === "down"
          ? svg("line", { class: "st-span down", x1: 0, x2: 34, y1: 0, y2: 0 })
          : svg("rect", {
              class: `st-span ${standing}`,
              style: "--term: var(--term-2)",
              x: 0,
              width: 34,
              y: standing === "leader" ? -6 : standing === "candidate" ? -4.5 : -2.5,
              height: standing === "leader" ? 12 : standing === "candidate" ? 9 : 5,
            }),
      ),
      standing,
    ),
  );
  return html(
    "details",
    { class: "st-legend" },
    html("summary", {}, "What the marks mean"),
    html("ul", {}, ...lines, ...marks, ...fates),
  );
}

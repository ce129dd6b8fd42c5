// Numbers beside the plots: how long operations took, and what faults did.

import type { Operations, Report } from "../data";
import { html } from "../shell/dom";
import { duration, typeName } from "../shell/text";
import { QUANTILES, quantileOf } from "./windows";

/** How long operations took, a row for each function and type. */
export function latencyTable(operations: Operations): HTMLElement {
  const samples = new Map<string, number[]>();
  for (let at = 0; at < operations.start.length; at++) {
    const name = `${operations.functions[operations.f[at]!]!} ${typeName(operations.type[at]!)}`;
    const took = operations.end[at]! < 0 ? [] : [operations.end[at]! - operations.start[at]!];
    const all = samples.get(name);
    if (all) all.push(...took);
    else samples.set(name, took);
  }
  const rows = [...samples].sort(([one], [other]) => (one < other ? -1 : 1));
  const cells = ["operation", "number", "median", "95 %", "99 %", "longest"];
  return html(
    "table",
    { class: "numbers latencies" },
    html("thead", {}, html("tr", {}, ...cells.map((cell) => html("th", { scope: "col" }, cell)))),
    html(
      "tbody",
      {},
      ...rows.map(([name, samples]) => {
        const took = Float64Array.from(samples).sort();
        const at = (quantile: number): string => (took.length === 0 ? "–" : duration(quantileOf(took, quantile)!));
        return html(
          "tr",
          {},
          html("th", { scope: "row", class: "mono" }, name),
          html("td", {}, took.length.toLocaleString("en")),
          ...QUANTILES.map((quantile) => html("td", {}, at(quantile))),
        );
      }),
    ),
  );
}

/** The group of figures that counts what faults did (nemesis/report.py). */
const EFFECTS = "effects seen";

/** What faults did, as bars: messages dropped, bytes lost. Null if nothing was counted. */
export function effectsTable({ figures }: Report): HTMLElement | null {
  const counted = figures.filter(
    ({ group, name, value }) => (group === EFFECTS || name.includes("bytes")) && /^[\d,]+$/.test(value),
  );
  if (counted.length === 0) return null;
  const number = (value: string): number => Number(value.replaceAll(",", ""));
  const most = Math.max(1, ...counted.map(({ value }) => number(value)));
  return html(
    "section",
    { class: "card plot" },
    html("h2", {}, "What faults did"),
    html("p", { class: "aside" }, "How often each was seen to have an effect."),
    html(
      "table",
      { class: "numbers effects" },
      html(
        "tbody",
        {},
        ...counted.map(({ name, value }) => {
          const bar = html("div", { class: "bar" });
          bar.style.width = `${Math.max(1, (Math.log1p(number(value)) / Math.log1p(most)) * 100)}%`;
          return html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, value), html("td", { "aria-hidden": "true" }, bar));
        }),
      ),
    ),
  );
}

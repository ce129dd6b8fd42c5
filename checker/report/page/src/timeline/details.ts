// What the selected operation is, in words, below the timeline; and the tooltip.

import type { Report } from "../data";
import type { Bus } from "../shell/bus";
import { html, type Child } from "../shell/dom";
import { answered, asked, duration, moment, processName, rangeText, typeName } from "../shell/text";
import { link, plain } from "../shell/words";
import type { Hit, Scene } from "./scene";

function facts(...pairs: readonly (readonly [string, Child])[]): HTMLElement {
  return html(
    "dl",
    {},
    ...pairs.filter(([, value]) => value !== "" && value !== null).map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value))),
  );
}

function times(data: Report, start: number, end: number | undefined): [string, Child][] {
  return [
    ["from", moment(data, start)],
    ["to", end === undefined || end < 0 ? "the end of the run" : moment(data, end)],
    ["took", end !== undefined && end >= 0 && data.unit === "ns" ? duration(end - start) : ""],
  ];
}

/** What stands in the tooltip, and in the details. */
export function described(data: Report, scene: Scene, { kind, index }: Hit): { title: HTMLElement; facts: HTMLElement } {
  if (kind === "operation") {
    const operations = data.operations!;
    const type = typeName(operations.type[index]!);
    const letter = scene.letters.get(index);
    return {
      title: html(
        "p",
        { class: "what" },
        letter ? html("span", { class: "letter" }, letter) : null,
        html("span", { class: `swatch ${type}` }),
        html("span", { class: "mono" }, asked(operations, index)),
        " ",
        html("span", { class: "mono answer" }, answered(operations, index)),
      ),
      facts: facts(["process", processName(operations, index)], ["type", type], ...times(data, operations.start[index]!, operations.end[index])),
    };
  }
  if (kind === "band") {
    const band = data.bands[index]!;
    const nodes = (band.nodes ?? []).map((node) => data.nodes[node]).join(" ");
    const isInstant = band.end === band.start;
    return {
      title: html("p", { class: "what" }, band.words),
      facts: facts(["fault", band.kind], ["nodes", nodes], ...(isInstant ? [["at", moment(data, band.start)] as const] : times(data, band.start, band.end))),
    };
  }
  if (kind === "reign") {
    const reign = data.reigns[index]!;
    return {
      title: html("p", { class: "what" }, `${data.nodes[reign.node]} was leader of term ${reign.term}`),
      facts: facts(...times(data, reign.start, reign.end)),
    };
  }
  const failure = data.verdict.failures[index]!;
  return {
    title: html("p", { class: "what" }, html("strong", {}, failure.kind), `: ${plain(failure.words) || failure.message}`),
    facts: facts(["at", failure.time === undefined ? "" : moment(data, failure.time)]),
  };
}

export class Details {
  private readonly selected = html("div", { class: "selected" });
  private readonly range = html("span", { class: "range", title: "the time that is seen" });
  readonly element = html("div", { class: "details", "aria-label": "Selected", role: "region" }, this.selected, this.range);

  constructor(
    private readonly data: Report,
    private readonly scene: Scene,
    private readonly bus: Bus,
  ) {
    this.show(null);
  }

  /** Which time is seen. */
  seen(from: number, to: number): void {
    this.range.textContent = rangeText(this.data, from, to);
  }

  show(operation: number | null): void {
    if (operation === null) {
      this.selected.replaceChildren(
        html("p", { class: "hint" }, "Select an operation: click a bar, or focus the timeline and use the arrow keys. ? lists all keys."),
      );
      return;
    }
    const { title, facts } = described(this.data, this.scene, { kind: "operation", index: operation });
    const time = this.data.operations!.start[operation]!;
    this.selected.replaceChildren(
      title,
      facts,
      this.data.trace
        ? link("what the nodes did then", "spacetime", () => this.bus.select({ kind: "time", time }, "spacetime"))
        : "",
    );
  }
}

export class Tooltip {
  readonly element = html("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });

  constructor(
    private readonly data: Report,
    private readonly scene: Scene,
  ) {}

  show(hit: Hit | null, x: number, y: number): void {
    this.element.hidden = hit === null;
    if (hit === null) return;
    const { title, facts } = described(this.data, this.scene, hit);
    this.element.replaceChildren(title, facts);
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.max(4, Math.min(x + 14, this.scene.width - offsetWidth - 6));
    const top = y + 18 + offsetHeight > this.scene.height ? y - offsetHeight - 10 : y + 18;
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(2, top))}px)`;
  }
}

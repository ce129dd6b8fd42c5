// Plots: latency, rate, terms, clocks and messages over the time of the run.

import "uplot/dist/uPlot.min.css";
import type { Report } from "../data";
import type { Bus } from "../shell/bus";
import { html } from "../shell/dom";
import { rangeText } from "../shell/text";
import type { View, ViewModule } from "../shell/view";
import { catalogue } from "./catalogue";
import { Chart } from "./chart";
import { effectsTable, latencyTable } from "./tables";
import type { Range } from "./windows";

class Plots implements View {
  private readonly charts: readonly Chart[];
  private readonly told = html("span", { class: "range", role: "status" });
  private range: Range;
  private isVisible = false;
  private isStale = true;

  constructor(
    element: HTMLElement,
    private readonly data: Report,
    private readonly bus: Bus,
  ) {
    this.range = { from: 0, to: data.end };
    this.charts = catalogue(data).map((plot) => new Chart(data, plot, (range) => this.zoom(range)));
    const operations = data.unit === "ns" && data.operations?.start.length ? data.operations : null;
    const button = (name: string, title: string, does: () => void): HTMLElement =>
      html("button", { type: "button", title, "aria-label": title, click: does }, name);
    element.append(
      html(
        "div",
        { class: "toolbar", role: "group", "aria-label": "Time shown" },
        html("span", { class: "hint" }, "Drag over a plot to zoom all of them; double-click for the whole run."),
        this.told,
        html(
          "div",
          { class: "zoom", role: "group", "aria-label": "Zoom" },
          button("−", "Zoom out", () => this.scale(2)),
          button("+", "Zoom in", () => this.scale(0.5)),
          button("Whole run", "Show the whole run", () => this.zoom({ from: 0, to: data.end })),
        ),
      ),
      html(
        "div",
        { class: "plots-grid" },
        ...this.charts.map((chart) => chart.element),
        effectsTable(data) ?? "",
      ),
    );
    if (operations) {
      const place = html("section", { class: "card plot" }, html("h2", {}, "Latency by function and type"));
      element.lastElementChild?.append(place);
      window.setTimeout(() => place.append(latencyTable(operations)), 50);
    }
    bus.on("theme", () => this.repaint());
    this.tell();
  }

  shown(): void {
    this.isVisible = true;
    if (this.isStale) this.repaint();
  }

  hidden(): void {
    this.isVisible = false;
  }

  private repaint(): void {
    this.isStale = !this.isVisible;
    if (this.isVisible) this.build(0);
  }

  /** One chart a frame, so that the page answers meanwhile. */
  private build(at: number): void {
    this.charts[at]?.build();
    if (at + 1 < this.charts.length) requestAnimationFrame(() => this.build(at + 1));
  }

  private zoom({ from, to }: Range): void {
    const { end } = this.data;
    const length = Math.min(end, Math.max(1000, to - from));
    const begin = Math.max(0, Math.min(end - length, from));
    this.range = { from: begin, to: begin + length };
    for (const chart of this.charts) chart.show(this.range);
    this.tell();
  }

  private scale(factor: number): void {
    const { from, to } = this.range;
    const half = ((to - from) / 2) * factor;
    const middle = (from + to) / 2;
    this.zoom({ from: middle - half, to: middle + half });
  }

  private tell(): void {
    const { from, to } = this.range;
    this.told.textContent = rangeText(this.data, from, to);
  }

  key(event: KeyboardEvent): boolean {
    const { from, to } = this.range;
    const step = (to - from) * 0.2;
    if (event.key === "+" || event.key === "=") this.scale(0.5);
    else if (event.key === "-") this.scale(2);
    else if (event.key === "0") this.zoom({ from: 0, to: this.data.end });
    else if (event.key === "ArrowLeft") this.zoom({ from: from - step, to: to - step });
    else if (event.key === "ArrowRight") this.zoom({ from: from + step, to: to + step });
    else return false;
    this.bus.announce(`Shown: ${this.told.textContent}`);
    return true;
  }
}

function nothing(data: Report): string | null {
  if (catalogue(data).length > 0) return null;
  return data.unit === "events"
    ? "This history has no times: there is nothing to plot over them."
    : "Nothing was measured in this run that could be plotted.";
}

export const plots: ViewModule = {
  name: "plots",
  title: "Plots",
  keys: [
    { keys: "+ -", does: "zoom all plots" },
    { keys: "← →", does: "earlier, later" },
    { keys: "0", does: "show the whole run" },
  ],
  empty: nothing,
  mount: (element, data, bus) => new Plots(element, data, bus),
};

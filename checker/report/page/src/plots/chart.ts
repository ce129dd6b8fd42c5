// A plot by uPlot, in the colours of the theme, with the faults behind it; all share the time axis.

import uPlot from "uplot";
import type { Report } from "../data";
import { html } from "../shell/dom";
import { colour } from "../shell/theme";
import { faultColour } from "../timeline/surroundings";
import type { Columns, Range } from "./windows";

export interface Line {
  readonly label: string;
  /** The name of a colour. */
  readonly colour: string;
  readonly style: "points" | "dotted" | "line" | "steps";
  readonly width?: number;
  readonly dash?: number[];
}

export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What is seen, in words. */
  readonly about: string;
  readonly lines: readonly Line[];
  readonly isLogarithmic?: boolean;
  /** What stands beside a value. */
  unit(value: number): string;
  columns(range: Range): Columns;
  /** Drawn over the lines. */
  over?(plot: uPlot): void;
  /** The least range of the values. */
  readonly least?: readonly [number, number];
  /** There is nothing between two whole numbers. */
  readonly isWhole?: boolean;
}

const HEIGHT = 210;
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
const SECOND = 1e9;

/** A moment in seconds, as fine as the step between marks asks for. */
function seconds(value: number, step: number): string {
  if (step < 1e-3) return `${(value * 1e3).toFixed(step < 1e-4 ? 2 : 1)} ms`;
  return `${Number(value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))))} s`;
}

/** A logarithmic axis with room at both ends. */
function powers(min: number | null, max: number | null): [number, number] {
  const [from, to] = uPlot.rangeLog((min ?? 1) * 0.8, (max ?? 10) * 1.25, 10, false);
  return [from ?? 1, to ?? 10];
}

function shadeFaults(plot: uPlot, data: Report): void {
  const { ctx: context, bbox } = plot;
  context.save();
  context.beginPath();
  context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  context.clip();
  for (const band of data.bands) {
    const left = plot.valToPos(band.start / SECOND, "x", true);
    const right = plot.valToPos((band.end ?? data.end) / SECOND, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    context.fillStyle = faultColour(band);
    const isInstant = right - left < 1.5;
    context.globalAlpha = isInstant ? 0.5 : 0.11;
    context.fillRect(left, bbox.top, Math.max(isInstant ? 1 : 0, right - left), bbox.height);
    context.globalAlpha = 0.8;
    context.fillRect(left, bbox.top, Math.max(2, right - left), 3);
  }
  context.globalAlpha = 1;
  context.fillStyle = colour("violation");
  for (const { time } of data.verdict.failures) {
    if (time !== undefined) context.fillRect(plot.valToPos(time / SECOND, "x", true), bbox.top, 1.5, bbox.height);
  }
  context.restore();
}

/** Thousands of points as one path of squares, which takes a fraction of what circles take. */
function squares(plot: uPlot, series: number, first: number, last: number): uPlot.Series.Paths {
  const [times, values] = [plot.data[0], plot.data[series]!];
  const size = 3 * window.devicePixelRatio;
  const fill = new Path2D();
  for (let at = first; at <= last; at++) {
    const value = values[at];
    if (value === null || value === undefined) continue;
    fill.rect(plot.valToPos(times[at]!, "x", true) - size / 2, plot.valToPos(value, "y", true) - size / 2, size, size);
  }
  return { stroke: null, fill };
}

/** One plot; made anew when the theme changes, as uPlot keeps its colours. */
export class Chart {
  readonly element: HTMLElement;
  private readonly place = html("div", { class: "plot-place" });
  private plot: uPlot | null = null;
  private range: Range;

  constructor(
    private readonly data: Report,
    private readonly what: Plot,
    private readonly zoomed: (range: Range) => void,
  ) {
    this.range = { from: 0, to: data.end };
    this.element = html(
      "section",
      { class: "card plot", id: `plot-${what.id}`, "aria-labelledby": `plot-${what.id}-title` },
      html("h2", { id: `plot-${what.id}-title` }, what.title),
      html("p", { class: "aside" }, what.about),
      this.place,
    );
    this.place.setAttribute("role", "img");
    this.place.setAttribute("aria-label", `${what.title}. ${what.about}`);
    new ResizeObserver(() => this.fit()).observe(this.place);
  }

  build(): void {
    this.plot?.destroy();
    this.plot = null;
    const width = this.place.clientWidth;
    if (width === 0) return;
    this.plot = new uPlot(this.options(width), this.what.columns(this.range) as uPlot.AlignedData, this.place);
  }

  private fit(): void {
    const width = this.place.clientWidth;
    if (width === 0) return;
    if (!this.plot) this.build();
    else if (this.plot.width !== width) this.plot.setSize({ width, height: HEIGHT });
  }

  show(range: Range): void {
    if (range.from === this.range.from && range.to === this.range.to) return;
    this.range = range;
    if (!this.plot) return;
    const { plot } = this;
    plot.batch(() => {
      plot.setData(this.what.columns(range) as uPlot.AlignedData, false);
      plot.setScale("x", { min: range.from / SECOND, max: range.to / SECOND });
    });
  }

  private options(width: number): uPlot.Options {
    const { what } = this;
    const grid = { stroke: colour("line"), width: 1 };
    return {
      width,
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      // The range is ours alone: what is dragged over is asked for, and comes back through show.
      scales: {
        x: { time: false, auto: false, range: () => [this.range.from / SECOND, this.range.to / SECOND] },
        y: what.isLogarithmic ? { distr: 3, log: 10, range: (_, min, max) => powers(min, max) } : { range: (_, min, max) => this.values(min, max) },
      },
      series: [
        { label: "time", value: (_, value) => (value === null ? "–" : `${value.toFixed(3)} s`) },
        ...what.lines.map((line) => this.series(line)),
      ],
      axes: [
        {
          stroke: colour("ink-3"),
          font: FONT,
          grid,
          ticks: grid,
          space: 70,
          size: 30,
          values: (_, splits, __, ___, step) => splits.map((value) => seconds(value, step)),
        },
        {
          stroke: colour("ink-3"),
          font: FONT,
          grid,
          ticks: grid,
          size: 62,
          ...(what.isWhole ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000] } : {}),
          values: (_, splits) => splits.map((value) => (value === null ? "" : what.unit(value))),
        },
      ],
      cursor: { drag: { x: true, y: false, setScale: false }, sync: { key: "splitbrain" }, points: { size: 7 }, bind: { dblclick: () => () => this.all() } },
      legend: { live: true },
      hooks: {
        drawClear: [(plot) => shadeFaults(plot, this.data)],
        draw: what.over ? [(plot) => what.over?.(plot)] : [],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
  }

  private all(): null {
    this.zoomed({ from: 0, to: this.data.end });
    return null;
  }

  /** All values, and something around them; never nothing. */
  private values(min: number | null, max: number | null): [number, number] {
    const [low, high] = this.what.least ?? [0, 1];
    const from = Math.min(low, min ?? low);
    const to = Math.max(high, max ?? high);
    const margin = (to - from) * 0.06;
    return [from < 0 ? from - margin : from, to + margin];
  }

  private series({ label, colour: name, style, width, dash }: Line): uPlot.Series {
    const stroke = colour(name);
    const value: uPlot.Series.Value = (_, raw) => (raw === null || raw === undefined ? "–" : this.what.unit(raw));
    if (style === "points") return { label, stroke, value, fill: `${stroke}c0`, width: 0, paths: squares, points: { show: false } };
    const steps = style === "steps" ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    return {
      label,
      stroke,
      value,
      width: width ?? 1.5,
      points: { show: style === "dotted", size: 4, stroke, fill: stroke },
      ...(dash ? { dash } : {}),
      ...(steps ? { paths: steps } : {}),
    };
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const from = plot.posToVal(left, "x") * SECOND;
    const to = plot.posToVal(left + width, "x") * SECOND;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomed({ from, to });
  }
}

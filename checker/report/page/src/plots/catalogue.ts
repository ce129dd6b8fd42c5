// Which plots there are of a run.

import type uPlot from "uplot";
import type { Report } from "../data";
import { duration } from "../shell/text";
import { colour } from "../shell/theme";
import type { Plot } from "./chart";
import { skews, terms } from "./nodes";
import { fates, latencies, quantiles, rates } from "./windows";

/** Windows of rates and quantiles in the time that is seen: fewer if there is little to count. */
function windowsFor(things: number): number {
  return Math.max(20, Math.min(80, Math.round(things / 10)));
}

/** A duration in ms, in the unit that suits it. */
function milliseconds(value: number): string {
  return value === 0 ? "0 ms" : duration(value * 1e6);
}

function number(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function seriesColour(node: number): string {
  return `series-${node % 7}`;
}

export function catalogue(data: Report): Plot[] {
  return [...ofOperations(data), ...ofTerms(data), ...ofClocks(data), ...ofDisks(data), ...ofMessages(data)];
}

function ofOperations({ operations, unit }: Report): Plot[] {
  if (!operations?.start.length || unit === "events") return [];
  const types = ["ok", "info", "fail"] as const;
  const windows = windowsFor(operations.start.length);
  return [
    {
      id: "latency",
      title: "Latency",
      about: "Each point is an operation: when it began, and how long it took.",
      lines: types.map((type) => ({ label: type, colour: type, style: "points" })),
      isLogarithmic: true,
      unit: milliseconds,
      columns: (range) => latencies(operations, range),
    },
    {
      id: "quantiles",
      title: "Latency quantiles",
      about: "Of the operations that were answered ok, by when they began.",
      lines: [
        { label: "median", colour: "series-0", style: "dotted", width: 2 },
        { label: "95 %", colour: "series-2", style: "dotted" },
        { label: "99 %", colour: "series-1", style: "dotted" },
        { label: "longest", colour: "ink-3", style: "line", width: 1, dash: [4, 3] },
      ],
      isLogarithmic: true,
      unit: milliseconds,
      columns: (range) => quantiles(operations, range, windows),
    },
    {
      id: "rate",
      title: "Rate",
      about: "Answers a second, by type.",
      lines: types.map((type) => ({ label: type, colour: type, style: "steps" })),
      unit: (value) => `${number(value)}/s`,
      columns: (range) => rates(operations, range, windows),
    },
  ];
}

function ofTerms(data: Report): Plot[] {
  const found = terms(data);
  if (!found) return [];
  const { columns, nodes, elections } = found;
  return [
    {
      id: "terms",
      title: "Terms and elections",
      about: `The term of each node. ○: a candidate stands, ●: one is elected (${elections.filter(({ isWon }) => isWon).length} times).`,
      lines: nodes.map((node) => ({ label: data.nodes[node]!, colour: seriesColour(node), style: "steps" })),
      unit: number,
      least: [0, 2],
      isWhole: true,
      columns: () => columns,
      over: (plot) => drawElections(plot, elections),
    },
  ];
}

function drawElections(plot: uPlot, elections: readonly { time: number; term: number; isWon: boolean }[]): void {
  const { ctx: context, bbox } = plot;
  const size = 3.5 * window.devicePixelRatio;
  context.save();
  context.beginPath();
  context.rect(bbox.left, bbox.top - size, bbox.width, bbox.height + 2 * size);
  context.clip();
  context.strokeStyle = colour("ink");
  context.fillStyle = colour("ink");
  context.lineWidth = window.devicePixelRatio;
  const drawn = new Set<string>();
  for (const { time, term, isWon } of elections) {
    const x = Math.round(plot.valToPos(time / 1e9, "x", true));
    const y = Math.round(plot.valToPos(term, "y", true));
    const place = `${x >> 1} ${y >> 1} ${isWon}`;
    if (x < bbox.left || x > bbox.left + bbox.width || drawn.has(place)) continue;
    drawn.add(place);
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    if (isWon) context.fill();
    else context.stroke();
  }
  context.restore();
}

function ofClocks(data: Report): Plot[] {
  const moved = data.skews.filter(({ offset }) => offset.some((each) => each !== 0));
  if (moved.length === 0) return [];
  const columns = skews(moved, data.end);
  return [
    {
      id: "clocks",
      title: "Clock skew",
      about: "How far the clock of each node is from the true time.",
      lines: moved.map(({ node }) => ({ label: data.nodes[node]!, colour: seriesColour(node), style: "line" })),
      unit: milliseconds,
      least: [0, 0.001],
      columns: () => columns,
    },
  ];
}

function ofDisks({ losses }: Report): Plot[] {
  if (!losses?.time.length) return [];
  const total = losses.lost.reduce((sum, each) => sum + each, 0);
  return [
    {
      id: "bytes",
      title: "Bytes lost",
      about: `${number(total)} bytes were written and not synced when a process or its power went. Each point counts what a step of the schedule lost.`,
      lines: [{ label: "bytes lost", colour: "fault-disk", style: "points" }],
      unit: number,
      least: [0, 10],
      isWhole: true,
      columns: () => [losses.time.map((time) => time / 1e9), losses.lost],
    },
  ];
}

const LOST: readonly (readonly [string, string, string])[] = [
  ["cut", "cut off", "fault-partition"],
  ["lost", "lost", "fault-network"],
  ["down", "receiver down", "fault-crash"],
  ["duplicate", "duplicated", "series-5"],
  ["delayed", "delayed", "fault-pause"],
];

function ofMessages({ messages }: Report): Plot[] {
  if (!messages) return [];
  const wanted = LOST.filter(([fate]) => {
    const place = messages.fates.findIndex((each) => each === fate);
    return place >= 0 && messages.fate.includes(place);
  });
  const names = wanted.map(([fate]) => fate);
  const dropped = messages.fate.filter((fate) => ["cut", "lost", "down"].includes(messages.fates[fate]!)).length;
  if (wanted.length === 0) return [];
  return [
    {
      id: "messages",
      title: "Messages dropped",
      about: `${number(dropped)} of ${number(messages.sent.length)} messages never arrived. Each step counts those sent in its time.`,
      lines: wanted.map(([, label, name]) => ({ label, colour: name, style: "steps" })),
      unit: number,
      isWhole: true,
      columns: (range) => fates(messages, names, range, windowsFor(messages.sent.length)),
    },
  ];
}

// What stands around the bars: the time axis, faults, leaders, lane names, failures.

import type { Band } from "../data";
import { faultColourName } from "../shell/faults";
import { colour, termColour } from "../shell/theme";
import { shortened } from "../shell/text";
import { AXIS, type Scene } from "./scene";
import { timeTicks } from "./ticks";

type Context = CanvasRenderingContext2D;

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const SMALL = FONT.replace("12px", "11px");

/** The colour of a fault's family. */
export function faultColour(band: Band): string {
  return colour(faultColourName(band));
}

/** Faint, behind the lanes: stripes of the lanes, marks of the axis, faults from top to bottom. */
export function drawBackground(context: Context, scene: Scene): void {
  const { gutter, width, height } = scene;
  context.globalAlpha = 1;
  context.fillStyle = colour("surface");
  context.fillRect(0, 0, width, height);
  context.fillStyle = colour("stripe");
  for (let lane = 0; lane < scene.lanes.length; lane += 2) {
    const top = scene.laneTop(lane);
    if (top + scene.laneHeight >= scene.lanesTop && top <= scene.lanesBottom) context.fillRect(gutter, top, width - gutter, scene.laneHeight);
  }
  for (const band of scene.data.bands) {
    const left = Math.max(gutter, scene.view(band.start));
    const right = Math.min(width, scene.view(band.end ?? scene.end));
    if (right < gutter || left > width) continue;
    context.fillStyle = faultColour(band);
    context.globalAlpha = right - left < 1.5 ? 0.45 : 0.07;
    context.fillRect(left, scene.lanesTop, Math.max(1, right - left), scene.lanesBottom - scene.lanesTop);
  }
  context.globalAlpha = 1;
  const ticks = timeTicks(scene.view, Math.max(2, scene.plotWidth / 110), scene.data.unit);
  context.fillStyle = colour("line");
  for (const value of ticks.values) context.fillRect(Math.round(scene.view(value)), AXIS, 1, scene.lanesBottom - AXIS);
}

/** Above the lanes, and to their left. */
export function drawFrame(context: Context, scene: Scene): void {
  drawFailures(context, scene);
  context.fillStyle = colour("surface");
  context.fillRect(0, 0, scene.gutter, scene.height);
  context.fillRect(0, 0, scene.width, AXIS);
  drawNames(context, scene);
  drawAxis(context, scene);
  drawFlags(context, scene);
  context.fillStyle = colour("line");
  context.fillRect(scene.gutter, AXIS, 1, scene.lanesBottom - AXIS);
  context.fillRect(0, AXIS, scene.width, 1);
  if (scene.overflow > 0) {
    const room = scene.lanesBottom - scene.lanesTop;
    const part = room / (room + scene.overflow);
    context.fillStyle = colour("line-2");
    context.beginPath();
    context.roundRect(scene.width - 6, scene.lanesTop + scene.scroll * part, 4, Math.max(16, room * part), 2);
    context.fill();
  }
}

function drawAxis(context: Context, scene: Scene): void {
  context.font = SMALL;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillStyle = colour("ink-3");
  const ticks = timeTicks(scene.view, Math.max(2, scene.plotWidth / 110), scene.data.unit);
  for (const value of ticks.values) {
    const x = scene.view(value);
    const text = ticks.label(value);
    const half = context.measureText(text).width / 2;
    if (x - half > scene.gutter - 20 && x + half < scene.width) context.fillText(text, x, AXIS / 2);
  }
  context.textAlign = "left";
}

/** A label in a box: from where the box is seen, if there is room. */
function label(context: Context, scene: Scene, texts: readonly string[], left: number, right: number, middle: number): void {
  const from = Math.max(left, scene.gutter) + 6;
  const room = Math.min(right, scene.width) - from - 4;
  for (const text of texts) {
    if (context.measureText(text).width <= room) {
      context.fillText(text, from, middle);
      return;
    }
  }
  const characters = Math.floor(room / 6.4);
  if (characters >= 3) context.fillText(shortened(texts[0]!, characters), from, middle);
}

/** Faults and leaders, each a box in its row. */
export function drawRows(context: Context, scene: Scene): void {
  context.font = SMALL;
  context.textBaseline = "middle";
  scene.data.bands.forEach((band, at) => {
    const left = scene.view(band.start);
    const right = scene.view(band.end ?? scene.end);
    if (right < scene.gutter - 8 || left > scene.width) return;
    const top = scene.bandTop(at);
    context.fillStyle = faultColour(band);
    if (right - left < 2) {
      // It happened in an instant.
      const middle = top + scene.bandHeight / 2;
      context.beginPath();
      context.moveTo(left, middle - 6);
      context.lineTo(left + 5, middle);
      context.lineTo(left, middle + 6);
      context.lineTo(left - 5, middle);
      context.fill();
      return;
    }
    const seen = Math.max(left, scene.gutter - 4);
    context.globalAlpha = 0.22;
    context.beginPath();
    context.roundRect(seen, top, Math.min(right, scene.width + 4) - seen, scene.bandHeight, 3);
    context.fill();
    context.globalAlpha = 1;
    if (left >= scene.gutter - 4) context.fillRect(left, top, 3, scene.bandHeight);
    context.fillStyle = colour("ink");
    label(context, scene, [band.words, band.kind], left, right, top + scene.bandHeight / 2 + 0.5);
  });
  scene.data.reigns.forEach((reign, at) => {
    const left = scene.view(reign.start);
    const right = scene.view(reign.end ?? scene.end);
    if (right < scene.gutter || left > scene.width) return;
    const top = scene.reignTop(at);
    const seen = Math.max(left, scene.gutter - 4);
    context.fillStyle = termColour(reign.term);
    context.beginPath();
    context.roundRect(seen, top, Math.max(2, Math.min(right, scene.width + 4) - seen - 1), scene.reignHeight, 3);
    context.fill();
    context.fillStyle = colour("term-ink");
    const node = scene.data.nodes[reign.node] ?? "?";
    label(context, scene, [`${node} leads term ${reign.term}`, `${node} · ${reign.term}`, node], left, right, top + scene.reignHeight / 2 + 0.5);
  });
}

function drawNames(context: Context, scene: Scene): void {
  context.textBaseline = "middle";
  context.textAlign = "right";
  const right = scene.gutter - 10;
  const isNarrow = scene.gutter < 90;
  context.save();
  context.beginPath();
  context.rect(0, scene.lanesTop, scene.gutter, scene.lanesBottom - scene.lanesTop);
  context.clip();
  scene.lanes.forEach((lane, at) => {
    const middle = scene.laneTop(at) + scene.laneHeight / 2;
    if (middle < scene.lanesTop - 20 || middle > scene.lanesBottom + 20) return;
    const more = lane.processes.length > 1 ? ` +${lane.processes.length - 1}` : "";
    context.font = SMALL;
    context.fillStyle = colour("ink-3");
    context.fillText(more, right, middle);
    const room = right - context.measureText(more).width;
    context.font = FONT;
    context.fillStyle = colour("ink-2");
    context.fillText(isNarrow ? shortened(lane.name, 8) : `process ${shortened(lane.name, 8)}`, room, middle);
  });
  context.restore();
  context.font = SMALL;
  context.fillStyle = colour("ink-3");
  if (scene.bands.rows > 0) context.fillText("faults", right, scene.faultsTop + scene.bandHeight / 2);
  if (scene.reigns.rows > 0) context.fillText("leaders", right, scene.leadersTop + scene.reignHeight / 2);
  context.textAlign = "left";
}

/** A line from top to bottom where something was found to be wrong. */
function drawFailures(context: Context, scene: Scene): void {
  context.fillStyle = colour("violation");
  for (const { time } of scene.data.verdict.failures) {
    if (time === undefined) continue;
    const x = Math.round(scene.view(time));
    if (x >= scene.gutter && x <= scene.width) context.fillRect(x, AXIS, 1.5, scene.lanesBottom - AXIS);
  }
}

function drawFlags(context: Context, scene: Scene): void {
  context.font = SMALL;
  context.textBaseline = "middle";
  for (const { time, kind } of scene.data.verdict.failures) {
    if (time === undefined) continue;
    const x = scene.view(time);
    if (x < scene.gutter || x > scene.width) continue;
    const width = context.measureText(kind).width + 10;
    const left = Math.min(x, scene.width - width - 2);
    context.fillStyle = colour("violation");
    context.beginPath();
    context.roundRect(left, 4, width, AXIS - 8, 3);
    context.fill();
    context.fillStyle = colour("surface");
    context.fillText(kind, left + 5, AXIS / 2);
  }
}

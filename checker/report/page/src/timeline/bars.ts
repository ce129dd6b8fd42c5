// The bars of operations, lane by lane. However many there are, what is drawn is bounded by the
// pixels: bars of less than a pixel share it.

import type { Operations } from "../data";
import { colour } from "../shell/theme";
import { operationText, shortened, typeName } from "../shell/text";
import { lastBegun } from "./lanes";
import type { Scene } from "./scene";

type Context = CanvasRenderingContext2D;

/** How much of an operation shows that was not searched for. */
const FADED = 0.22;
const TEXT_AT_LEAST = 26;
/** The width of a character of the labels, which are monospaced. */
let characterWidth = 0;
const FONT = '11px ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Of several in one pixel, the one that is drawn is the last of these. */
const RANKS = ["ok", "fail", "info", "violation"] as const;
/** By type. */
const RANK = [0, 2, 1];
const ACCUSED = 3;

/** The pixels of a lane that hold bars of less than two: of each rank, those that are searched for
 * and those that are not. Drawn colour by colour, for to change colours takes longer than to draw. */
class Pixels {
  private readonly faded: number[][] = RANKS.map(() => []);
  private readonly full: number[][] = RANKS.map(() => []);
  private pixel = -1;
  private rank = 0;
  private isFull = false;

  add(pixel: number, rank: number, isFull: boolean): void {
    if (pixel !== this.pixel) {
      this.flush();
      this.pixel = pixel;
      this.rank = rank;
      this.isFull = isFull;
    } else if (isFull !== this.isFull) {
      if (isFull) this.rank = rank;
      this.isFull = true;
    } else if (rank > this.rank) {
      this.rank = rank;
    }
  }

  private flush(): void {
    if (this.pixel >= 0) (this.isFull ? this.full : this.faded)[this.rank]!.push(this.pixel);
    this.pixel = -1;
  }

  draw(context: Context, top: number, height: number): void {
    this.flush();
    for (const [columns, alpha] of [
      [this.faded, FADED],
      [this.full, 1],
    ] as const) {
      context.globalAlpha = alpha;
      RANKS.forEach((name, rank) => {
        if (columns[rank]!.length === 0) return;
        context.fillStyle = colour(name);
        for (let at = 0; at < columns[rank]!.length; at++) {
          // Neighbours of one colour are one rectangle.
          const first = columns[rank]![at]!;
          let last = first;
          while (columns[rank]![at + 1] === last + 1) last = columns[rank]![++at]!;
          context.fillRect(first, top, last - first + 1, height);
        }
      });
    }
  }
}

export function drawBars(context: Context, scene: Scene): void {
  const { operations } = scene.data;
  if (!operations) return;
  context.font = FONT;
  context.textBaseline = "middle";
  if (characterWidth === 0) characterWidth = context.measureText("0000000000").width / 10;
  const first = Math.max(0, Math.floor(scene.scroll / scene.laneHeight));
  const last = Math.min(scene.lanes.length - 1, Math.floor((scene.scroll + scene.lanesBottom - scene.lanesTop) / scene.laneHeight));
  for (let lane = first; lane <= last; lane++) drawLane(context, scene, operations, lane);
  context.globalAlpha = 1;
}

function alphaOf(scene: Scene, operation: number): number {
  if (scene.focus && !scene.focus.has(operation)) return FADED;
  return scene.found && !scene.found[operation] ? FADED : 1;
}

function drawLane(context: Context, scene: Scene, operations: Operations, at: number): void {
  const lane = scene.lanes[at]!;
  const { start, type } = operations;
  const [from, to] = scene.view.domain() as [number, number];
  // One step back: it may last into what is seen.
  const begin = Math.max(0, lastBegun(lane, start, from));
  const height = scene.laneHeight - 5;
  const top = scene.laneTop(at) + 2;
  drawOpenEnds(context, scene, operations, at, top, height);

  const scale = scene.plotWidth / (to - from);
  const pixels = new Pixels();
  for (let place = begin; place < lane.operations.length; place++) {
    const operation = lane.operations[place]!;
    const begun = start[operation]!;
    if (begun > to) break;
    const left = scene.gutter + (begun - from) * scale;
    const right = scene.gutter + (scene.solidEnd(operation) - from) * scale;
    if (right < scene.gutter) continue;
    if (right - left >= 2) {
      drawBar(context, scene, operations, operation, left, right, top, height);
    } else {
      const rank = scene.accused.has(operation) ? ACCUSED : RANK[type[operation]!]!;
      pixels.add(Math.floor(left), rank, alphaOf(scene, operation) === 1);
    }
  }
  pixels.draw(context, top, height);
}

function drawBar(
  context: Context,
  scene: Scene,
  operations: Operations,
  operation: number,
  begun: number,
  ended: number,
  top: number,
  height: number,
): void {
  const left = Math.max(begun, scene.gutter - 6);
  const right = Math.min(ended, scene.width + 6);
  const width = Math.max(1.5, right - left - 1);
  const kind = typeName(operations.type[operation]!);
  const isAccused = scene.accused.has(operation);
  context.globalAlpha = alphaOf(scene, operation);
  context.fillStyle = colour(`${kind}-soft`);
  if (width < 6) {
    context.fillStyle = isAccused ? colour("violation") : colour(kind);
    context.fillRect(left, top, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(left, top, width, height, 3);
  context.fill();
  if (operations.end[operation]! < 0) hatch(context, left, left + width, top, height);
  context.strokeStyle = isAccused ? colour("violation") : colour(kind);
  context.lineWidth = isAccused ? 1.5 : 1;
  if (kind === "fail") context.setLineDash([3, 2]);
  context.stroke();
  context.setLineDash([]);
  // The beginning is where it was asked: marked, so that a bar cut off on the left is seen to be.
  context.fillStyle = isAccused ? colour("violation") : colour(kind);
  if (begun >= scene.gutter - 6) context.fillRect(left, top, 3, height);
  if (width >= TEXT_AT_LEAST) {
    const textLeft = Math.max(left, scene.gutter) + 7;
    const room = Math.floor((right - textLeft - 5) / characterWidth);
    if (room < 2) return;
    const letter = scene.letters.get(operation);
    const text = operationText(operations, operation);
    context.fillStyle = colour(`${kind}-ink`);
    context.fillText(shortened(letter ? `${letter}  ${text}` : text, room), textLeft, top + height / 2 + 0.5);
  }
}

/** The rest of operations that nobody knows the end of: it runs to the end of the run. Where others
 * follow in the lane it is a line below them. */
function drawOpenEnds(
  context: Context,
  scene: Scene,
  operations: Operations,
  at: number,
  top: number,
  height: number,
): void {
  const lane = scene.lanes[at]!;
  const [, to] = scene.view.domain() as [number, number];
  const right = Math.min(scene.width, scene.view(scene.end));
  let earliest = Infinity;
  let alpha = FADED;
  for (const operation of lane.open) {
    if (operations.start[operation]! > to) break;
    if (operation === lane.operations[lane.operations.length - 1]) {
      const left = Math.max(scene.gutter, scene.view(scene.solidEnd(operation)));
      context.globalAlpha = alphaOf(scene, operation);
      hatch(context, left, right, top, height);
    } else {
      earliest = Math.min(earliest, scene.solidEnd(operation));
      alpha = Math.max(alpha, alphaOf(scene, operation));
    }
  }
  if (earliest === Infinity) return;
  context.globalAlpha = alpha * 0.8;
  context.fillStyle = colour("info");
  const left = Math.max(scene.gutter, scene.view(earliest));
  if (left < right) context.fillRect(left, top + height + 1, right - left, 1.5);
}

/** Slanted lines: a bar whose end is not known. */
function hatch(context: Context, left: number, right: number, top: number, height: number): void {
  if (left >= right) return;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, height);
  context.clip();
  context.fillStyle = colour("info-soft");
  context.fillRect(left, top, right - left, height);
  context.strokeStyle = colour("info");
  context.globalAlpha *= 0.6;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height - ((left - height) % 7); x < right; x += 7) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

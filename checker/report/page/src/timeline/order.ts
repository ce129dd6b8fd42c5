// An order of the operations, drawn through their bars: a mark where each takes effect, and a line
// from one to the next.

import type { Attempt, Linearization, Operations } from "../data";
import { colour } from "../shell/theme";
import type { Order, Scene } from "./scene";

/** More marks than these, or a line between more, would be a blot. */
const MARKS = 600;
const JOINED = 150;
/** A bar of so few pixels is a mark itself. */
const NARROW = 8;

export function linearizationOrder({ order, time }: Linearization): Order {
  return { operations: order, times: time, stuck: [] };
}

/** Each step of an attempt at the earliest moment that its bar and the order allow. */
export function attemptOrder(operations: Operations, attempt: Attempt): Order {
  let now = 0;
  const times = attempt.steps.map(({ operation }) => (now = Math.max(now, operations.start[operation]!)));
  return {
    operations: attempt.steps.map(({ operation }) => operation),
    times: spread(times, attempt.steps.map(({ operation }) => operations.end[operation]!)),
    stuck: attempt.stuck.map(({ operation }) => operation),
  };
}

/** Moments that are the same are moved apart, as far as the bars allow, so that the order is seen. */
function spread(times: readonly number[], ends: readonly number[]): number[] {
  const result = [...times];
  for (let at = 0; at < result.length; at++) {
    let limit = Infinity;
    for (let later = at; later < result.length; later++) {
      if (ends[later]! >= 0) limit = Math.min(limit, ends[later]!);
    }
    const next = at + 1 < result.length ? times[at + 1]! : limit;
    const before = at === 0 ? times[at]! : Math.max(times[at]!, result[at - 1]!);
    const until = Math.min(limit, next);
    result[at] = until > before && until < Infinity ? before + (until - before) * 0.25 : before;
  }
  return result;
}

export function drawOrder(context: CanvasRenderingContext2D, scene: Scene): void {
  const { order, view } = scene;
  if (!order) return;
  const [from, to] = view.domain() as [number, number];
  const points: { x: number; y: number; place: number; isNarrow: boolean }[] = [];
  for (let place = 0; place < order.operations.length; place++) {
    const time = order.times[place]!;
    if (time > to) break;
    if (time < from) continue;
    const lane = scene.laneOf[order.operations[place]!]!;
    if (lane < 0) continue;
    const operation = order.operations[place]!;
    const isNarrow = view(scene.solidEnd(operation)) - view(scene.data.operations!.start[operation]!) < NARROW;
    points.push({ x: view(time), y: scene.laneTop(lane) + scene.laneHeight / 2 - 0.5, place, isNarrow });
    if (points.length > MARKS) return;
  }
  context.save();
  context.beginPath();
  context.rect(scene.gutter, scene.lanesTop, scene.width - scene.gutter, scene.lanesBottom - scene.lanesTop);
  context.clip();
  // The few of an attempt are numbered.
  const isNumbered = points.length <= 60 && order.stuck.length > 0;
  const height = scene.laneHeight - 5;
  const edge = isNumbered ? height / 2 : 0;
  if (points.length <= JOINED) {
    context.strokeStyle = colour("order");
    context.lineJoin = "round";
    context.lineWidth = 1.25;
    context.globalAlpha = order.stuck.length > 0 ? 0.75 : 0.4;
    context.beginPath();
    points.forEach(({ x, y }, at) => {
      if (at === 0) context.moveTo(x, y + edge);
      else context.lineTo(x, y + edge);
    });
    context.stroke();
    context.globalAlpha = 1;
  }
  context.font = "600 10px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { x, y, place, isNarrow } of points) {
    context.fillStyle = colour("order");
    if (!isNumbered) {
      if (isNarrow) continue;
      context.fillRect(x - 0.75, y - height / 2, 1.5, height);
      continue;
    }
    // At the lower edge of the bar, below its text.
    context.beginPath();
    context.arc(x, y + height / 2, 7, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = colour("surface");
    context.fillText(String(place + 1), x, y + height / 2 + 0.5);
  }
  for (const operation of order.stuck) {
    const lane = scene.laneOf[operation]!;
    if (lane < 0) continue;
    const x = Math.max(scene.gutter, view(scene.data.operations!.start[operation]!)) + 12;
    const y = scene.laneTop(lane) + scene.laneHeight / 2 + height / 2 - 0.5;
    context.fillStyle = colour("violation");
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = colour("surface");
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x + 3, y - 3);
    context.lineTo(x - 3, y + 3);
    context.stroke();
  }
  context.textAlign = "left";
  context.restore();
}

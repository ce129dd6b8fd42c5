// Which operation the arrow keys go to.

import { lastBegun } from "./lanes";
import type { Scene } from "./scene";

/** The operation before (-1) or after (1) in the same row; infinity: the first, the last. With none
 * selected, the first that is seen. */
export function inLane(scene: Scene, selected: number | null, by: number): number | null {
  const lane = selected === null ? -1 : scene.laneOf[selected]!;
  if (selected === null || lane < 0) return firstSeen(scene);
  const { operations } = scene.lanes[lane]!;
  const place = operations.indexOf(selected);
  const to = Math.max(0, Math.min(operations.length - 1, by === Infinity || by === -Infinity ? by : place + by));
  return operations[to] ?? null;
}

/** The operation nearest in time in the row above (-1) or below (1). */
export function beside(scene: Scene, selected: number | null, by: number): number | null {
  const from = selected === null ? -1 : scene.laneOf[selected]!;
  if (selected === null || from < 0) return firstSeen(scene);
  const lane = scene.lanes[from + by];
  if (!lane) return selected;
  const { start } = scene.data.operations!;
  const middle = (start[selected]! + scene.solidEnd(selected)) / 2;
  const begun = lastBegun(lane, start, middle);
  const before = lane.operations[begun];
  const after = lane.operations[begun + 1];
  if (before === undefined || after === undefined) return before ?? after ?? selected;
  return middle - scene.solidEnd(before) <= start[after]! - middle ? before : after;
}

function firstSeen(scene: Scene): number | null {
  const lane = scene.lanes[Math.floor(scene.scroll / scene.laneHeight)];
  if (!lane) return null;
  const [from] = scene.view.domain() as [number, number];
  const begun = lastBegun(lane, scene.data.operations!.start, from);
  const before = lane.operations[begun];
  if (before !== undefined && scene.solidEnd(before) >= from) return before;
  return lane.operations[begun + 1] ?? before ?? null;
}

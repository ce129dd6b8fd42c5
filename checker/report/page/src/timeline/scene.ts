// What the timeline shows, and where: rows of faults, leaders and lanes from top to bottom, time from
// left to right. All in CSS pixels.

import { scaleLinear, type ScaleLinear } from "d3-scale";
import { INFO, type Report } from "../data";
import { lanesOf, lastBegun, packed, type Lane } from "./lanes";

export const AXIS = 26;
const FAULT_ROW = 18;
const LEADER_ROW = 20;
const GAP = 6;
const LANE = 36;
const LANE_AT_LEAST = 15;
export const OVERVIEW = 44;

/** An order drawn through the bars: of a linearization, or of an attempt at one. */
export interface Order {
  readonly operations: readonly number[];
  readonly times: readonly number[];
  /** Operations that fit nowhere. */
  readonly stuck: readonly number[];
}

export interface Hit {
  readonly kind: "operation" | "band" | "reign" | "failure";
  readonly index: number;
}

export class Scene {
  width = 800;
  height = 400;
  gutter = 108;
  laneHeight = LANE;
  /** Pixels that the lanes are scrolled by. */
  scroll = 0;
  lanes: Lane[] = [];
  /** By operation: its lane, or -1. */
  laneOf = new Int32Array(0);
  /** The time at the left edge and at the right edge. */
  view: ScaleLinear<number, number> = scaleLinear();
  mask: Uint8Array;
  found: Uint8Array | null = null;
  order: Order | null = null;
  /** Operations beside which all others fade. */
  focus: ReadonlySet<number> | null = null;
  readonly letters = new Map<number, string>();
  readonly accused: ReadonlySet<number>;
  readonly bands: { readonly row: number[]; readonly rows: number };
  readonly reigns: { readonly row: number[]; readonly rows: number };
  readonly end: number;

  constructor(readonly data: Report) {
    this.end = Math.max(1, data.end);
    const begin = this.end / 400;
    this.bands = packed(
      data.bands.map(({ start, end }) => ({ start, end: Math.max(end ?? this.end, start + begin * 4) })),
      begin,
      5,
    );
    this.reigns = packed(
      data.reigns.map(({ start, end }) => ({ start, end: end ?? this.end })),
      0,
      4,
    );
    const { counterexample, verdict } = data;
    this.accused = new Set([
      ...verdict.failures.flatMap(({ operations }) => operations ?? []),
      ...(counterexample?.operations ?? []),
    ]);
    counterexample?.operations.forEach((operation, at) => {
      this.letters.set(operation, counterexample.letters[at] ?? "");
    });
    this.mask = new Uint8Array(data.operations?.start.length ?? 0).fill(1);
    this.filter(this.mask);
  }

  filter(mask: Uint8Array): void {
    const { operations } = this.data;
    this.mask = mask;
    if (!operations) return;
    this.lanes = lanesOf(operations, mask);
    this.laneOf = new Int32Array(mask.length).fill(-1);
    this.lanes.forEach((lane, at) => {
      for (const operation of lane.operations) this.laneOf[operation] = at;
    });
    this.measureLanes();
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.gutter = width < 640 ? 54 : 108;
    this.measureLanes();
  }

  get plotWidth(): number {
    return Math.max(1, this.width - this.gutter - 8);
  }

  /** The whole run, over the width. */
  get whole(): ScaleLinear<number, number> {
    return scaleLinear([0, this.end], [this.gutter, this.gutter + this.plotWidth]);
  }

  get faultsTop(): number {
    return AXIS + GAP;
  }

  get leadersTop(): number {
    return this.faultsTop + (this.bands.rows > 0 ? this.bands.rows * FAULT_ROW + GAP : 0);
  }

  get lanesTop(): number {
    return this.leadersTop + (this.reigns.rows > 0 ? this.reigns.rows * LEADER_ROW + GAP : 0);
  }

  get lanesBottom(): number {
    return this.height - OVERVIEW;
  }

  /** Lanes have the height that lets all of them be seen, if they need not be too low for that. */
  private measureLanes(): void {
    const room = (this.lanesBottom - this.lanesTop) / Math.max(1, this.lanes.length);
    this.laneHeight = Math.max(LANE_AT_LEAST, Math.min(LANE, Math.floor(room)));
    this.scrollBy(0);
  }

  get overflow(): number {
    return Math.max(0, this.lanes.length * this.laneHeight - (this.lanesBottom - this.lanesTop));
  }

  scrollBy(pixels: number): void {
    this.scroll = Math.max(0, Math.min(this.overflow, this.scroll + pixels));
  }

  /** Scroll so that the lane can be seen. */
  reveal(lane: number): void {
    const top = lane * this.laneHeight;
    const room = this.lanesBottom - this.lanesTop;
    if (top < this.scroll) this.scroll = top;
    else if (top + this.laneHeight > this.scroll + room) this.scroll = top + this.laneHeight - room;
    this.scrollBy(0);
  }

  laneTop(lane: number): number {
    return this.lanesTop + lane * this.laneHeight - this.scroll;
  }

  bandTop(at: number): number {
    return this.faultsTop + this.bands.row[at]! * FAULT_ROW;
  }

  reignTop(at: number): number {
    return this.leadersTop + this.reigns.row[at]! * LEADER_ROW;
  }

  readonly bandHeight = FAULT_ROW - 3;
  readonly reignHeight = LEADER_ROW - 3;

  /** When the bar of the operation ends: an indeterminate one runs to the end. */
  barEnd(operation: number): number {
    const operations = this.data.operations!;
    const end = operations.end[operation]!;
    return operations.type[operation] === INFO || end < 0 ? this.end : end;
  }

  /** When its solid part ends. */
  solidEnd(operation: number): number {
    const end = this.data.operations!.end[operation]!;
    return end < 0 ? this.end : end;
  }

  /** What is drawn at a point. */
  hit(x: number, y: number): Hit | null {
    if (x < this.gutter) return null;
    if (y < this.lanesTop) return this.hitAbove(x, y);
    if (y >= this.lanesBottom) return null;
    const operation = this.hitLane(Math.floor((y - this.lanesTop + this.scroll) / this.laneHeight), x);
    return operation === null ? null : { kind: "operation", index: operation };
  }

  private hitLane(at: number, x: number): number | null {
    const lane = this.lanes[at];
    if (!lane) return null;
    const { start } = this.data.operations!;
    const { view } = this;
    const begun = lastBegun(lane, start, view.invert(x));
    // Bars of less than a pixel are found from beside them; the nearest counts.
    let nearest: number | null = null;
    let distance = 4;
    for (const place of [begun, begun + 1]) {
      const operation = lane.operations[place];
      if (operation === undefined) continue;
      const left = this.view(start[operation]!);
      const right = this.view(this.solidEnd(operation));
      const away = Math.max(0, left - x, x - right);
      if (away < distance) [nearest, distance] = [operation, away];
    }
    if (nearest !== null) return nearest;
    // Nothing but the rest of one that nobody knows the end of: the latest.
    return lane.open.findLast((operation) => view.invert(x) >= start[operation]!) ?? null;
  }

  private hitAbove(x: number, y: number): Hit | null {
    const within = (start: number, end: number | undefined): boolean =>
      x >= this.view(start) - 4 && x <= Math.max(this.view(end ?? this.end), this.view(start)) + 4;
    const failure = this.data.verdict.failures.findIndex(
      ({ time }) => time !== undefined && y < AXIS && Math.abs(this.view(time) - x) < 8,
    );
    if (failure >= 0) return { kind: "failure", index: failure };
    const last = <T extends { start: number; end?: number }>(
      things: readonly T[],
      top: (at: number) => number,
      height: number,
    ): number => {
      for (let at = things.length - 1; at >= 0; at--) {
        const inside = y >= top(at) && y <= top(at) + height;
        if (inside && within(things[at]!.start, things[at]!.end)) return at;
      }
      return -1;
    };
    const band = last(this.data.bands, (at) => this.bandTop(at), this.bandHeight);
    if (band >= 0) return { kind: "band", index: band };
    const reign = last(this.data.reigns, (at) => this.reignTop(at), this.reignHeight);
    return reign >= 0 ? { kind: "reign", index: reign } : null;
  }
}

// Which part of the axis is to be seen: zoom and pan, in one dimension.

import { select } from "d3-selection";
import { zoom, type ZoomBehavior, zoomIdentity, type ZoomTransform } from "d3-zoom";
import type { Axis } from "./axis";
import { lowerBound } from "./moments";

/** Pixels of one unit of the axis: not more than this, and not less at first. */
const WIDEST = 64;
const COMFORTABLE = 13;
const LARGEST_AT_FIRST = 46;

export class Viewport {
  private readonly behaviour: ZoomBehavior<SVGSVGElement, unknown>;
  private transform: ZoomTransform = zoomIdentity;
  private width = 800;

  constructor(
    private readonly element: SVGSVGElement,
    /** Where the axis begins, in pixels. */
    readonly gutter: number,
    private axis: Axis,
    private readonly changed: () => void,
  ) {
    this.behaviour = zoom<SVGSVGElement, unknown>()
      .filter((event: MouseEvent | WheelEvent) => !event.ctrlKey && event.button === 0 && !this.pans(event))
      .on("zoom", ({ transform }: { transform: ZoomTransform }) => {
        this.transform = transform;
        this.changed();
      });
    select(element).call(this.behaviour).on("dblclick.zoom", null);
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  private pans(event: MouseEvent | WheelEvent): boolean {
    return event instanceof WheelEvent && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY));
  }

  private wheel(event: WheelEvent): void {
    if (!this.pans(event)) return;
    event.preventDefault();
    this.pan(event.deltaX || event.deltaY);
  }

  /** The length of the axis, with room at its end. */
  private get length(): number {
    return this.axis.left[this.axis.left.length - 1]! + 1.5;
  }

  /** Pixels of a unit when all is to be seen. */
  private get fitting(): number {
    return Math.min((this.width - this.gutter) / this.length, LARGEST_AT_FIRST);
  }

  /** Pixels of a unit now. */
  get scale(): number {
    return this.fitting * this.transform.k;
  }

  x(position: number): number {
    return this.gutter + position * this.scale + this.transform.x;
  }

  /** The axis or the room has changed. */
  set(axis: Axis, width: number): void {
    this.axis = axis;
    this.width = Math.max(width, this.gutter + 80);
    const room = this.width - this.gutter;
    this.behaviour
      .extent([
        [0, 0],
        [room, 1],
      ])
      .translateExtent([
        [0, 0],
        [Math.max(room, this.length * this.fitting), 1],
      ])
      .scaleExtent([1, Math.max(1, WIDEST / this.fitting)]);
  }

  /** Moments that are to be seen: from (inclusive), to (exclusive). */
  get visible(): [number, number] {
    const { left } = this.axis;
    const start = -this.transform.x / this.scale;
    const end = start + (this.width - this.gutter) / this.scale;
    const size = left.length - 1;
    return [Math.max(0, lowerBound(left, start) - 1), Math.min(size, lowerBound(left, end) + 1)];
  }

  /** The moment at a pixel. */
  momentAt(x: number): number {
    const position = (x - this.gutter - this.transform.x) / this.scale;
    return Math.max(0, Math.min(this.axis.left.length - 2, lowerBound(this.axis.left, position) - 1));
  }

  private apply(transform: ZoomTransform): void {
    select(this.element).call(this.behaviour.transform, transform);
  }

  pan(pixels: number): void {
    select(this.element).call(this.behaviour.translateBy, -pixels / this.transform.k, 0);
  }

  zoomBy(factor: number, around?: number): void {
    const x = around ?? (this.width - this.gutter) / 2;
    select(this.element).call(this.behaviour.scaleBy, factor, [x, 0]);
  }

  fit(): void {
    this.apply(zoomIdentity);
  }

  /** A comfortable size: all of a short run, the surroundings of a position of a long one. */
  begin(position: number): void {
    const k = Math.max(1, COMFORTABLE / this.fitting);
    const room = this.width - this.gutter;
    const wanted = room * 0.6 - position * this.fitting * k;
    const least = Math.min(0, room - this.length * this.fitting * k);
    this.apply(zoomIdentity.translate(Math.max(least, Math.min(0, wanted)), 0).scale(k));
  }

  /** Bring a position into sight. */
  reveal(position: number): void {
    const room = this.width - this.gutter;
    const x = position * this.scale + this.transform.x;
    if (x < 24) this.pan(x - room * 0.3);
    else if (x > room - 24) this.pan(x - room * 0.7);
  }
}

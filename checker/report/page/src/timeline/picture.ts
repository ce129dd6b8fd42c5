// The canvas of the timeline: draws the scene, and turns wheel, drag and pointer into moves.

import { select, type Selection } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type D3ZoomEvent, type ZoomBehavior } from "d3-zoom";
import { html } from "../shell/dom";
import { colour } from "../shell/theme";
import { drawBars } from "./bars";
import { Tooltip } from "./details";
import { drawOrder } from "./order";
import { Overview } from "./overview";
import { AXIS, OVERVIEW, type Hit, type Scene } from "./scene";
import { drawBackground, drawFrame, drawRows } from "./surroundings";

export interface Wanted {
  select(operation: number | null): void;
  /** The time that is seen has changed. */
  moved(from: number, to: number): void;
}

export class Picture {
  private readonly canvas = html("canvas", { "aria-hidden": "true" });
  /** Above it, so that a moving pointer does not draw all anew. */
  private readonly marks = html("canvas", { "aria-hidden": "true", class: "marks" });
  private readonly tooltip: Tooltip;
  private readonly overview = new Overview();
  readonly element: HTMLElement;
  private readonly zooming: ZoomBehavior<HTMLElement, unknown>;
  private readonly gestures: Selection<HTMLElement, unknown, null, undefined>;
  private waiting = false;
  private hovered: Hit | null = null;
  private selected: number | null = null;
  private time: number | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly wanted: Wanted,
  ) {
    this.tooltip = new Tooltip(scene.data, scene);
    const operations = scene.data.operations?.start.length ?? 0;
    this.element = html(
      "div",
      {
        class: "picture",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "timeline",
        "aria-label": `Timeline of ${operations} operations in ${scene.lanes.length} rows. Arrow keys select operations.`,
      },
      this.canvas,
      this.marks,
      this.tooltip.element,
    );
    this.gestures = select(this.element);
    this.zooming = zoom<HTMLElement, unknown>()
      .filter((event: WheelEvent | MouseEvent) => this.isGesture(event))
      .on("zoom", (event: D3ZoomEvent<HTMLElement, unknown>) => this.zoomed(event));
    this.gestures.call(this.zooming).on("dblclick.zoom", null);
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.element.addEventListener("pointermove", (event) => this.hover(event));
    this.element.addEventListener("pointerleave", () => this.leave());
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("dblclick", (event) => this.doubleClick(event));
    this.element.addEventListener("pointerdown", (event) => this.grasp(event));
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  get hasFocus(): boolean {
    return document.activeElement === this.element;
  }

  measure(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    for (const canvas of [this.canvas, this.marks]) {
      if (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio)) continue;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    // What is shown stays shown.
    const [from, to] = this.scene.width === width ? [0, 0] : (this.scene.view.domain() as [number, number]);
    const isFirst = this.scene.view.range()[1] === 1;
    this.scene.resize(width, height);
    const left = this.scene.gutter;
    const right = left + this.scene.plotWidth;
    this.zooming
      .extent([
        [left, 0],
        [right, height],
      ])
      .translateExtent([
        [left, -Infinity],
        [right, Infinity],
      ])
      .scaleExtent([1, Math.max(1, (this.scene.end / this.scene.plotWidth) * (this.scene.data.unit === "ns" ? 0.5 : 80))]);
    if (isFirst) this.fit();
    else if (to > from) this.show(from, to);
    this.draw();
  }

  // -- Moves ---------------------------------------------------------------------------------------

  fit(): void {
    this.zooming.transform(this.gestures, zoomIdentity);
  }

  zoomBy(factor: number): void {
    this.zooming.scaleBy(this.gestures, factor, this.anchor());
  }

  /** Zoom about what is selected, if it is seen, else about the middle. */
  private anchor(): [number, number] {
    const { scene } = this;
    const at = this.selected === null ? NaN : scene.view(scene.data.operations!.start[this.selected]!);
    const isSeen = at >= scene.gutter && at <= scene.width;
    return [isSeen ? at : scene.gutter + scene.plotWidth / 2, 0];
  }

  /** By a part of the width; positive: to later times. */
  panBy(part: number): void {
    const { k } = zoomTransform(this.element);
    this.zooming.translateBy(this.gestures, (-part * this.scene.plotWidth) / k, 0);
  }

  scrollBy(pixels: number): void {
    this.scene.scrollBy(pixels);
    this.draw();
  }

  /** Show just this time, and something around it. */
  zoomTo(start: number, end: number): void {
    const least = this.scene.data.unit === "ns" ? 1000 : 4;
    const margin = Math.max((end - start) * 0.6, least / 2);
    this.show(start - margin, end + margin);
  }

  private show(from: number, to: number): void {
    const { scene } = this;
    const whole = scene.whole;
    const [left, right] = [whole(Math.max(0, from)), whole(Math.min(scene.end, to))];
    const k = scene.plotWidth / Math.max(1e-9, right - left);
    this.zooming.transform(this.gestures, zoomIdentity.translate(scene.gutter - k * left, 0).scale(k));
  }

  /** Move as little as possible so that this time is seen; zoom out if it is too long. */
  bringIntoView(start: number, end: number): void {
    const { scene } = this;
    const [from, to] = scene.view.domain() as [number, number];
    const length = to - from;
    if (end - start > length * 0.9) {
      if (start < from || start > to || end < from) this.show(start - length * 0.1, start + length * 0.9);
    } else if (start < from || end > to) {
      const middle = (start + end) / 2;
      this.show(middle - length / 2, middle + length / 2);
    }
    this.draw();
  }

  private zoomed(event: D3ZoomEvent<HTMLElement, unknown>): void {
    this.scene.view = event.transform.rescaleX(this.scene.whole);
    const source: unknown = event.sourceEvent;
    if (source instanceof MouseEvent && source.type === "mousemove") this.scene.scrollBy(-source.movementY);
    this.tooltip.show(null, 0, 0);
    const [from, to] = this.scene.view.domain() as [number, number];
    this.wanted.moved(from, to);
    this.draw();
  }

  /** Wheel: zoom; sideways, with shift, or beside the lanes: move. */
  private isGesture(event: WheelEvent | MouseEvent): boolean {
    if (event instanceof WheelEvent) return !this.isMove(event);
    const [, y] = this.place(event);
    return event.button === 0 && y < this.scene.lanesBottom;
  }

  private isMove(event: WheelEvent): boolean {
    const [x] = this.place(event);
    return event.shiftKey || x < this.scene.gutter || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  }

  private wheel(event: WheelEvent): void {
    if (!this.isMove(event)) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    const [x] = this.place(event);
    if (x < this.scene.gutter && !event.shiftKey) this.scrollBy(event.deltaY * unit);
    else this.panBy(((event.deltaX || event.deltaY) * unit) / this.scene.plotWidth);
  }

  /** In the strip at the bottom the window follows the pointer. */
  private grasp(event: PointerEvent): void {
    const [, y] = this.place(event);
    if (event.button !== 0 || y < this.scene.lanesBottom) return;
    const follow = (moved: PointerEvent): void => {
      const [x] = this.place(moved);
      const [from, to] = this.scene.view.domain() as [number, number];
      const length = to - from;
      const middle = Math.max(length / 2, Math.min(this.scene.end - length / 2, this.scene.whole.invert(x)));
      this.show(middle - length / 2, middle + length / 2);
    };
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener("pointermove", follow);
    this.element.addEventListener("pointerup", () => this.element.removeEventListener("pointermove", follow), { once: true });
    follow(event);
  }

  private place(event: MouseEvent): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private hover(event: PointerEvent): void {
    const [x, y] = this.place(event);
    const hit = event.buttons === 0 ? this.scene.hit(x, y) : null;
    this.hovered = hit;
    this.element.style.cursor = hit?.kind === "operation" ? "pointer" : y > this.scene.lanesBottom ? "ew-resize" : "grab";
    this.tooltip.show(hit, x, y);
    this.drawMarks();
  }

  private leave(): void {
    this.hovered = null;
    this.tooltip.show(null, 0, 0);
    this.drawMarks();
  }

  private click(event: MouseEvent): void {
    const [x, y] = this.place(event);
    if (y >= this.scene.lanesBottom) return;
    const hit = this.scene.hit(x, y);
    this.wanted.select(hit?.kind === "operation" ? hit.index : null);
  }

  private doubleClick(event: MouseEvent): void {
    const [x, y] = this.place(event);
    const hit = this.scene.hit(x, y);
    if (hit?.kind === "operation") this.zoomTo(this.scene.data.operations!.start[hit.index]!, this.scene.solidEnd(hit.index));
  }

  // -- Drawing -------------------------------------------------------------------------------------

  mark(operation: number | null, time: number | null): void {
    this.selected = operation;
    this.time = time;
    this.drawMarks();
  }

  draw(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawNow();
    });
  }

  private context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const context = canvas.getContext("2d")!;
    context.setTransform(window.devicePixelRatio, 0, 0, window.devicePixelRatio, 0, 0);
    return context;
  }

  private drawNow(): void {
    const { scene } = this;
    if (this.element.clientWidth === 0) return;
    const context = this.context(this.canvas);
    drawBackground(context, scene);
    context.save();
    context.beginPath();
    context.rect(scene.gutter, scene.lanesTop, scene.width - scene.gutter, scene.lanesBottom - scene.lanesTop);
    context.clip();
    drawBars(context, scene);
    context.restore();
    drawOrder(context, scene);
    drawRows(context, scene);
    drawFrame(context, scene);
    this.overview.draw(context, scene);
    this.drawMarks();
  }

  private drawMarks(): void {
    const { scene } = this;
    const context = this.context(this.marks);
    context.clearRect(0, 0, scene.width, scene.height);
    context.save();
    context.beginPath();
    context.rect(scene.gutter, AXIS, scene.width - scene.gutter, scene.height - AXIS - OVERVIEW);
    context.clip();
    if (this.time !== null) {
      context.fillStyle = colour("accent");
      context.fillRect(scene.view(this.time) - 1, AXIS, 2, scene.lanesBottom);
    }
    if (this.hovered?.kind === "operation" && this.hovered.index !== this.selected) this.outline(context, this.hovered.index, 1.5);
    if (this.selected !== null) this.outline(context, this.selected, 2.5);
    context.restore();
  }

  /** A frame around the operation, and its time as a band: what is in it was concurrent. */
  private outline(context: CanvasRenderingContext2D, operation: number, width: number): void {
    const { scene } = this;
    const lane = scene.laneOf[operation]!;
    if (lane < 0) return;
    const left = Math.max(-8, scene.view(scene.data.operations!.start[operation]!));
    const right = Math.min(scene.width + 8, scene.view(scene.barEnd(operation)));
    const top = scene.laneTop(lane);
    context.fillStyle = colour("accent");
    context.globalAlpha = 0.1;
    context.fillRect(left, scene.lanesTop, right - left, scene.lanesBottom - scene.lanesTop);
    context.globalAlpha = 1;
    if (top < scene.lanesTop - scene.laneHeight || top > scene.lanesBottom) return;
    context.beginPath();
    context.rect(scene.gutter, scene.lanesTop, scene.width, scene.lanesBottom - scene.lanesTop);
    context.clip();
    context.strokeStyle = colour("accent");
    context.lineWidth = width;
    context.beginPath();
    context.roundRect(left - 1, top + 1, Math.max(4, right - left + 1), scene.laneHeight - 3, 4);
    context.stroke();
  }
}

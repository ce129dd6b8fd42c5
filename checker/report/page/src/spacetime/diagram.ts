// The space-time diagram: a line for each node, time from left to right, messages as arrows.

import { html, svg } from "../shell/dom";
import type { AxisKind } from "./axis";
import { chapterAt } from "./chapters";
import { drawArrows } from "./draw_arrows";
import { drawFaults, drawPauses, LANE } from "./draw_faults";
import { drawAxis, drawChapters, drawLines, drawMarks, type Frame } from "./draw_lines";
import { ARRIVAL, SENDING } from "./moments";
import type { Scene } from "./scene";
import { Viewport } from "./viewport";

export const GUTTER = 62;
const CHAPTERS = 30;
const AXIS = 26;

export class Diagram {
  readonly element: HTMLElement;
  private readonly picture: SVGSVGElement;
  private readonly tip: HTMLElement;
  private readonly viewport: Viewport;
  private axisKind: AxisKind = "order";
  private cursor = 0;
  private width = 0;
  /** The height of a node's row. */
  private row = 60;
  private height = 0;
  private waiting = 0;
  private hasBegun = false;

  constructor(
    private readonly scene: Scene,
    private readonly seek: (cursor: number) => void,
  ) {
    this.picture = svg("svg", { class: "st-picture", "aria-hidden": "true" });
    this.tip = html("div", { class: "st-tip", hidden: true });
    const { nodes, trace } = scene.report;
    const label = `Space-time diagram of ${nodes.length} nodes and ${trace!.total} events; each step is told below it`;
    this.element = html(
      "div",
      { class: "st-diagram" },
      html("div", { class: "st-frame", role: "img", "aria-label": label }, this.picture),
      this.tip,
    );
    this.viewport = new Viewport(this.picture, GUTTER, scene.axis("order"), () => this.request());
    this.picture.addEventListener("click", (event) => this.click(event));
    this.picture.addEventListener("pointermove", (event) => this.hover(event));
    this.picture.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  // -- From outside -------------------------------------------------------------------------------

  /** The room has changed: so many pixels may be used from top to bottom. */
  resize(room: number): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.width = width;
    const rows = this.scene.report.nodes.length;
    const faults = this.scene.faults.lanes * LANE;
    this.row = Math.max(46, Math.min(112, (room - CHAPTERS - AXIS - faults) / rows));
    this.height = CHAPTERS + rows * this.row + faults + AXIS;
    this.picture.setAttribute("width", String(width));
    this.picture.setAttribute("height", String(this.height));
    this.viewport.set(this.scene.axis(this.axisKind), width);
    if (!this.hasBegun) {
      this.hasBegun = true;
      this.viewport.begin(this.positionOf(this.cursor));
    }
    this.request();
  }

  setAxis(kind: AxisKind): void {
    this.axisKind = kind;
    this.viewport.set(this.scene.axis(kind), this.width);
    this.viewport.begin(this.positionOf(this.cursor));
    this.request();
  }

  setCursor(cursor: number): void {
    this.cursor = cursor;
    if (this.hasBegun) this.viewport.reveal(this.positionOf(cursor));
    this.request();
  }

  zoomBy(factor: number): void {
    this.viewport.zoomBy(factor, this.viewport.x(this.positionOf(this.cursor)) - GUTTER);
  }

  fit(): void {
    this.viewport.fit();
  }

  // -- Drawing ------------------------------------------------------------------------------------

  private positionOf(cursor: number): number {
    return this.scene.axis(this.axisKind).left[cursor]!;
  }

  private request(): void {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  }

  private frame(): Frame {
    const { width } = this;
    const { row } = this;
    const axis = this.scene.axis(this.axisKind);
    const [from, to] = this.viewport.visible;
    return {
      scene: this.scene,
      axis,
      width,
      height: this.height,
      gutter: GUTTER,
      top: CHAPTERS,
      bottom: this.height - AXIS,
      row,
      from,
      to,
      scale: this.viewport.scale,
      cursor: this.cursor,
      beat: this.scene.beat(this.cursor),
      chapter: chapterAt(this.scene.chapters, this.cursor),
      x: (position) => this.viewport.x(position),
      y: (node) => CHAPTERS + row * (node + 0.5),
    };
  }

  private draw(): void {
    if (this.width === 0) return;
    const frame = this.frame();
    const clip = svg(
      "clipPath",
      { id: "st-clip" },
      svg("rect", { x: GUTTER, y: 0, width: Math.max(0, frame.width - GUTTER), height: this.height }),
    );
    this.picture.replaceChildren(
      svg("defs", {}, clip),
      svg(
        "g",
        { "clip-path": "url(#st-clip)" },
        drawChapters(frame),
        this.drawCursorBand(frame),
        drawPauses(frame),
        drawLines(frame),
        drawArrows(frame),
        drawMarks(frame),
        drawFaults(frame),
        drawAxis(frame),
        this.drawFuture(frame),
        this.drawViolations(frame),
        this.drawCursor(frame),
      ),
      this.drawNames(frame),
    );
  }

  private drawNames(frame: Frame): SVGElement {
    return svg(
      "g",
      { class: "st-names" },
      ...this.scene.report.nodes.map((name, node) => {
        const shown = name.length > 8 ? `${name.slice(0, 7)}…` : name;
        return svg("text", { x: 12, y: frame.y(node) + 5 }, shown, svg("title", {}, name));
      }),
      svg("text", { class: "unit", x: 12, y: frame.bottom + 17 }, this.axisKind === "time" ? "time" : "event"),
    );
  }

  private drawCursorBand(frame: Frame): SVGElement {
    const [from, to] = frame.beat;
    const left = frame.x(frame.axis.left[from]!);
    const right = frame.x(frame.axis.left[to]!);
    return svg("rect", {
      class: "st-beat",
      x: left - 2,
      y: frame.top,
      width: Math.max(3, right - left + 4),
      height: frame.bottom - frame.top,
    });
  }

  private drawFuture(frame: Frame): SVGElement {
    const x = Math.max(GUTTER, frame.x(this.positionOf(this.cursor)) + 2);
    const y = frame.top;
    return svg("rect", { class: "st-future", x, y, width: Math.max(0, frame.width - x), height: frame.bottom - y });
  }

  private drawCursor(frame: Frame): SVGElement {
    const x = frame.x(this.positionOf(this.cursor)) + 2;
    return svg(
      "g",
      { class: "st-cursor" },
      svg("line", { x1: x, x2: x, y1: frame.top - 4, y2: frame.bottom + 4 }),
      svg("path", { d: `M${x - 6} ${frame.top - 8}H${x + 6}L${x} ${frame.top}Z` }),
    );
  }

  private drawViolations(frame: Frame): SVGElement {
    const drawn = this.scene.violations
      .filter(({ cursor }) => cursor >= frame.from && cursor <= frame.to + 1)
      .slice(0, 40)
      .map(({ cursor, nodes, message }) => {
        const x = frame.x(frame.axis.left[cursor]!) + 2;
        const y = nodes[0] === undefined ? (frame.top + frame.bottom) / 2 : frame.y(nodes[0]);
        return svg(
          "g",
          { class: "st-violation", "data-seek": cursor },
          svg("title", {}, message),
          svg("line", { x1: x, x2: x, y1: frame.top, y2: frame.bottom }),
          svg("path", { d: `M${x + 12} ${y - 9}L${x + 21} ${y + 7}H${x + 3}Z` }),
          svg("text", { x: x + 12, y: y + 5 }, "!"),
        );
      });
    return svg("g", {}, ...drawn);
  }

  // -- The pointer --------------------------------------------------------------------------------

  /** The moment under the pointer: that of the mark or message there, or the nearest. */
  private momentUnder(event: MouseEvent): number {
    const marked = event.target instanceof Element ? event.target.closest("[data-moment]") : null;
    if (marked) return Number(marked.getAttribute("data-moment"));
    return this.viewport.momentAt(event.clientX - this.picture.getBoundingClientRect().left);
  }

  private click(event: MouseEvent): void {
    if (event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target.closest("[data-seek]") : null;
    if (target) {
      this.seek(Number(target.getAttribute("data-seek")));
      return;
    }
    const { beats } = this.scene.moments;
    this.seek(beats[this.scene.moments.beatBefore(this.momentUnder(event) + 1) + 1] ?? 0);
  }

  private hover(event: PointerEvent): void {
    const target = event.target instanceof Element ? event.target.closest("[data-row], [data-moment]") : null;
    const words = target && this.words(target);
    this.tip.hidden = !words;
    if (!words) return;
    this.tip.textContent = words;
    const box = this.element.getBoundingClientRect();
    const left = event.clientX - box.left;
    this.tip.style.left = `${Math.max(4, Math.min(left + 12, box.width - this.tip.offsetWidth - 8))}px`;
    this.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  private words(target: Element): string {
    const { moments, teller } = this.scene;
    const row = target.getAttribute("data-row");
    if (row !== null) return `${teller.message(Number(row))} ${teller.fate(Number(row))}`;
    const at = Number(target.getAttribute("data-moment"));
    if (moments.what[at] === ARRIVAL || moments.what[at] === SENDING) return teller.message(moments.which[at]!);
    return `${teller.node(moments.node[at]!)} ${teller.eventWords(moments.which[at]!)}`;
  }
}

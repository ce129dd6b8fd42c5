// Space-time: a run step by step, as a diagram or as the paper draws logs, and the nodes at each step.

import type { Report } from "../data";
import type { Bus, Selection } from "../shell/bus";
import { html } from "../shell/dom";
import { duration } from "../shell/text";
import type { KeyHelp, View, ViewModule } from "../shell/view";
import { Cards } from "./cards";
import { chapterAt } from "./chapters";
import { Controls, type Page } from "./controls";
import { Diagram } from "./diagram";
import { PaperFigure } from "./figure";
import { legend } from "./legend";
import { lowerBound } from "./moments";
import { Scene } from "./scene";

const KEYS: readonly KeyHelp[] = [
  { keys: "← →", does: "a step back, a step forward" },
  { keys: "Shift+← Shift+→", does: "a chapter back, a chapter forward" },
  { keys: ", .", does: "a single event back, forward" },
  { keys: "Home End", does: "the first step, the last" },
  { keys: "Space", does: "play, pause" },
  { keys: "v", does: "go to the violation, the next one" },
  { keys: "t", does: "axis: in order, by time" },
  { keys: "+ − 0", does: "zoom in, zoom out, the whole run" },
  { keys: "f", does: "the figure of all logs, the diagram" },
];

class SpaceTime implements View {
  private readonly scene: Scene;
  private readonly controls: Controls;
  private readonly diagram: Diagram;
  private readonly figure: PaperFigure;
  private readonly cards: Cards;
  private readonly told = html("p", { class: "st-told" });
  private readonly where = html("p", { class: "st-where" });
  private readonly blame = html("p", { class: "st-blame", hidden: true });
  private cursor = 0;
  private page: Page = "diagram";
  private axis: "order" | "time" = "order";
  private timer: number | undefined;
  private isTelling = false;

  constructor(
    private readonly element: HTMLElement,
    report: Report,
    private readonly bus: Bus,
  ) {
    const scene = new Scene(report);
    this.scene = scene;
    this.controls = new Controls(
      {
        step: (by) => this.step(by),
        chapter: (by) => this.chapter(by),
        first: () => this.go(0),
        last: () => this.go(scene.moments.size),
        play: () => this.play(),
        violation: () => this.violation(),
        beat: (number) => this.go(scene.moments.beats[number]!),
        axis: (kind) => this.setAxis(kind),
        zoom: (factor) => this.diagram.zoomBy(factor),
        fit: () => this.diagram.fit(),
        page: (page) => this.show(page),
      },
      scene.moments.beats.length - 1,
      scene.violations.length,
      scene.chapters.length > 1,
    );
    this.diagram = new Diagram(scene, (cursor) => this.go(cursor));
    this.figure = new PaperFigure(scene, (cursor) => this.go(cursor));
    this.cards = new Cards(scene);
    element.append(
      this.controls.element,
      html(
        "div",
        { class: "st-stage" },
        this.diagram.element,
        this.figure.element,
        html("div", { class: "st-now" }, this.where, this.told, this.blame),
        this.cards.element,
        legend(),
        report.messages === undefined &&
          html("p", { class: "st-note" }, "The messages of this run are not known: only what the nodes told is shown."),
      ),
    );
    bus.on("selection", (selection) => this.follow(selection));
    new ResizeObserver(() => this.resize()).observe(element);
    // What failed is seen first; else how it ended.
    this.cursor = scene.violations[0]?.cursor ?? scene.moments.size;
    if (bus.selection) this.follow(bus.selection);
    this.update();
  }

  // -- The shell ----------------------------------------------------------------------------------

  shown(): void {
    this.resize();
    this.cards.show(this.cursor);
  }

  hidden(): void {
    this.stop();
  }

  key(event: KeyboardEvent): boolean {
    // What a focused button does with these keys is its own.
    if (event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return false;
    const does = this.action(event);
    if (!does) return false;
    if (event.key !== " ") this.stop();
    does();
    return true;
  }

  private action(event: KeyboardEvent): (() => void) | undefined {
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? this.chapter(-1) : this.step(-1)),
      ArrowRight: () => (event.shiftKey ? this.chapter(1) : this.step(1)),
      ",": () => this.go(this.cursor - 1),
      ".": () => this.go(this.cursor + 1),
      Home: () => this.go(0),
      End: () => this.go(this.scene.moments.size),
      " ": () => this.play(),
      v: () => this.violation(),
      t: () => this.setAxis(this.axis === "order" ? "time" : "order"),
      "+": () => this.diagram.zoomBy(1.7),
      "=": () => this.diagram.zoomBy(1.7),
      "-": () => this.diagram.zoomBy(0.6),
      "0": () => this.diagram.fit(),
      f: () => this.show(this.page === "diagram" ? "figure" : "diagram"),
    };
    return actions[event.key];
  }

  private resize(): void {
    // The sentence and the nodes should be seen without scrolling.
    const below = 150 + 38 * this.scene.report.nodes.length;
    this.diagram.resize(this.element.clientHeight - this.controls.element.offsetHeight - below);
  }

  // -- Going ---------------------------------------------------------------------------------------

  /** Go to a cursor, and tell the others. */
  private go(cursor: number): void {
    this.cursor = Math.max(0, Math.min(this.scene.moments.size, cursor));
    this.update();
    const place = this.scene.place(this.cursor);
    this.isTelling = true;
    this.bus.select(place > 0 ? { kind: "event", index: place - 1 } : { kind: "time", time: 0 });
    this.isTelling = false;
    this.bus.announce(this.told.textContent ?? "");
  }

  private step(by: number): void {
    const { beats } = this.scene.moments;
    const at = lowerBound(beats, this.cursor);
    const isWithin = beats[at] !== this.cursor;
    this.go(beats[Math.max(0, Math.min(beats.length - 1, by > 0 && isWithin ? at : at + by))]!);
  }

  private chapter(by: number): void {
    const { chapters } = this.scene;
    const at = chapterAt(chapters, this.cursor);
    const { from, to } = chapters[at] ?? { from: 0, to: 0 };
    if (by > 0) this.go(this.cursor < to ? to : (chapters[at + 1]?.to ?? to));
    else this.go(from);
  }

  private violation(): void {
    const { violations } = this.scene;
    const next = violations.find(({ cursor }) => cursor > this.cursor) ?? violations[0];
    if (next) this.go(next.cursor);
  }

  private play(): void {
    if (this.timer !== undefined) {
      this.stop();
      return;
    }
    const { size } = this.scene.moments;
    const end = this.scene.violations[0]?.cursor ?? size;
    if (this.cursor >= end) this.go(0);
    this.controls.plays(true);
    const tick = (): void => {
      const isBefore = this.cursor < end;
      this.step(1);
      if (isBefore && this.cursor > end) this.go(end);
      if (this.cursor >= size || this.cursor === end) this.stop();
      else this.timer = window.setTimeout(tick, 1000 / this.controls.speed);
    };
    this.timer = window.setTimeout(tick, 1000 / this.controls.speed);
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.controls.plays(false);
  }

  /** What was selected elsewhere. */
  private follow(selection: Selection | null): void {
    if (this.isTelling) return;
    const { moments, report } = this.scene;
    this.cards.mark(selection?.kind === "node" ? selection.node : -1);
    let cursor: number | undefined;
    if (selection?.kind === "event") cursor = moments.cursorOfPlace(selection.index + 1 - report.trace!.first);
    if (selection?.kind === "time") cursor = this.scene.cursorAt(selection.time);
    if (selection?.kind === "operation") cursor = this.scene.cursorAt(report.operations?.start[selection.index] ?? 0);
    if (cursor === undefined) return;
    this.stop();
    this.cursor = cursor;
    this.update();
  }

  // -- Showing -------------------------------------------------------------------------------------

  private setAxis(kind: "order" | "time"): void {
    this.axis = kind;
    this.controls.setAxis(kind);
    this.diagram.setAxis(kind);
  }

  private show(page: Page): void {
    this.page = page;
    this.controls.setPage(page);
    this.diagram.element.hidden = page === "figure";
    this.figure.element.hidden = page === "diagram";
    if (page === "diagram") this.resize();
    else this.figure.shown();
  }

  private update(): void {
    const { scene, cursor } = this;
    const { moments } = scene;
    const [from, to] = scene.beat(cursor);
    this.element.dataset["cursor"] = String(cursor);
    this.element.dataset["place"] = String(scene.place(cursor));
    this.controls.show(lowerBound(moments.beats, cursor));
    this.told.textContent = scene.teller.beat(from, to);
    const chapter = scene.chapters[chapterAt(scene.chapters, cursor)];
    const time = cursor > 0 ? moments.time[cursor - 1]! : 0;
    this.where.replaceChildren(
      html("code", {}, chapter?.title ?? ""),
      ` · event ${scene.place(cursor)} of ${scene.report.trace!.total} · ${duration(time, 6)}`,
    );
    const violation = scene.violations.find((each) => each.cursor === cursor);
    this.blame.hidden = !violation;
    this.blame.textContent = violation ? `Violation (${violation.kind}): ${violation.message}` : "";
    this.diagram.setCursor(cursor);
    this.figure.setCursor(cursor);
    this.cards.show(cursor);
  }
}

export const spacetime: ViewModule = {
  name: "spacetime",
  title: "Space-time",
  keys: KEYS,
  empty: (report) => {
    if (report.trace && report.trace.kind.length > 0 && report.nodes.length > 0) return null;
    return "No trace was kept of what happened inside the nodes, so there is nothing to draw here.";
  },
  mount: (element, report, bus) => new SpaceTime(element, report, bus),
};

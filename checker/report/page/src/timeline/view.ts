// Timeline: the operations of the clients as bars, below the faults and the leaders of their time.

import { timesOf, type Report } from "../data";
import type { Bus, Selection } from "../shell/bus";
import { count, operationSentence } from "../shell/text";
import type { View, ViewModule } from "../shell/view";
import { Details } from "./details";
import { attemptOrder, linearizationOrder } from "./order";
import { Picture } from "./picture";
import { anything, passing, Search } from "./query";
import { Scene } from "./scene";
import { beside, inLane } from "./neighbours";
import { toolbar, type OrderChoice, type Toolbar } from "./toolbar";

class Timeline implements View {
  private readonly scene: Scene;
  private readonly picture: Picture;
  private readonly details: Details;
  private readonly tools: Toolbar;
  private readonly search: Search;
  private readonly filter = anything();
  private order: OrderChoice = "none";
  private selected: number | null = null;
  private times: Float64Array | null = null;

  constructor(
    element: HTMLElement,
    private readonly data: Report,
    private readonly bus: Bus,
  ) {
    const operations = data.operations!;
    this.scene = new Scene(data);
    this.search = new Search(operations);
    this.details = new Details(data, this.scene, bus);
    this.tools = toolbar(data, operations, this.filter, {
      search: (query) => this.find(query),
      step: (by) => this.step(by),
      filter: () => this.refilter(),
      order: (choice) => this.drawOrder(choice),
      zoom: (by) => this.picture.zoomBy(by),
      fit: () => this.picture.fit(),
    });
    this.picture = new Picture(this.scene, {
      select: (operation) => bus.select(operation === null ? null : { kind: "operation", index: operation }),
      moved: (from, to) => this.details.seen(from, to),
    });
    element.append(this.tools.element, this.picture.element, this.details.element);
    bus.on("theme", () => this.picture.draw());
    bus.on("selection", () => this.take());
    if (data.linearization && data.linearization.order.length <= 300) this.drawOrder("linearization");
  }

  shown(): void {
    this.picture.measure();
    this.take();
  }

  /** Show what is selected, by whichever view. */
  private take(): void {
    const selection = this.bus.selection;
    const operation = selection?.kind === "operation" ? selection.index : null;
    if (selection?.kind === "attempt") this.showAttempt(selection.index);
    const time = this.timeOf(selection);
    if (time !== null) this.picture.bringIntoView(time, time);
    this.selected = operation;
    this.details.show(operation);
    this.picture.mark(operation, time);
    if (operation !== null) this.reveal(operation);
    if (operation !== null && this.picture.hasFocus) this.bus.announce(operationSentence(this.data, operation));
  }

  /** The moment that is selected, or that of the event that is. */
  private timeOf(selection: Selection | null): number | null {
    if (selection?.kind === "time") return selection.time;
    const { trace } = this.data;
    if (selection?.kind !== "event" || !trace) return null;
    this.times ??= timesOf(trace);
    return this.times[selection.index - trace.first] ?? null;
  }

  private reveal(operation: number): void {
    if (this.scene.laneOf[operation]! < 0) return;
    this.scene.reveal(this.scene.laneOf[operation]!);
    this.picture.bringIntoView(this.data.operations!.start[operation]!, this.scene.solidEnd(operation));
  }

  private find(query: string): void {
    this.scene.found = this.search.find(query);
    this.tellFound();
    this.picture.draw();
  }

  private tellFound(): void {
    const { found, mask } = this.scene;
    if (!found) {
      this.tools.told("");
      return;
    }
    let number = 0;
    let place = 0;
    for (let at = 0; at < found.length; at++) {
      if (!found[at] || !mask[at]) continue;
      number++;
      if (at === this.selected) place = number;
    }
    this.tools.told(number === 0 ? "none" : place > 0 ? `${place} of ${number.toLocaleString("en")}` : number.toLocaleString("en"));
  }

  private step(by: 1 | -1): void {
    const { found, mask } = this.scene;
    const total = mask.length;
    const matches = (at: number): boolean => Boolean(mask[at] && (!found || found[at]));
    const from = this.selected ?? (by > 0 ? -1 : total);
    for (let away = 1; away <= total; away++) {
      const at = (((from + by * away) % total) + total) % total;
      if (!matches(at)) continue;
      this.bus.select({ kind: "operation", index: at });
      this.bus.announce(operationSentence(this.data, at));
      this.tellFound();
      return;
    }
    this.bus.announce("Nothing was found.");
  }

  private refilter(): void {
    const mask = passing(this.data.operations!, this.filter);
    this.scene.filter(mask);
    this.tellFound();
    const shown = mask.reduce((sum, each) => sum + each, 0);
    this.bus.announce(`${count(shown, "operation")} in ${count(this.scene.lanes.length, "row")}.`);
    this.picture.draw();
  }

  private drawOrder(choice: OrderChoice): void {
    const { linearization, counterexample, operations } = this.data;
    const attempt = typeof choice === "number" ? counterexample?.attempts[choice] : undefined;
    this.order = choice;
    this.scene.order =
      choice === "linearization" && linearization
        ? linearizationOrder(linearization)
        : attempt
          ? attemptOrder(operations!, attempt)
          : null;
    this.scene.focus = attempt ? new Set(counterexample!.operations) : null;
    this.tools.chosen(choice);
    this.picture.draw();
  }

  private showAttempt(at: number): void {
    if (this.order !== at) this.drawOrder(at);
    const { operations, counterexample } = this.data;
    const members = counterexample!.operations;
    this.picture.bringIntoView(
      Math.min(...members.map((operation) => operations!.start[operation]!)),
      Math.max(...members.map((operation) => this.scene.solidEnd(operation))),
    );
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "/") this.tools.search.focus();
    else if (event.key === "+" || event.key === "=") this.picture.zoomBy(2);
    else if (event.key === "-") this.picture.zoomBy(0.5);
    else if (event.key === "0" || event.key === "f") this.picture.fit();
    else if (event.key === "n") this.step(1);
    else if (event.key === "N" || event.key === "p") this.step(-1);
    else if (event.key === "z" && this.selected !== null) this.zoomToSelected(this.selected);
    else if (event.key === "o") this.switchOrder();
    else if (this.picture.hasFocus) return this.arrow(event);
    else return false;
    return true;
  }

  private zoomToSelected(operation: number): void {
    const start = this.data.operations!.start[operation]!;
    this.picture.zoomTo(start, this.scene.solidEnd(operation));
  }

  private switchOrder(): void {
    if (this.order !== "none") this.drawOrder("none");
    else if (this.data.linearization?.order.length) this.drawOrder("linearization");
    else if (this.data.counterexample?.attempts.length) this.drawOrder(0);
  }

  private arrow(event: KeyboardEvent): boolean {
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const across = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.shiftKey && sideways) this.picture.panBy(sideways * 0.2);
    else if (event.shiftKey && across) this.picture.scrollBy(across * this.scene.laneHeight * 3);
    else if (sideways) this.go(inLane(this.scene, this.selected, sideways));
    else if (across) this.go(beside(this.scene, this.selected, across));
    else if (event.key === "Home") this.go(inLane(this.scene, this.selected, -Infinity));
    else if (event.key === "End") this.go(inLane(this.scene, this.selected, Infinity));
    else return false;
    return true;
  }

  private go(operation: number | null): void {
    if (operation !== null) this.bus.select({ kind: "operation", index: operation });
  }
}

export const timeline: ViewModule = {
  name: "timeline",
  title: "Timeline",
  keys: [
    { keys: "← →", does: "operation before, after (timeline focused)" },
    { keys: "↑ ↓", does: "operation in the row above, below" },
    { keys: "Home End", does: "first, last operation of the row" },
    { keys: "Shift+← Shift+→", does: "move the picture" },
    { keys: "+ -", does: "zoom; also the wheel, or two fingers" },
    { keys: "0", does: "show the whole run" },
    { keys: "z", does: "zoom to the selected operation" },
    { keys: "/", does: "search; Enter: next one found" },
    { keys: "n p", does: "next, previous one found" },
    { keys: "o", does: "draw the order through the bars, or not" },
  ],
  empty: (data) => (data.operations?.start.length ? null : "No client did anything in this run: there are no operations to show."),
  mount: (element: HTMLElement, data: Report, bus: Bus): View => new Timeline(element, data, bus),
};


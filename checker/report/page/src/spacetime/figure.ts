// The run as the paper draws its Figure 8: the logs of all servers, one above the other, in a column
// for each stage.

import { html } from "../shell/dom";
import { boxes, indexHeads, logOf, type Window, windowOf } from "./boxes";
import { type Chapter, hasSteps } from "./chapters";
import type { NodeState } from "./fold";
import { type Stage, stagesOf } from "./reigns";
import type { Scene, Violation } from "./scene";
import { listed } from "./words";

/** So many indices of a log are shown, and so many columns at once. */
const INDICES = 8;
const COLUMNS = 60;

type Division = "reigns" | "steps";

/** A line of the schedule, and what it did. */
interface Line {
  readonly line: string;
  readonly words: string;
}

interface Column {
  readonly from: number;
  readonly to: number;
  readonly title: string;
  readonly lines: readonly Line[];
  readonly words: string;
}

export class PaperFigure {
  readonly element: HTMLElement;
  private readonly list = html("ol", { class: "st-columns" });
  private division: Division = "reigns";
  private cursor = 0;
  private columns: Column[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly seek: (cursor: number) => void,
  ) {
    const choices = html("div", { class: "st-choice", role: "group", "aria-label": "A column for each" });
    const choose = (division: Division, words: string): HTMLButtonElement => {
      const button = html("button", { type: "button", "aria-pressed": String(division === this.division) }, words);
      button.addEventListener("click", () => {
        choices
          .querySelectorAll("button")
          .forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
        this.division = division;
        this.build();
      });
      return button;
    };
    choices.append(
      html("span", {}, "A column for each "),
      choose("reigns", "leader"),
      choose("steps", hasSteps(scene.report) ? "step" : "event"),
    );
    this.element = html("div", { class: "st-figure", hidden: true }, choices, this.list, legend());
  }

  /** The figure is shown now, for the first time perhaps. */
  shown(): void {
    if (this.columns.length === 0) this.build();
    else this.setCursor(this.cursor);
    this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  private build(): void {
    const divided =
      this.division === "reigns"
        ? stagesOf(this.scene).map((each) => this.ofStage(each))
        : this.scene.chapters.map(ofChapter);
    const all = divided.map((column) => ({ ...column, to: this.violationIn(column)?.cursor ?? column.to }));
    const end = this.scene.moments.size;
    // The last columns, or those before the first violation.
    const found = all.findIndex((column) => this.violationIn(column));
    const first = found < 0 ? all.length - COLUMNS : Math.min(found - COLUMNS / 2, all.length - COLUMNS);
    this.columns =
      all.length > 0
        ? all.slice(Math.max(0, first)).slice(0, COLUMNS)
        : [{ from: 0, to: end, title: "nobody leads", lines: [], words: "" }];
    const states = this.columns.map(({ to }) => this.scene.fold.at(this.scene.moments.place[to]!));
    // As in the paper, (a) is the first column in which the logs differ.
    const different = Math.max(
      0,
      states.findIndex((each) => this.differ(each)),
    );
    const common = windowOf(states.flat(), Infinity);
    const items = this.columns.map((column, at) => {
      const window = common.last <= INDICES ? common : windowOf(states[at]!, INDICES);
      return this.column(column, states[at]!, window, at - different);
    });
    this.list.replaceChildren(...items);
    this.setCursor(this.cursor);
  }

  /** The first violation of a stage: its logs are shown as they were then. */
  private violationIn({ from, to }: { readonly from: number; readonly to: number }): Violation | undefined {
    return this.scene.violations.find(({ cursor }) => cursor > from && cursor <= to);
  }

  /** Whether servers hold different logs. */
  private differ(states: readonly NodeState[]): boolean {
    const { fold } = this.scene;
    const logs = states.map((state) => {
      const log = logOf(state);
      return `${log.last} ${fold
        .entries(log, INDICES)
        .map(({ term }) => term)
        .join(" ")}`;
    });
    return new Set(logs).size > 1;
  }

  setCursor(cursor: number): void {
    this.cursor = cursor;
    if (this.element.hidden) return;
    [...this.list.children].forEach((item, at) => {
      const { from, to } = this.columns[at]!;
      if (cursor > from && cursor <= to) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  private ofStage({ from, to, leader, term, voters }: Stage): Column {
    const { chapters, teller } = this.scene;
    const name = teller.node(leader);
    const others = voters.filter((voter) => voter !== leader).map((voter) => teller.node(voter));
    const title = `${name} leads term ${term}`;
    if (!hasSteps(this.scene.report)) {
      const words = others.length > 0 ? `${name} is elected with the votes of ${listed(others)}.` : "";
      return { from, to, title, lines: [], words: [...this.crashes(from, to), words].filter(Boolean).join(" ") };
    }
    // A step belongs to the stage in which it began.
    const within = chapters.filter((chapter) => chapter.from >= from && chapter.from < to && chapter.title !== "start");
    return {
      from,
      to,
      title,
      lines: within.map((chapter) => ({ line: chapter.title, words: chapter.words })),
      words: "",
    };
  }

  private crashes(from: number, to: number): string[] {
    const { moments, teller } = this.scene;
    const told: string[] = [];
    for (let at = from; at < to && told.length < 4; at++) {
      if (moments.what[at] === 0 && moments.kind(at) === "stopped") {
        told.push(`${teller.node(moments.node[at]!)} ${teller.eventWords(moments.which[at]!)}.`);
      }
    }
    return told;
  }

  private column(column: Column, states: readonly NodeState[], window: Window, at: number): HTMLElement {
    const violation = this.violationIn(column);
    const letter = at < 0 ? "start" : at < 26 ? String.fromCharCode(97 + at) : String(at + 1);
    const button = html(
      "button",
      { type: "button", class: "st-letter", "aria-label": `(${letter}) ${column.title}: go there` },
      `(${letter})`,
    );
    button.addEventListener("click", () => this.seek(column.to));
    return html(
      "li",
      { class: violation ? "violated" : null, "data-cursor": column.to },
      html(
        "table",
        {},
        html("caption", { class: "unseen" }, `(${letter}) ${column.title}`),
        html("thead", {}, html("tr", {}, html("td", {}), ...indexHeads(window))),
        html("tbody", {}, ...states.map((state, node) => this.row(state, node, window, violation))),
      ),
      button,
      html("h3", {}, column.title),
      column.lines.length > 0 &&
        html("ul", {}, ...column.lines.map(({ line, words }) => html("li", { title: words }, html("code", {}, line)))),
      column.words && html("p", {}, column.words),
      violation && html("p", { class: "st-blame" }, violation.message),
    );
  }

  private row(state: NodeState, node: number, window: Window, violation: Violation | undefined): HTMLElement {
    const name = this.scene.teller.node(node);
    const standing = state.isUp ? state.role : "down";
    const mark = { leader: "★", down: "✕", candidate: "△", "pre-candidate": "△", follower: "" }[standing];
    const isAccused = violation?.nodes.includes(node) ?? false;
    return html(
      "tr",
      { class: `${standing}${isAccused ? " accused" : ""}`, "data-node": name, "data-role": standing },
      html("th", { scope: "row", title: `${name}: ${standing}` }, html("span", { class: "mark" }, mark), name),
      ...boxes(this.scene.fold, state, window),
    );
  }
}

function ofChapter({ from, to, title, words }: Chapter): Column {
  return { from, to, title, lines: [], words };
}

function legend(): HTMLElement {
  return html(
    "p",
    { class: "st-figure-legend" },
    "A box is an entry of a log; the number is its term, its index stands above. ★ and the heavy frame: the leader. ✕: down; what its disk holds is shown. Underlined: the server knows that the entry is committed.",
  );
}

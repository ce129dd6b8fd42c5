// The nodes at the cursor: role, term, vote, and the log as boxes.

import { html } from "../shell/dom";
import { boxes, indexHeads, logOf, windowOf } from "./boxes";
import type { NodeState } from "./fold";
import type { Scene } from "./scene";

const BOX = 46;
const OTHERS = 445;

export class Cards {
  readonly element = html("div", { class: "st-cards" });
  private marked = -1;

  constructor(private readonly scene: Scene) {}

  /** Mark a node; -1: none. */
  mark(node: number): void {
    this.marked = node;
    this.element.querySelectorAll("tbody tr").forEach((row, at) => row.classList.toggle("marked", at === node));
  }

  show(cursor: number): void {
    const { fold, moments, report } = this.scene;
    const [from] = this.scene.beat(cursor);
    const before = fold.at(moments.place[from]!);
    const states = fold.at(moments.place[cursor]!);
    const room = Math.max(4, Math.floor((this.element.clientWidth - OTHERS) / BOX) || 12);
    const window = windowOf(states, room);
    const accused = this.scene.violations.find((each) => each.cursor === cursor);
    const rows = states.map((state, node) =>
      this.row(report.nodes[node]!, state, before[node], window, node, accused?.nodes.includes(node) ?? false),
    );
    this.element.replaceChildren(
      html(
        "table",
        {},
        html("caption", { class: "unseen" }, "The nodes at this step"),
        html(
          "thead",
          {},
          html(
            "tr",
            {},
            ...["Node", "Role", "Term", "Vote", "Commit", "On disk"].map((name) => html("th", { scope: "col" }, name)),
            ...indexHeads(window),
          ),
        ),
        html("tbody", {}, ...rows),
      ),
    );
  }

  private row(
    name: string,
    state: NodeState,
    before: NodeState | undefined,
    window: ReturnType<typeof windowOf>,
    node: number,
    isAccused: boolean,
  ): HTMLElement {
    const { fold, teller } = this.scene;
    const term = state.isUp ? state.term : state.saved.term;
    const vote = state.isUp ? state.vote : state.saved.vote;
    const log = logOf(state);
    const standing = state.isUp ? state.role : state.hasRun ? "down" : "not started";
    const cell = (text: string | number, was: unknown, is: unknown): HTMLElement =>
      html("td", { class: `fact${was !== is ? " changed" : ""}` }, text);
    const beforeTerm = before && (before.isUp ? before.term : before.saved.term);
    const beforeVote = before && (before.isUp ? before.vote : before.saved.vote);
    const isUnsaved = state.isUp && (state.saved.term !== state.term || state.saved.vote !== state.vote);
    const classes = [
      state.isUp ? "" : "down",
      standing === "leader" ? "leads" : "",
      isAccused ? "accused" : "",
      node === this.marked ? "marked" : "",
    ];
    return html(
      "tr",
      {
        class: classes.filter(Boolean).join(" "),
        "data-node": name,
        "data-role": standing,
        "data-term": term,
        "data-vote": vote < 0 ? "" : teller.node(vote),
        "data-commit": state.isUp ? state.commit : 0,
        "data-durable": state.isUp ? state.durable : log.last,
        "data-last": log.last,
      },
      html("th", { scope: "row" }, name),
      html(
        "td",
        {
          class: `fact role ${standing.replace(" ", "-")}${before && standingOf(before) !== standing ? " changed" : ""}`,
        },
        standing,
      ),
      cell(term, beforeTerm, term),
      isUnsaved
        ? html(
            "td",
            {
              class: `fact unsaved${beforeVote !== vote ? " changed" : ""}`,
              title: "term or vote are not on its disk",
            },
            vote < 0 ? "–" : teller.node(vote),
            html("small", {}, "unsaved"),
          )
        : cell(vote < 0 ? "–" : teller.node(vote), beforeVote, vote),
      cell(state.isUp ? state.commit : "–", before?.commit, state.commit),
      cell(state.isUp ? (state.isRecovering ? "…" : state.durable) : log.last, before?.durable, state.durable),
      ...boxes(fold, state, window, { before, hasText: true }),
    );
  }
}

function standingOf(state: NodeState): string {
  return state.isUp ? state.role : state.hasRun ? "down" : "not started";
}

// Logs as the paper draws them: a box an entry, with its term, coloured by it.

import { html } from "../shell/dom";
import { termColourName } from "../shell/theme";
import type { Fold, LogEnd, LogEntry, NodeState } from "./fold";

/** The indices that are shown of all logs. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

/** The log that counts: in memory, or on the disk of a node that is down. */
export function logOf(state: NodeState): LogEnd {
  return state.isUp ? state : state.saved;
}

/** The last indices of these logs, at most so many. */
export function windowOf(states: readonly NodeState[], most: number): Window {
  const last = Math.max(1, ...states.map((state) => logOf(state).last));
  return { first: Math.max(1, last - most + 1), last };
}

export function indexHeads({ first, last }: Window): HTMLElement[] {
  const heads: HTMLElement[] = [];
  for (let index = first; index <= last; index++) {
    heads.push(html("th", { scope: "col", class: "index" }, index === first && first > 1 ? `…${index}` : index));
  }
  return heads;
}

export interface BoxOptions {
  /** What was there before: boxes that are new are marked. */
  readonly before?: NodeState | undefined;
  readonly hasText?: boolean;
}

/** A cell for each index, or for several. */
export function boxes(fold: Fold, state: NodeState, window: Window, options: BoxOptions = {}): HTMLElement[] {
  const log = logOf(state);
  const size = window.last - window.first + 1;
  if (log.last > 0 && log.last < window.first) {
    return [html("td", { class: "earlier", colspan: size }, `… its log ends at ${log.last}`)];
  }
  const entries = new Map(fold.entries(log, size).map((entry) => [entry.index, entry]));
  const earlier = options.before && logOf(options.before);
  const before = new Map(earlier ? fold.entries(earlier, size + 8).map(({ index, term }) => [index, term]) : []);
  const cells = log.base < window.first ? [] : [snapshotCell(log, window)];
  for (let index = Math.max(window.first, log.base + 1); index <= window.last; index++) {
    const entry = entries.get(index);
    if (!entry) {
      cells.push(before.has(index) ? goneCell(index) : html("td", { class: "none" }));
      continue;
    }
    // What a snapshot stood for is not new when its entries are seen.
    const isNew = earlier !== undefined && index > earlier.base && before.get(index) !== entry.term;
    cells.push(entryCell(state, entry, isNew, options.hasText ?? false));
  }
  return cells;
}

function snapshotCell(log: LogEnd, window: Window): HTMLElement {
  const span = Math.min(log.base, window.last) - window.first + 1;
  const title = `snapshot up to entry ${log.base}${log.baseTerm ? ` of term ${log.baseTerm}` : ""}`;
  const text = span > 1 ? `snapshot ≤ ${log.base}` : `≤${log.base}`;
  return html("td", { class: "snapshot", colspan: span, title }, text);
}

function goneCell(index: number): HTMLElement {
  return html("td", { class: "gone", title: `entry ${index} was removed` });
}

function entryCell(state: NodeState, entry: LogEntry, isNew: boolean, hasText: boolean): HTMLElement {
  const { index, term, text } = entry;
  const isCommitted = state.isUp && index <= state.commit;
  const isDurable = !state.isUp || state.isRecovering || index <= state.durable;
  const title = [
    `entry ${index} of term ${term}${text ? `: ${text}` : ""}`,
    isCommitted && "committed, as far as this node knows",
    !isDurable && "not yet on its disk",
  ];
  const classes = ["box", isCommitted && "committed", !isDurable && "volatile", isNew && "new"];
  return html(
    "td",
    {
      class: classes.filter(Boolean).join(" "),
      style: `--term: var(--${termColourName(term)})`,
      title: title.filter(Boolean).join("; "),
      "data-index": index,
      "data-term": term,
    },
    html("b", {}, term),
    hasText && text && html("small", {}, text),
  );
}

// Logs as the paper draws them: a box an entry, with its term, coloured by it.

import { html } from "../shell/dom";
import { termColourName } from "../shell/theme";
import type { Fold, NodeState } from "./fold";

/** The indices that are shown of all logs. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

/** The log that counts: in memory, or on the disk of a node that is down. */
export function logOf(state: NodeState): NodeState["saved"] {
  return state.isUp ? { ...state.saved, base: state.base, baseTerm: state.baseTerm, tip: state.tip, last: state.last } : state.saved;
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
  /** The index of an entry that a violation is about. */
  readonly accused?: number | undefined;
  readonly hasText?: boolean;
}

/** A cell for each index. */
export function boxes(fold: Fold, state: NodeState, window: Window, options: BoxOptions = {}): HTMLElement[] {
  const log = logOf(state);
  const entries = fold.entries(log, window.last - window.first + 1);
  const before = options.before && logOf(options.before);
  const known = new Map(before ? fold.entries(before, window.last - window.first + 8).map((each) => [each.index, each.term]) : []);
  const byIndex = new Map(entries.map((each) => [each.index, each]));
  const cells: HTMLElement[] = [];
  if (log.last > 0 && log.last < window.first) {
    return [html("td", { class: "earlier", colspan: window.last - window.first + 1 }, `… its log ends at ${log.last}`)];
  }
  if (log.base >= window.first) {
    const span = Math.min(log.base, window.last) - window.first + 1;
    const title = `snapshot up to entry ${log.base}${log.baseTerm ? ` of term ${log.baseTerm}` : ""}`;
    cells.push(html("td", { class: "snapshot", colspan: span, title }, span > 1 ? `snapshot ≤ ${log.base}` : `≤${log.base}`));
  }
  for (let index = Math.max(window.first, log.base + 1); index <= window.last; index++) {
    const entry = byIndex.get(index);
    if (!entry) {
      const wasThere = options.before !== undefined && known.has(index) && (before?.last ?? 0) >= index;
      cells.push(html("td", { class: wasThere ? "gone" : "none", title: wasThere ? `entry ${index} was removed` : null }));
      continue;
    }
    const isCommitted = state.isUp && index <= state.commit;
    const isDurable = !state.isUp || state.isRecovering || index <= state.durable;
    const isNew = before !== undefined && known.get(index) !== entry.term && (before.base < index || before.last < index);
    const title = [
      `entry ${index} of term ${entry.term}${entry.text ? `: ${entry.text}` : ""}`,
      isCommitted ? "committed, as far as this node knows" : null,
      isDurable ? null : "not yet on its disk",
    ];
    const classes = [
      "box",
      isCommitted && "committed",
      !isDurable && "volatile",
      isNew && "new",
      options.accused === index && "accused",
    ];
    cells.push(
      html(
        "td",
        {
          class: classes.filter(Boolean).join(" "),
          style: `--term: var(--${termColourName(entry.term)})`,
          title: title.filter(Boolean).join("; "),
          "data-index": index,
          "data-term": entry.term,
        },
        html("b", {}, entry.term),
        options.hasText && entry.text && html("small", {}, entry.text),
      ),
    );
  }
  return cells;
}

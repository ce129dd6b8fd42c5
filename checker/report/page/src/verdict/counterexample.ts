// Why no order explains the answers: the longest orders there are, step by step, and what does not
// fit after each.

import type { Attempt, Counterexample, Report } from "../data";
import type { Bus } from "../shell/bus";
import { html, type Child } from "../shell/dom";
import { count, operationText, processName, typeName } from "../shell/text";
import { link, plain, sentence } from "../shell/words";
import { diagram } from "./diagram";

export function counterexample(found: Counterexample, data: Report, bus: Bus): HTMLElement {
  const { attempts } = found;
  const body = html("div", { class: "attempt", id: "attempt", role: "tabpanel", "aria-label": "Attempt", tabindex: 0 });
  const tabs = attempts.map((_, at) =>
    html("button", { type: "button", role: "tab", "aria-controls": "attempt", click: () => show(at) }, `${at + 1}`),
  );
  const show = (at: number): void => {
    tabs.forEach((tab, each) => {
      tab.setAttribute("aria-selected", String(each === at));
      tab.tabIndex = each === at ? 0 : -1;
    });
    const attempt = attempts[at];
    if (attempt) body.replaceChildren(...content(found, attempt, at, data, bus));
  };
  const list = html("div", { class: "attempts", role: "tablist", "aria-label": "Attempts" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const from = tabs.indexOf(event.target as HTMLButtonElement);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tab = by === undefined ? undefined : tabs[(from + by + tabs.length) % tabs.length];
    if (!tab) return;
    event.preventDefault();
    event.stopPropagation();
    tab.click();
    tab.focus();
  });
  show(0);
  return html(
    "section",
    { class: "card counterexample", "aria-labelledby": "counterexample-title" },
    html("h2", { id: "counterexample-title" }, "Why no order explains the answers"),
    plain(found.sentence) === plain(data.verdict.paragraph) ? null : html("p", {}, ...sentence(found.sentence, data, bus)),
    html("p", { class: "aside" }, ...scope(found)),
    attempts.length > 1 ? html("div", { class: "attempts-row" }, html("span", {}, "Longest attempts"), list) : null,
    attempts.length > 0 ? body : null,
  );
}

/** What the operations shown are of all. */
function scope(found: Counterexample): Child[] {
  const { operations, is_minimal, prefix, keys, elements } = found;
  const about = keys.length > 0 ? ` of ${keys.length === 1 ? "key" : "keys"} ${keys.join(", ")}` : "";
  const parts = [`${count(operations.length, "operation")}${about}`];
  if (is_minimal) parts.push("none can be left out");
  if (elements?.length) parts.push(`only what they say of ${elements.join(", ")}`);
  parts.push(`the first ${count(prefix, "event")} of the history fail already`);
  return [`${parts.join("; ")}.`];
}

function content(found: Counterexample, attempt: Attempt, at: number, data: Report, bus: Bus): Node[] {
  return [
    html("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "Diagram of the attempt" }, diagram(found, attempt, data, bus)),
    table(found, attempt, data, bus),
    html(
      "p",
      { class: "places" },
      link("Show this attempt in the timeline, among all operations", "timeline", () =>
        bus.select({ kind: "attempt", index: at }, "timeline"),
      ),
    ),
  ];
}

function table(found: Counterexample, attempt: Attempt, data: Report, bus: Bus): HTMLElement {
  const letters = new Map(found.operations.map((operation, at) => [operation, found.letters[at] ?? ""]));
  const operations = data.operations!;
  const named = (operation: number): Child[] => [
    html("span", { class: "letter" }, letters.get(operation) ?? ""),
    html("span", { class: "mono" }, link(operationText(operations, operation), "timeline", () => bus.select({ kind: "operation", index: operation }, "timeline"))),
  ];
  const who = (operation: number): Child =>
    `process ${processName(operations, operation)}${typeName(operations.type[operation]!) === "info" ? ", info" : ""}`;
  return html(
    "table",
    { class: "orders" },
    html("caption", { class: "unseen" }, "The attempt, step by step, and the operations that do not fit after it"),
    html(
      "thead",
      {},
      html("tr", {}, html("th", { scope: "col" }, "step"), html("th", { scope: "col" }, "operation"), html("th", { scope: "col" }, "by"), html("th", { scope: "col" }, "state after it")),
    ),
    html(
      "tbody",
      {},
      html("tr", { class: "initial" }, html("td"), html("td", { colspan: 2 }, found.since === undefined ? "at the beginning" : ["before ", letters.get(found.since) ?? "it", ": a state that nobody need know"].join("")), html("td", { class: "mono" }, found.initial)),
      ...attempt.steps.map(({ operation, state }, step) =>
        html("tr", {}, html("td", {}, html("span", { class: "step" }, step + 1)), html("td", {}, ...named(operation)), html("td", {}, who(operation)), html("td", { class: "mono" }, state)),
      ),
      ...attempt.stuck.map(({ operation, why }) =>
        html(
          "tr",
          { class: "stuck" },
          html("td", {}, html("span", { class: "step", "aria-label": "does not fit" }, "✕")),
          html("td", {}, ...named(operation)),
          html("td", {}, who(operation)),
          html("td", {}, "does not fit: ", ...sentence(why, data, bus)),
        ),
      ),
    ),
  );
}

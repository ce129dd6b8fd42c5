// The row above the timeline: search, filters, and what is drawn.

import type { Operations, Report } from "../data";
import { html } from "../shell/dom";
import { typeName } from "../shell/text";
import type { Filter } from "./query";

export interface Wishes {
  search(query: string): void;
  /** To the next operation that was searched for, or the one before. */
  step(by: 1 | -1): void;
  filter(): void;
  order(choice: OrderChoice): void;
  zoom(by: number): void;
  fit(): void;
}

/** Which order is drawn through the bars: none, the linearization, or an attempt by its position. */
export type OrderChoice = "none" | "linearization" | number;

export interface Toolbar {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  /** How many were found, and which of them is selected. */
  told(text: string): void;
  /** Show which order is drawn. */
  chosen(choice: OrderChoice): void;
}

/** A list of thousands helps nobody: the search finds those beyond. */
const LISTED = 500;

function choice(label: string, all: string, names: readonly string[], chosen: (at: number) => void): HTMLElement | null {
  if (names.length < 2) return null;
  const select = html(
    "select",
    { "aria-label": label },
    html("option", { value: -1 }, all),
    ...names.slice(0, LISTED).map((name, at) => html("option", { value: at }, name)),
  );
  select.addEventListener("change", () => chosen(Number(select.value)));
  return select;
}

function types(operations: Operations, filter: Filter, wishes: Wishes): HTMLElement {
  const counts = [0, 0, 0];
  for (const type of operations.type) counts[type]!++;
  const buttons = [0, 1, 2].map((type) => {
    const button = html(
      "button",
      { type: "button", class: `type ${typeName(type)}`, "aria-pressed": "true", title: `show or hide: ${typeName(type)}` },
      html("span", { class: "swatch", "aria-hidden": "true" }),
      typeName(type),
      html("span", { class: "number" }, counts[type]!.toLocaleString("en")),
    );
    button.addEventListener("click", () => {
      if (!filter.types.delete(type)) filter.types.add(type);
      button.setAttribute("aria-pressed", String(filter.types.has(type)));
      wishes.filter();
    });
    return button;
  });
  return html("div", { class: "types", role: "group", "aria-label": "Types of result" }, ...buttons);
}

function orders(data: Report, wishes: Wishes): HTMLSelectElement | null {
  const options: [OrderChoice, string][] = [["none", "no order"]];
  if (data.linearization?.order.length) options.push(["linearization", "linearization"]);
  data.counterexample?.attempts.forEach((_, at) => options.push([at, `attempt ${at + 1}`]));
  if (options.length === 1) return null;
  const select = html(
    "select",
    { "aria-label": "Order drawn through the bars" },
    ...options.map(([value, name]) => html("option", { value }, name)),
  );
  select.addEventListener("change", () => {
    const { value } = select;
    wishes.order(value === "none" || value === "linearization" ? value : Number(value));
  });
  return select;
}

function button(name: string, title: string, does: () => void): HTMLElement {
  return html("button", { type: "button", "aria-label": title, title, click: does }, name);
}

export function toolbar(data: Report, operations: Operations, filter: Filter, wishes: Wishes): Toolbar {
  const search = html("input", {
    type: "search",
    placeholder: "Search: get x, process:3, slower:250",
    "aria-label": "Search operations",
    spellcheck: "false",
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => wishes.search(search.value), 120);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      window.clearTimeout(waiting);
      wishes.search(search.value);
      wishes.step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      search.value = "";
      wishes.search("");
      search.blur();
    }
  });
  const found = html("span", { class: "found", role: "status" });
  const order = orders(data, wishes);
  const refilter = (field: "key" | "process" | "f") => (at: number) => {
    filter[field] = at;
    wishes.filter();
  };
  const element = html(
    "div",
    { class: "toolbar", role: "group", "aria-label": "What the timeline shows" },
    html("div", { class: "search" }, search, found),
    choice("Key", "all keys", operations.keys, refilter("key")),
    choice("Process", "all processes", operations.processes, refilter("process")),
    choice("Function", "all functions", operations.functions, refilter("f")),
    types(operations, filter, wishes),
    order,
    html(
      "div",
      { class: "zoom", role: "group", "aria-label": "Zoom" },
      button("−", "Zoom out", () => wishes.zoom(0.5)),
      button("+", "Zoom in", () => wishes.zoom(2)),
      button("Fit", "Show the whole run", () => wishes.fit()),
    ),
  );
  return {
    element,
    search,
    told: (text) => {
      found.textContent = text;
    },
    chosen: (choice) => {
      if (order) order.value = String(choice);
    },
  };
}

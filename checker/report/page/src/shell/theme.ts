// Light and dark: as the system says, until the reader says otherwise.

import type { Bus } from "./bus";

export type Theme = "light" | "dark";

const KEPT = "splitbrain-report-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

/** What the reader chose in an earlier report; a browser may refuse to keep it. */
function kept(): Theme | null {
  try {
    const theme = localStorage.getItem(KEPT);
    return theme === "light" || theme === "dark" ? theme : null;
  } catch {
    return null;
  }
}

let chosen: Theme | null = kept();

export function theme(): Theme {
  return chosen ?? (system.matches ? "dark" : "light");
}

function wear(bus: Bus): void {
  document.documentElement.dataset["theme"] = theme();
  palette = new Map();
  bus.tell("theme", theme());
}

export function startTheme(bus: Bus): void {
  system.addEventListener("change", () => wear(bus));
  wear(bus);
}

export function switchTheme(bus: Bus): void {
  chosen = theme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // Kept for this page only.
  }
  wear(bus);
}

let palette = new Map<string, string>();

/** The value that a custom property of the style sheet has in this theme: `colour("ok")` is --ok. */
export function colour(name: string): string {
  let value = palette.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    palette.set(name, value);
  }
  return value;
}

/** How many colours terms have before they come again. */
export const TERM_COLOURS = 8;

/** The custom property for a term; the same in the strip of leaders and in the boxes of logs. */
export function termColourName(term: number): string {
  return `term-${((term % TERM_COLOURS) + TERM_COLOURS) % TERM_COLOURS}`;
}

export function termColour(term: number): string {
  return colour(termColourName(term));
}

// Sentences whose operations, nodes, events and moments lead to where they are shown.

import type { Report, Span, Words } from "../data";
import type { Bus, Selection, ViewName } from "./bus";
import { html, type Child } from "./dom";

function destination(span: Span): readonly [Selection, ViewName] | null {
  if (span.operation !== undefined) return [{ kind: "operation", index: span.operation }, "timeline"];
  if (span.event !== undefined) return [{ kind: "event", index: span.event }, "spacetime"];
  if (span.node !== undefined) return [{ kind: "node", node: span.node }, "spacetime"];
  if (span.time !== undefined) return [{ kind: "time", time: span.time }, "timeline"];
  return null;
}

/** A link to a view, where `go` selects something. It breaks over lines as text does. */
export function link(content: Child, view: ViewName, go: () => void): HTMLAnchorElement {
  const element = html("a", { class: "link", href: `#${view}` }, content);
  element.addEventListener("click", (event) => {
    event.preventDefault();
    go();
  });
  return element;
}

/** The sentence as nodes of the page. A link is left out that would lead to a view without data. */
export function sentence(words: Words, data: Report, bus: Bus): Node[] {
  return words.map((span) => {
    const to = destination(span);
    if (to === null) return document.createTextNode(span.text);
    const [selection, view] = to;
    if (view === "spacetime" ? !data.trace : !data.operations) return document.createTextNode(span.text);
    return link(span.text, view, () => bus.select(selection, view));
  });
}

export function plain(words: Words): string {
  return words.map((span) => span.text).join("");
}

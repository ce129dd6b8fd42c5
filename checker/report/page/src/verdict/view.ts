// Verdict: what failed, in words, before anything else.

import type { Failed, Report } from "../data";
import type { Bus } from "../shell/bus";
import { html, type Child } from "../shell/dom";
import { count, moment, operationText } from "../shell/text";
import type { View, ViewModule } from "../shell/view";
import { link, plain, sentence } from "../shell/words";
import { counterexample } from "./counterexample";

/** Lists longer than this are closed at first. */
const OPEN = 14;

function section(title: string, ...children: readonly Child[]): HTMLElement {
  return html("section", { class: "card" }, html("h2", {}, title), ...children);
}

/** Long lists can be opened; short ones are open. */
function foldable(title: string, items: number, content: HTMLElement): HTMLElement {
  return html(
    "details",
    { class: "card", open: items <= OPEN },
    html("summary", {}, html("h2", {}, title), html("span", { class: "number" }, String(items))),
    content,
  );
}

function headline(data: Report, bus: Bus): HTMLElement {
  const { validity, paragraph, reasons } = data.verdict;
  return html(
    "section",
    { class: `headline ${validity}`, "aria-label": "Verdict" },
    html("p", { class: "paragraph" }, ...sentence(paragraph, data, bus)),
    reasons.length > 0 ? html("ul", {}, ...reasons.map((reason) => html("li", {}, reason))) : null,
    command(data, bus),
  );
}

function command({ command }: Report, bus: Bus): HTMLElement | null {
  if (!command) return null;
  const copy = html("button", { type: "button", class: "quiet small" }, "Copy");
  copy.addEventListener("click", () => {
    const isRefused = (): void => {
      copy.textContent = "Select it by hand";
      bus.announce("The browser does not let this page copy: select the command by hand.");
    };
    // Where a page stands that is no secure context, there is no clipboard.
    const clipboard = (navigator as Partial<Navigator>).clipboard;
    if (!clipboard) {
      isRefused();
      return;
    }
    clipboard.writeText(command).then(() => {
      copy.textContent = "Copied";
      bus.announce("The command was copied.");
    }, isRefused);
  });
  return html("p", { class: "command" }, html("span", {}, "See it again: "), html("code", {}, command), copy);
}

function failure(failed: Failed, data: Report, bus: Bus): HTMLElement {
  const places: Child[] = [];
  const { event, time } = failed;
  if (event !== undefined && data.trace) {
    places.push(link("the nodes at that moment", "spacetime", () => bus.select({ kind: "event", index: event }, "spacetime")));
  }
  if (time !== undefined && data.operations?.start.length) {
    places.push(link(`the timeline at ${moment(data, time)}`, "timeline", () => bus.select({ kind: "time", time }, "timeline")));
  }
  const isRepeated = plain(failed.words) === plain(data.verdict.paragraph);
  // Those of the counterexample are shown with it.
  const shown = new Set(data.counterexample?.attempts.length ? data.counterexample.operations : []);
  const operations = (failed.operations ?? []).filter((operation) => !shown.has(operation)).slice(0, 20);
  return html(
    "article",
    { class: "failure" },
    html("h3", {}, html("span", { class: "kind" }, failed.kind), failed.promise && failed.promise.name !== failed.kind ? failed.promise.name : null),
    isRepeated ? null : html("p", {}, ...(failed.words.length > 0 ? sentence(failed.words, data, bus) : [failed.message])),
    failed.promise
      ? html("p", { class: "promise" }, html("span", {}, "The promise: "), failed.promise.statement, " ", failed.promise.reason)
      : null,
    operations.length > 0
      ? html(
          "ul",
          { class: "operations" },
          ...operations.map((operation) =>
            html(
              "li",
              {},
              link(operationText(data.operations!, operation), "timeline", () => bus.select({ kind: "operation", index: operation }, "timeline")),
              html("span", {}, ` process ${data.operations!.processes[data.operations!.process[operation]!]}`),
            ),
          ),
        )
      : null,
    places.length > 0 ? html("p", { class: "places" }, "Show ", ...places.flatMap((place, at) => (at > 0 ? [" · ", place] : [place]))) : null,
  );
}

function schedule(data: Report, bus: Bus): HTMLElement | null {
  const { steps } = data;
  if (steps.length === 0) return null;
  const list = html(
    "ol",
    { class: "steps" },
    ...steps.map(({ line, words, last }) => {
      const code = html("code", {}, line);
      return html(
        "li",
        {},
        last !== undefined && data.trace
          ? link(code, "spacetime", () => bus.select({ kind: "event", index: Math.max(0, last - 1) }, "spacetime"))
          : code,
        words ? html("p", {}, words) : null,
      );
    }),
  );
  return foldable("What was done", steps.length, list);
}

function figures({ figures }: Report): HTMLElement | null {
  if (figures.length === 0) return null;
  const groups = new Map<string, [string, string][]>();
  for (const { group, name, value } of figures) groups.set(group, [...(groups.get(group) ?? []), [name, value]]);
  return section(
    "Figures",
    html(
      "div",
      { class: "figures" },
      ...[...groups].map(([group, rows]) =>
        html(
          "section",
          {},
          html("h3", {}, group),
          html("dl", {}, ...rows.map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value)))),
        ),
      ),
    ),
  );
}

function summary(data: Report): HTMLElement {
  const { operations } = data;
  const facts: string[] = [];
  if (operations) {
    facts.push(count(operations.start.length, "operation"), `by ${count(operations.processes.length, "process", "processes")}`);
  }
  if (data.nodes.length > 0) facts.push(count(data.nodes.length, "node"));
  if (data.model) facts.push(`model ${data.model}`);
  if (data.unit === "ns") facts.push(`${moment(data, data.end)} of the run`);
  return html("p", { class: "summary" }, facts.join(" · "));
}

function build(element: HTMLElement, data: Report, bus: Bus): View {
  const { failures } = data.verdict;
  element.append(
    html(
      "div",
      { class: "page" },
      headline(data, bus),
      summary(data),
      failures.length > 0
        ? section(failures.length === 1 ? "What failed" : `What failed: ${failures.length} promises`, ...failures.map((each) => failure(each, data, bus)))
        : null,
      data.counterexample && data.operations ? counterexample(data.counterexample, data, bus) : null,
      schedule(data, bus),
      figures(data),
      data.notes.length > 0 ? section("Notes", html("ul", { class: "notes" }, ...data.notes.map((note) => html("li", {}, note)))) : null,
    ),
  );
  return {};
}

export const verdict: ViewModule = { name: "verdict", title: "Verdict", keys: [{ keys: "← →", does: "another attempt (attempts focused)" }], mount: build };

// The buttons above the picture: stepping, playing, the violation, the axis, zoom.

import { html, svg } from "../shell/dom";

export type Page = "diagram" | "figure";

/** What the controls ask for. */
export interface Wishes {
  step(by: number): void;
  chapter(by: number): void;
  first(): void;
  last(): void;
  play(): void;
  violation(): void;
  beat(number: number): void;
  axis(kind: "order" | "time"): void;
  zoom(factor: number): void;
  fit(): void;
  page(page: Page): void;
}

const ICONS = {
  first: "M3 3v10M13 3 6 8l7 5Z",
  chapterBack: "M8 3 2 8l6 5ZM14 3 8 8l6 5Z",
  back: "M11 3 4 8l7 5Z",
  play: "M4 2.5 13 8l-9 5.5Z",
  pause: "M5 3v10M11 3v10",
  forward: "M5 3l7 5-7 5Z",
  chapterForward: "M2 3l6 5-6 5ZM8 3l6 5-6 5Z",
  last: "M13 3v10M3 3l7 5-7 5Z",
};

function icon(name: keyof typeof ICONS): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" },
    svg("path", { d: ICONS[name] }),
  );
}

export class Controls {
  readonly element: HTMLElement;
  private readonly playButton: HTMLButtonElement;
  private readonly slider: HTMLInputElement;
  private readonly position: HTMLElement;
  private readonly speedField: HTMLSelectElement;
  private readonly diagramTools: HTMLElement;
  private readonly axisButtons: HTMLElement;
  private readonly pageButtons: HTMLElement;

  constructor(
    wishes: Wishes,
    private readonly beats: number,
    violations: number,
    hasChapters: boolean,
  ) {
    const button = (name: keyof typeof ICONS, label: string, key: string, does: () => void): HTMLButtonElement =>
      html(
        "button",
        { type: "button", class: "st-icon", "aria-label": label, title: `${label} (${key})`, click: does },
        icon(name),
      );
    this.playButton = button("play", "Play", "Space", () => wishes.play());
    this.slider = html("input", {
      type: "range",
      min: 0,
      max: beats,
      step: 1,
      "aria-label": "Step",
      input: () => wishes.beat(Number(this.slider.value)),
    });
    this.position = html("output", { class: "st-position" });
    this.speedField = html(
      "select",
      { "aria-label": "Speed" },
      ...[1, 2, 5, 20].map((speed) => html("option", { value: speed, selected: speed === 2 }, `${speed} / s`)),
    );
    this.axisButtons = choice("Axis", { order: "Order", time: "Time" }, (kind) => wishes.axis(kind));
    this.pageButtons = choice("Picture", { diagram: "Diagram", figure: "Figure" }, (page) => wishes.page(page));
    this.diagramTools = html(
      "div",
      { class: "st-group" },
      this.axisButtons,
      html(
        "button",
        {
          type: "button",
          class: "st-icon",
          "aria-label": "Zoom out",
          title: "Zoom out (−)",
          click: () => wishes.zoom(0.6),
        },
        "−",
      ),
      html(
        "button",
        {
          type: "button",
          class: "st-icon",
          "aria-label": "Zoom in",
          title: "Zoom in (+)",
          click: () => wishes.zoom(1.7),
        },
        "+",
      ),
      html("button", { type: "button", title: "Show the whole run (0)", click: () => wishes.fit() }, "Fit"),
    );
    this.element = html(
      "div",
      { class: "st-controls", role: "group", "aria-label": "Steps" },
      html(
        "div",
        { class: "st-group" },
        button("first", "First step", "Home", () => wishes.first()),
        hasChapters && button("chapterBack", "Chapter back", "Shift+←", () => wishes.chapter(-1)),
        button("back", "Step back", "←", () => wishes.step(-1)),
        this.playButton,
        button("forward", "Step forward", "→", () => wishes.step(1)),
        hasChapters && button("chapterForward", "Chapter forward", "Shift+→", () => wishes.chapter(1)),
        button("last", "Last step", "End", () => wishes.last()),
        this.speedField,
      ),
      html("div", { class: "st-group st-slide" }, this.slider, this.position),
      violations > 0 &&
        html(
          "button",
          {
            type: "button",
            class: "st-to-violation",
            title: "Go to the violation (v)",
            click: () => wishes.violation(),
          },
          violations > 1 ? `Violation (${violations})` : "Violation",
        ),
      this.diagramTools,
      this.pageButtons,
    );
  }

  /** Steps a second, while it plays. */
  get speed(): number {
    return Number(this.speedField.value);
  }

  show(beat: number): void {
    this.slider.value = String(beat);
    this.slider.setAttribute("aria-valuetext", `step ${beat} of ${this.beats}`);
    this.position.textContent = `${beat} / ${this.beats}`;
  }

  plays(isPlaying: boolean): void {
    this.playButton.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this.playButton.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.playButton.title = isPlaying ? "Pause (Space)" : "Play (Space)";
  }

  setPage(page: Page): void {
    this.diagramTools.hidden = page === "figure";
    press(this.pageButtons, page);
  }

  setAxis(kind: string): void {
    press(this.axisButtons, kind);
  }
}

function choice<Name extends string>(
  label: string,
  names: Record<Name, string>,
  chosen: (name: Name) => void,
): HTMLElement {
  const group = html("div", { class: "st-choice", role: "group", "aria-label": label });
  for (const [name, words] of Object.entries(names) as [Name, string][]) {
    const isFirst = group.children.length === 0;
    group.append(
      html(
        "button",
        { type: "button", "data-name": name, "aria-pressed": String(isFirst), click: () => chosen(name) },
        words,
      ),
    );
  }
  return group;
}

function press(group: HTMLElement, name: string): void {
  for (const button of group.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset["name"] === name));
  }
}

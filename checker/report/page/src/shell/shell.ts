// The frame around the views: title, verdict, tabs, theme, help, live region, keys.

import type { Report } from "../data";
import { Bus, type ViewName } from "./bus";
import { html, isTyping } from "./dom";
import { helpDialog } from "./help";
import { startTheme, switchTheme, theme } from "./theme";
import type { View, ViewModule } from "./view";

interface Place {
  readonly module: ViewModule;
  readonly tab: HTMLButtonElement;
  readonly panel: HTMLElement;
  view: View | null;
}

export class Shell {
  readonly bus = new Bus();
  private readonly places: readonly Place[];
  private readonly help: HTMLDialogElement;
  private shown: Place | null = null;

  constructor(
    app: HTMLElement,
    private readonly data: Report,
    modules: readonly ViewModule[],
  ) {
    startTheme(this.bus);
    this.places = modules.map((module) => this.place(module));
    this.help = helpDialog(modules);
    document.title = `${data.title} · ${data.verdict.validity}`;
    const announcer = html("div", { class: "unseen", role: "status", "aria-live": "polite", id: "announcer" });
    app.append(
      html("a", { class: "skip", href: "#view", click: (event) => this.skip(event) }, "Skip to the view"),
      this.header(),
      html("main", { id: "view", tabindex: -1 }, ...this.places.map((place) => place.panel)),
      announcer,
      this.help,
    );
    this.bus.on("show", (name) => this.show(name));
    this.bus.on("announcement", (sentence) => {
      announcer.textContent = sentence;
    });
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("hashchange", () => this.showByAddress());
    this.showByAddress();
  }

  private place(module: ViewModule): Place {
    const panel = html("section", {
      id: `panel-${module.name}`,
      class: `panel ${module.name}`,
      role: "tabpanel",
      "aria-labelledby": `tab-${module.name}`,
      hidden: true,
    });
    const tab = html(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${module.name}`,
        "aria-controls": panel.id,
        "aria-selected": "false",
        tabindex: -1,
        click: () => this.enter(module.name),
      },
      module.title,
    );
    return { module, tab, panel, view: null };
  }

  private header(): HTMLElement {
    const { data } = this;
    const tabs = html("div", { class: "tabs", role: "tablist", "aria-label": "Views" }, ...this.places.map(({ tab }) => tab));
    tabs.addEventListener("keydown", (event) => this.tabKey(event));
    const switcher = html("button", { type: "button", class: "quiet", id: "theme", click: () => switchTheme(this.bus) });
    const name = (): void => {
      switcher.textContent = theme() === "dark" ? "Light" : "Dark";
      switcher.setAttribute("aria-label", `Switch to the ${theme() === "dark" ? "light" : "dark"} theme`);
    };
    this.bus.on("theme", name);
    name();
    return html(
      "header",
      { class: "bar" },
      html(
        "div",
        { class: "heading" },
        html("span", { class: `badge ${data.verdict.validity}` }, data.verdict.validity),
        html("div", { class: "titles" }, html("h1", {}, data.title), data.subject && html("p", {}, data.subject)),
      ),
      html(
        "nav",
        { "aria-label": "Views and settings" },
        tabs,
        html(
          "div",
          { class: "tools" },
          switcher,
          html("button", { type: "button", class: "quiet", "aria-label": "Help: keys", click: () => this.help.showModal() }, "?"),
        ),
      ),
    );
  }

  private skip(event: Event): void {
    event.preventDefault();
    document.getElementById("view")?.focus();
  }

  /** The address says which view is shown: report.html#timeline. */
  private showByAddress(): void {
    const name = location.hash.slice(1);
    const place = this.places.find(({ module }) => module.name === name) ?? this.places[0];
    if (place) this.show(place.module.name);
  }

  /** Show a view, and give it the keys: on its tab, arrow keys would lead to the next one. */
  private enter(name: ViewName): void {
    this.show(name);
    document.getElementById("view")?.focus({ preventScroll: true });
  }

  show(name: ViewName): void {
    const place = this.places.find(({ module }) => module.name === name);
    if (!place || place === this.shown) return;
    const first = this.shown === null;
    this.shown?.view?.hidden?.();
    this.shown = place;
    for (const each of this.places) {
      const chosen = each === place;
      each.panel.hidden = !chosen;
      each.tab.setAttribute("aria-selected", String(chosen));
      each.tab.tabIndex = chosen ? 0 : -1;
    }
    if (!first && location.hash.slice(1) !== name) history.pushState(null, "", `#${name}`);
    this.mount(place);
    place.view?.shown?.();
  }

  private mount(place: Place): void {
    if (place.view) return;
    const reason = place.module.empty?.(this.data) ?? null;
    if (reason === null) {
      place.view = place.module.mount(place.panel, this.data, this.bus);
    } else {
      place.view = {};
      place.panel.append(html("p", { class: "nothing" }, reason));
    }
  }

  private tabKey(event: KeyboardEvent): void {
    const at = this.places.findIndex(({ tab }) => tab === event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.places.length - 1 }[event.key];
    const place = to === undefined ? undefined : this.places[(to + this.places.length) % this.places.length];
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    this.show(place.module.name);
    place.tab.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || this.help.open) return;
    if (this.take(event)) event.preventDefault();
  }

  private take(event: KeyboardEvent): boolean {
    if (this.shown?.view?.key?.(event)) return true;
    const place = /^[1-9]$/.test(event.key) ? this.places[Number(event.key) - 1] : undefined;
    if (place) this.enter(place.module.name);
    else if (event.key === "?") this.help.showModal();
    else if (event.key === "d") switchTheme(this.bus);
    else if (event.key === "Escape") this.bus.select(null);
    else return false;
    return true;
  }
}

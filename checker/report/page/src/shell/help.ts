// The help: which keys there are.

import { html } from "./dom";
import type { KeyHelp, ViewModule } from "./view";

const EVERYWHERE: readonly KeyHelp[] = [
  { keys: "1 – 4", does: "show a view" },
  { keys: "Tab", does: "go to the next control; Shift+Tab: back" },
  { keys: "Esc", does: "select nothing; close this help" },
  { keys: "d", does: "switch between light and dark" },
  { keys: "?", does: "this help" },
];

function table(title: string, keys: readonly KeyHelp[]): HTMLElement {
  return html(
    "section",
    {},
    html("h3", {}, title),
    html(
      "dl",
      { class: "keys" },
      ...keys.flatMap(({ keys, does }) => [
        html("dt", {}, ...keys.split(" ").map((key) => (/^–$/.test(key) ? ` ${key} ` : html("kbd", {}, key)))),
        html("dd", {}, does),
      ]),
    ),
  );
}

export function helpDialog(views: readonly ViewModule[]): HTMLDialogElement {
  const close = html("button", { type: "button", class: "quiet" }, "Close");
  const dialog = html(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    html("header", {}, html("h2", { id: "help-title" }, "Keys"), close),
    html(
      "div",
      { class: "help-columns" },
      table("Everywhere", EVERYWHERE),
      ...views.filter((view) => view.keys.length > 0).map((view) => table(view.title, view.keys)),
    ),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

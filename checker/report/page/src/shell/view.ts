// What a view is to the shell.

import type { Report } from "../data";
import type { Bus, ViewName } from "./bus";

/** A key, or keys, and what they do: a line of the help. */
export interface KeyHelp {
  readonly keys: string;
  readonly does: string;
}

export interface View {
  /** The view has become visible, and its element has a size. */
  shown?(): void;
  /** The view has been hidden: what runs, such as an animation, should end. */
  hidden?(): void;
  /** A key that nobody else took, while the view is visible. True: the view has taken it. */
  key?(event: KeyboardEvent): boolean;
}

export interface ViewModule {
  readonly name: ViewName;
  readonly title: string;
  readonly keys: readonly KeyHelp[];
  /** Why there is nothing to show, or null if there is something. */
  empty?(data: Report): string | null;
  /** Build the view in `element`, when it is shown for the first time. */
  mount(element: HTMLElement, data: Report, bus: Bus): View;
}

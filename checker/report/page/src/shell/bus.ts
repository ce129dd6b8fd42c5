// What the views tell each other: what is selected, which view is shown, which theme.

export type ViewName = "verdict" | "timeline" | "spacetime" | "plots";

/** What the reader has picked. Operations and nodes are positions in the columns of the report, an
 * event is a place in the trace, a time is in ns: as data.ts has them. */
export type Selection =
  | { readonly kind: "operation"; readonly index: number }
  | { readonly kind: "event"; readonly index: number }
  | { readonly kind: "node"; readonly node: number }
  | { readonly kind: "time"; readonly time: number }
  /** One of the longest linearizations of the counterexample. */
  | { readonly kind: "attempt"; readonly index: number };

export interface Messages {
  /** The selection has changed; null: nothing is selected. */
  selection: Selection | null;
  /** A view is to be shown. */
  show: ViewName;
  /** The colours have changed: what is drawn on a canvas must be drawn again. */
  theme: "light" | "dark";
  /** A sentence for the live region, which screen readers speak. */
  announcement: string;
}

type Listener<Name extends keyof Messages> = (message: Messages[Name]) => void;

export class Bus {
  private readonly listeners: { [Name in keyof Messages]: Set<Listener<Name>> } = {
    selection: new Set(),
    show: new Set(),
    theme: new Set(),
    announcement: new Set(),
  };
  private current: Selection | null = null;

  get selection(): Selection | null {
    return this.current;
  }

  /** Select, and show it in `view` if one is named. A view that is shown for the first time finds
   * the selection here. */
  select(selection: Selection | null, view?: ViewName): void {
    this.current = selection;
    if (view !== undefined) this.tell("show", view);
    this.tell("selection", selection);
  }

  announce(sentence: string): void {
    this.tell("announcement", sentence);
  }

  /** Listen; what is returned ends it. */
  on<Name extends keyof Messages>(name: Name, listener: Listener<Name>): () => void {
    this.listeners[name].add(listener);
    return () => this.listeners[name].delete(listener);
  }

  tell<Name extends keyof Messages>(name: Name, message: Messages[Name]): void {
    for (const listener of this.listeners[name]) listener(message);
  }
}

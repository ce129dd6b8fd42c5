// What each node is, as spans: the strip of its life line.

import type { Report } from "../data";
import type { Role } from "./fold";
import type { Moments } from "./moments";

export type Standing = Role | "down" | "unborn";

/** From this moment on; until the next span begins. */
export interface Span {
  readonly from: number;
  readonly standing: Standing;
  readonly term: number;
}

export function stripsOf(report: Report, moments: Moments): Span[][] {
  const trace = report.trace!;
  const strips: Span[][] = report.nodes.map((_, node) => {
    const given = trace.initial[node];
    const standing = given?.is_up ? ((given.role || "follower") as Role) : given && given.term > 0 ? "down" : "unborn";
    return [{ from: 0, standing, term: given?.term ?? 0 }];
  });
  for (let event = 0; event < trace.kind.length; event++) {
    const strip = strips[trace.node[event]!];
    if (!strip) continue;
    const { standing, term } = strip.at(-1)!;
    const at = moments.ofEvent[event]!;
    switch (trace.kinds[trace.kind[event]!]) {
      case "started":
        add(strip, at, "follower", trace.term[event]!);
        break;
      case "stopped":
        add(strip, at, "down", term);
        break;
      case "term-changed":
        add(strip, at, standing, trace.term[event]!);
        break;
      case "role-changed":
        add(strip, at, trace.texts[trace.text[event]!] as Role, Math.max(term, trace.term[event]!));
        break;
    }
  }
  return strips;
}

function add(strip: Span[], from: number, standing: Standing, term: number): void {
  const last = strip.at(-1)!;
  if (last.standing === standing && last.term === term) return;
  if (last.from === from) strip.pop();
  strip.push({ from, standing, term });
}

/** The spans within moments `from` to `to`: the positions of the first, and after the last. */
export function within(strip: readonly Span[], from: number, to: number): [number, number] {
  const bound = (sought: number): number => {
    let low = 0;
    let high = strip.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (strip[middle]!.from < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [Math.max(0, bound(from + 1) - 1), bound(to)];
}

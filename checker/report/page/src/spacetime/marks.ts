// The marks on life lines: a shape for each kind of event, so that none is told by colour alone.

import type { Trace } from "../data";

export interface Mark {
  /** Its style. */
  readonly name: string;
  /** Its outline around the origin, within 6 units. */
  readonly path: string;
  /** How far below the line; negative: above it. */
  readonly offset: number;
  /** What the legend says. */
  readonly legend: string;
}

function mark(name: string, path: string, offset: number, legend: string): Mark {
  return { name, path, offset, legend };
}

const STAR = "M0-6.5 1.9-2.2 6.4-1.9 2.9 1 4 5.5 0 3 -4 5.5 -2.9 1 -6.4-1.9 -1.9-2.2Z";

export const MARKS = {
  leader: mark("leader", STAR, -15, "becomes leader"),
  candidate: mark("candidate", "M0-5.5 5.5 4.5H-5.5Z", -14, "campaigns"),
  "step-down": mark("step-down", "M0 5.5 5.5-4.5H-5.5Z", -14, "follows again"),
  vote: mark("vote", "M0-5.5 5.5 0 0 5.5 -5.5 0Z", 0, "votes"),
  append: mark("append", "M-5-5H5V5H-5Z", -14, "appends an entry (its term)"),
  truncate: mark("truncate", "M-5-5H5V5H-5ZM-5-5 5 5M-5 5 5-5", -14, "removes entries"),
  commit: mark("commit", "M-5 0 -1.5 4 5-4.5", 15, "commits up to an entry"),
  crash: mark("crash", "M-6-6 6 6M-6 6 6-6", 0, "goes down"),
  start: mark("start", "M-4-6 6 0 -4 6Z", 0, "starts"),
  snapshot: mark("snapshot", "M-5-4.5H5V-1.5H-5ZM-5 0.5H5V3.5H-5Z", 15, "takes or restores a snapshot"),
  saved: mark("saved", "M0-4.5V4.5", 0, "has saved to its disk"),
  other: mark("other", "M-2.5-2.5H2.5V2.5H-2.5Z", 13, "lease, transfer"),
} satisfies Record<string, Mark>;

/** The mark of an event, or null: little is to be seen of it. */
export function markOf(trace: Trace, event: number): Mark | null {
  switch (trace.kinds[trace.kind[event]!]) {
    case "role-changed":
      return markOfRole(trace.texts[trace.text[event]!]);
    case "vote-granted":
      return MARKS.vote;
    case "appended":
      return MARKS.append;
    case "truncated":
      return MARKS.truncate;
    case "committed":
      return MARKS.commit;
    case "stopped":
      return MARKS.crash;
    case "started":
      return MARKS.start;
    case "snapshot-taken":
    case "snapshot-restored":
      return MARKS.snapshot;
    case "persisted":
      return MARKS.saved;
    case "lease-read":
    case "transfer-started":
    case "transfer-ended":
      return MARKS.other;
  }
  return null;
}

function markOfRole(role: string | undefined): Mark {
  if (role === "leader") return MARKS.leader;
  return role === "follower" ? MARKS["step-down"] : MARKS.candidate;
}

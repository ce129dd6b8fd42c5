// Messages as arrows: which are to be seen, and from where to where.

import type { Fate } from "../data";
import type { Axis } from "./axis";
import { lowerBound, type Moments } from "./moments";

/** Messages that were under way for more moments than this are looked for one by one. */
const LONG = 512;

export interface Arrow {
  readonly row: number;
  readonly fate: Fate;
  readonly source: number;
  readonly target: number;
  /** Where it begins and ends on the axis; one that does not arrive ends on its way. */
  readonly from: number;
  readonly to: number;
  /** How far it comes: 1 is the target. */
  readonly reach: number;
  readonly isReply: boolean;
  readonly family: "vote" | "append" | "snapshot" | "other";
}

export class Arrows {
  private readonly long: number[] = [];
  /** The moments at which messages left, in that order. */
  private readonly left: Int32Array;
  /** Messages that never arrived, and the moments at which they left. */
  private readonly lost: readonly number[];
  private readonly leftLost: readonly number[];
  /** Messages of a Raft that is not ours may all be labelled alike: that says nothing. */
  readonly haveLabels: boolean;
  private readonly families: readonly Arrow["family"][];
  private readonly replies: readonly boolean[];

  constructor(private readonly moments: Moments) {
    const { messages } = moments;
    this.left = moments.bySending.map((row) => moments.ofSending[row]!);
    for (let row = 0; row < messages.source.length; row++) {
      if (this.end(row) - moments.ofSending[row]! > LONG) this.long.push(row);
    }
    this.lost = Array.from(moments.bySending).filter((row) => moments.ofArrival[row]! < 0);
    this.leftLost = this.lost.map((row) => moments.ofSending[row]!);
    this.haveLabels = new Set(messages.labels).size > 1;
    this.families = messages.kinds.map((kind) => {
      if (kind.includes("vote")) return "vote";
      return kind.startsWith("append") ? "append" : kind.startsWith("snapshot") ? "snapshot" : "other";
    });
    this.replies = messages.kinds.map((kind) => kind.endsWith("reply"));
  }

  private end(row: number): number {
    const arrival = this.moments.ofArrival[row]!;
    return arrival >= 0 ? arrival : this.moments.ofSending[row]!;
  }

  /** The messages on their way within moments `from` to `to`, at most so many, else null. */
  within(from: number, to: number, most: number): number[] | null {
    const { bySending, ofSending } = this.moments;
    const first = lowerBound(this.left, from - LONG);
    const end = lowerBound(this.left, to + 1);
    if (end - first > most + LONG) return null;
    const rows = this.long.filter((row) => ofSending[row]! < from - LONG && this.end(row) >= from);
    for (let at = first; at < end; at++) if (this.end(bySending[at]!) >= from - 2) rows.push(bySending[at]!);
    return rows.length > most ? null : rows;
  }

  /** Messages that never arrived, sent within these moments. */
  dropped(from: number, to: number): readonly number[] {
    const first = lowerBound(this.leftLost, from);
    return this.lost.slice(first, lowerBound(this.leftLost, to + 1));
  }

  arrow(row: number, axis: Axis): Arrow {
    const { messages, ofSending, ofArrival } = this.moments;
    const fate = messages.fates[messages.fate[row]!] ?? "delivered";
    const from = axis.left[ofSending[row]!]!;
    const arrives = ofArrival[row]! >= 0;
    const kind = messages.kind[row]!;
    return {
      row,
      fate,
      source: messages.source[row]!,
      target: messages.target[row]!,
      from,
      to: arrives ? axis.left[ofArrival[row]!]! + 0.35 : from + 1.4,
      reach: arrives ? 1 : fate === "down" ? 0.86 : 0.55,
      isReply: this.replies[kind] ?? false,
      family: this.families[kind] ?? "other",
    };
  }
}

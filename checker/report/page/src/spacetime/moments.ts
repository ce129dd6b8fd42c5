// The order in which things happened: events of the trace, messages that leave, messages that
// arrive. What one node does without a break, such as all that a message leads to, is one beat.

import type { Messages, Trace } from "../data";
import { timesOf } from "../data";

export const EVENT = 0;
export const ARRIVAL = 1;
export const SENDING = 2;

/** Messages as columns, none if the report has none. */
const NONE: Messages = {
  kinds: [],
  texts: [],
  labels: [],
  fates: [],
  source: [],
  target: [],
  kind: [],
  term: [],
  sent: [],
  sent_at: [],
  arrived: [],
  arrived_at: [],
  fate: [],
  original: [],
  words: [],
};

/**
 * Everything that happened, one moment after the other, as columns. A position in them is a cursor:
 * so many moments have happened.
 */
export class Moments {
  readonly messages: Messages;
  /** EVENT, ARRIVAL or SENDING, and what: a position in the trace, or in the messages. */
  readonly what: Uint8Array;
  readonly which: Int32Array;
  readonly node: Int32Array;
  readonly time: Float64Array;
  /** So many events of the trace, as shown, happened before each moment; one element more. */
  readonly place: Int32Array;
  /** The moment of each event; of each message when it left, and when it was received (-1: never). */
  readonly ofEvent: Int32Array;
  readonly ofSending: Int32Array;
  readonly ofArrival: Int32Array;
  /** The messages in the order in which they left. */
  readonly bySending: Int32Array;
  /** The first moment of each beat, and the end of the last. */
  readonly beats: Int32Array;

  constructor(
    private readonly trace: Trace,
    messages: Messages | undefined,
    /** Places at which a beat ends whoever goes on: where chapters begin. */
    borders: ReadonlySet<number> = new Set(),
  ) {
    this.messages = messages ?? NONE;
    const count = this.messages.source.length;
    const room = trace.kind.length + 2 * count;
    this.what = new Uint8Array(room);
    this.which = new Int32Array(room);
    this.node = new Int32Array(room);
    this.time = new Float64Array(room);
    this.place = new Int32Array(room + 1);
    this.ofEvent = new Int32Array(trace.kind.length);
    this.ofSending = new Int32Array(count).fill(-1);
    this.ofArrival = new Int32Array(count).fill(-1);
    this.bySending = Int32Array.from({ length: count }, (_, row) => row);
    this.fill(timesOf(trace));
    this.beats = this.findBeats(borders);
  }

  private length = 0;

  /** So many moments. */
  get size(): number {
    return this.length;
  }

  private fill(times: Float64Array): void {
    const { messages, trace } = this;
    const size = trace.kind.length;
    const placeOf = (global: number): number => Math.max(0, Math.min(size, global - trace.first));
    const { bySending: sendings } = this;
    sendings.sort(
      (one, other) =>
        messages.sent_at[one]! - messages.sent_at[other]! || messages.sent[one]! - messages.sent[other]! || one - other,
    );
    const rank = new Int32Array(sendings.length);
    sendings.forEach((row, at) => (rank[row] = at));
    const down = messages.fates.indexOf("down");
    const arrivals = Array.from(sendings).filter(
      (row) => messages.arrived_at[row]! >= 0 && messages.fate[row] !== down,
    );
    arrivals.sort(
      (one, other) =>
        messages.arrived_at[one]! - messages.arrived_at[other]! ||
        messages.arrived[one]! - messages.arrived[other]! ||
        rank[one]! - rank[other]!,
    );
    let sending = 0;
    let arriving = 0;
    for (let place = 0; place <= size; place++) {
      const first = sending;
      while (sending < sendings.length && placeOf(messages.sent_at[sendings[sending]!]!) <= place) sending++;
      const from = arriving;
      while (arriving < arrivals.length && placeOf(messages.arrived_at[arrivals[arriving]!]!) <= place) arriving++;
      if (sending > first || arriving > from) {
        this.interleave(sendings.subarray(first, sending), arrivals.slice(from, arriving), rank, place);
      }
      if (place < size) {
        this.ofEvent[place] = this.length;
        this.add(EVENT, place, trace.node[place]!, times[place]!, place);
      }
    }
    this.place[this.length] = size;
  }

  /**
   * Sendings and arrivals that no event lies between. A message arrives after it was sent; what a
   * node sends at the same time comes after what has reached it.
   */
  private interleave(sendings: Int32Array, arrivals: readonly number[], rank: Int32Array, place: number): void {
    const { messages } = this;
    let next = 0;
    const arriveUpTo = (until: number): void => {
      for (; next < until; next++) {
        const row = arrivals[next]!;
        this.ofArrival[row] = this.length;
        this.add(ARRIVAL, row, messages.target[row]!, messages.arrived[row]!, place);
      }
    };
    for (const row of sendings) {
      const sent = messages.sent[row]!;
      let until = next;
      for (let at = next; at < arrivals.length; at++) {
        const arrival = arrivals[at]!;
        const arrived = messages.arrived[arrival]!;
        if (arrived > sent || (arrived === sent && rank[arrival]! >= rank[row]!)) break;
        if (arrived < sent || messages.target[arrival] === messages.source[row]) until = at + 1;
      }
      arriveUpTo(until);
      this.ofSending[row] = this.length;
      this.add(SENDING, row, messages.source[row]!, sent, place);
    }
    arriveUpTo(arrivals.length);
  }

  private add(what: number, which: number, node: number, time: number, place: number): void {
    const at = this.length++;
    this.what[at] = what;
    this.which[at] = which;
    this.node[at] = node;
    this.time[at] = time;
    this.place[at] = place;
  }

  private findBeats(borders: ReadonlySet<number>): Int32Array {
    const found: number[] = [];
    for (let at = 0; at < this.length; at++) {
      if (at === 0 || this.beginsBeat(at, borders)) found.push(at);
    }
    found.push(this.length);
    return Int32Array.from(found);
  }

  private beginsBeat(at: number, borders: ReadonlySet<number>): boolean {
    if (this.what[at] === ARRIVAL) return true;
    if (this.node[at] !== this.node[at - 1] || this.time[at] !== this.time[at - 1]) return true;
    if (this.what[at] !== EVENT) return false;
    const kind = this.kind(at);
    if (kind === "started" || kind === "stopped") return true;
    // What a step delivers comes before its first event, and belongs to it.
    return this.what[at - 1] !== ARRIVAL && borders.has(this.place[at]! + this.trace.first);
  }

  /** The kind of an event's moment. */
  kind(at: number): string {
    return this.trace.kinds[this.trace.kind[this.which[at]!]!]!;
  }

  /** The beat that a cursor is in or at the end of: positions in `beats`. */
  beatBefore(cursor: number): number {
    return Math.max(0, lowerBound(this.beats, cursor) - 1);
  }

  /** The cursor right after so many events. */
  cursorOfPlace(place: number): number {
    return place <= 0 ? 0 : this.ofEvent[Math.min(place, this.ofEvent.length) - 1]! + 1;
  }
}

/** The first position whose value is not below the one that is sought. */
export function lowerBound(values: ArrayLike<number>, sought: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < sought) low = middle + 1;
    else high = middle;
  }
  return low;
}

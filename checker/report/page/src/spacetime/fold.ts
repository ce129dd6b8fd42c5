// What each node is and knows at each place in the trace: the events, folded.
//
// A log is a chain from its last entry back, so that appending and truncating change one link and a
// state is copied at no cost. States are kept every some hundred events: going anywhere is cheap.

import type { Trace } from "../data";

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/** The end of a chain of entries, which goes on after `base`, the last index of a snapshot. */
export interface LogEnd {
  base: number;
  /** The term of the entry at `base`; 0: none, or not known. */
  baseTerm: number;
  /** Where the last entry stands in the chains; -1: there is none after `base`. */
  tip: number;
  last: number;
}

/** What a disk holds. */
export interface Saved extends LogEnd {
  term: number;
  vote: number;
}

/** A node. While it is down, it is its disk that holds anything: `saved`. */
export interface NodeState extends LogEnd {
  isUp: boolean;
  /** It was up before. */
  hasRun: boolean;
  /** It tells what its disk held: from its start to the first write. */
  isRecovering: boolean;
  role: Role;
  term: number;
  /** A node, or -1. */
  vote: number;
  commit: number;
  applied: number;
  /** Up to here the log in memory is on the disk. */
  durable: number;
  saved: Saved;
  /** A position in the texts of the trace, or -1: not told. */
  configuration: number;
  /** What the report says of the configuration before its first event. */
  initialConfiguration: string;
}

export interface LogEntry {
  readonly index: number;
  readonly term: number;
  readonly text: string;
}

/** So many events lie between two states that are kept. */
const EVERY = 256;

function copy(state: NodeState): NodeState {
  return { ...state, saved: { ...state.saved } };
}

const EMPTY: LogEnd = { base: 0, baseTerm: 0, tip: -1, last: 0 };

export class Fold {
  /** So many events. */
  readonly size: number;
  // The chains: an element for each entry that was there at first, then one for each event.
  private readonly parent: Int32Array;
  private readonly indices: Int32Array;
  private readonly terms: Int32Array;
  private readonly texts: (string | number)[] = [];
  private readonly given: number;
  private readonly kept: NodeState[][] = [];
  private last: { place: number; states: NodeState[] };

  constructor(
    private readonly trace: Trace,
    nodes: number,
  ) {
    this.size = trace.kind.length;
    this.given = trace.initial.reduce((sum, { log }) => sum + log.length, 0);
    const room = this.given + this.size;
    this.parent = new Int32Array(room).fill(-1);
    this.indices = new Int32Array(room);
    this.terms = new Int32Array(room);
    const states = this.initial(nodes);
    for (let place = 0; place < this.size; place++) {
      if (place % EVERY === 0) this.kept.push(states.map(copy));
      this.apply(states, place);
    }
    if (this.size % EVERY === 0) this.kept.push(states.map(copy));
    this.last = { place: this.size, states };
  }

  /** The nodes after so many events. */
  at(place: number): readonly NodeState[] {
    const wanted = Math.max(0, Math.min(this.size, place));
    let { place: from, states } = this.last;
    if (from > wanted || wanted - from > EVERY) {
      const kept = Math.floor(wanted / EVERY);
      from = kept * EVERY;
      states = this.kept[kept]!;
    }
    states = states.map(copy);
    for (; from < wanted; from++) this.apply(states, from);
    this.last = { place: wanted, states };
    return states;
  }

  /** The last entries of a log, at most so many, in the order of the log. */
  entries(log: LogEnd, most = Infinity): LogEntry[] {
    const found: LogEntry[] = [];
    for (let at = log.tip; at >= 0 && found.length < most; at = this.parent[at]!) {
      if (this.indices[at]! <= log.base) break;
      found.push({ index: this.indices[at]!, term: this.terms[at]!, text: this.text(at) });
    }
    return found.reverse();
  }

  private text(at: number): string {
    if (at < this.given) return String(this.texts[at]);
    const text = this.trace.text[at - this.given]!;
    return text < 0 ? "" : (this.trace.texts[text] ?? "");
  }

  private initial(nodes: number): NodeState[] {
    let at = 0;
    return Array.from({ length: nodes }, (_, node) => {
      const given = this.trace.initial[node];
      const end: LogEnd = { ...EMPTY, base: given?.base ?? 0, last: given?.base ?? 0 };
      for (const { index, term, text } of given?.log ?? []) {
        this.link(at, end, index, term);
        this.texts.push(text);
        at++;
      }
      const durable = given?.durable ?? 0;
      const state: NodeState = {
        ...end,
        isUp: given?.is_up ?? false,
        hasRun: given !== undefined && (given.is_up || given.term > 0),
        isRecovering: false,
        role: (given?.role as Role | undefined) || "follower",
        term: given?.term ?? 0,
        vote: given?.voted_for ?? -1,
        commit: given?.commit ?? 0,
        applied: given?.applied ?? 0,
        durable,
        saved: { ...end, term: given?.term ?? 0, vote: given?.voted_for ?? -1 },
        configuration: -1,
        initialConfiguration: given?.configuration ?? "",
      };
      this.save(state, durable);
      return state;
    });
  }

  // -- The chains ---------------------------------------------------------------------------------

  private link(at: number, end: LogEnd, index: number, term: number): void {
    this.parent[at] = end.tip;
    this.indices[at] = index;
    this.terms[at] = term;
    end.tip = at;
    end.last = index;
  }

  /** The last element up to `index`. */
  private upTo(tip: number, index: number): number {
    while (tip >= 0 && this.indices[tip]! > index) tip = this.parent[tip]!;
    return tip;
  }

  private cut(end: LogEnd, last: number): void {
    end.tip = this.upTo(end.tip, last);
    end.last = end.tip < 0 ? end.base : Math.max(end.base, this.indices[end.tip]!);
  }

  private save(state: NodeState, last: number): void {
    const { saved } = state;
    saved.base = state.base;
    saved.baseTerm = state.baseTerm;
    saved.tip = state.tip;
    this.cut(saved, last);
  }

  // -- The events ---------------------------------------------------------------------------------

  private apply(states: NodeState[], place: number): void {
    const { trace } = this;
    const state = states[trace.node[place]!];
    if (!state) return;
    const index = trace.index[place]!;
    const term = trace.term[place]!;
    const other = trace.node2[place]!;
    switch (trace.kinds[trace.kind[place]!]) {
      case "started":
        Object.assign(state, EMPTY, { isUp: true, hasRun: true, isRecovering: true });
        Object.assign(state, { role: "follower", term, vote: other, commit: 0, applied: 0, durable: 0 });
        state.saved.term = term;
        state.saved.vote = other;
        break;
      case "stopped":
        state.isUp = false;
        break;
      case "term-changed":
        state.term = term;
        state.vote = -1;
        break;
      case "role-changed":
        state.role = (trace.texts[trace.text[place]!] as Role | undefined) ?? "follower";
        break;
      case "vote-granted":
        if (term === state.term) state.vote = other;
        break;
      case "appended":
        this.link(this.given + place, state, index, term);
        break;
      case "truncated":
        this.cut(state, index - 1);
        state.durable = Math.min(state.durable, index - 1);
        break;
      case "persisted":
        this.persist(state, index, term, other);
        break;
      case "committed":
        state.commit = index;
        break;
      case "applied":
        state.applied = index;
        break;
      case "configuration-changed":
        state.configuration = trace.text[place]!;
        break;
      case "snapshot-taken":
        if (index > state.saved.last && index <= state.last) this.save(state, index);
        state.durable = Math.max(state.durable, Math.min(index, state.last));
        break;
      case "snapshot-restored":
        this.restore(state, index, term, trace.number[place]!);
        break;
      case "compacted":
        this.compact(state, index);
        break;
    }
  }

  private persist(state: NodeState, last: number, term: number, vote: number): void {
    state.isRecovering = false;
    state.saved.term = term;
    state.saved.vote = vote;
    // The vote that counts is the one in memory; the trace tells it when it is saved or granted.
    if (term === state.term && vote >= 0) state.vote = vote;
    // A snapshot received is durable only with a write that reaches it.
    if (last < state.base) return;
    state.durable = last;
    this.save(state, last);
  }

  private restore(state: NodeState, index: number, term: number, last: number): void {
    const at = this.upTo(state.tip, index);
    const isHeld = at >= 0 && this.indices[at] === index && this.terms[at] === term;
    // A snapshot of what the disk holds as entries costs nothing; another one is yet to be written.
    state.durable = Math.min(state.durable, isHeld ? last : index - 1);
    if (last > index) {
      this.cut(state, last);
    } else {
      state.tip = -1;
      state.last = index;
    }
    state.base = index;
    state.baseTerm = term;
    state.commit = Math.max(state.commit, index);
    state.applied = Math.max(state.applied, index);
  }

  private compact(state: NodeState, index: number): void {
    const at = this.upTo(state.tip, index);
    if (at >= 0 && this.indices[at] === index) state.baseTerm = this.terms[at]!;
    state.base = Math.max(state.base, index);
    state.last = Math.max(state.last, state.base);
    if (state.saved.last >= index && state.saved.base < index) {
      state.saved.base = state.base;
      state.saved.baseTerm = state.baseTerm;
    }
  }
}

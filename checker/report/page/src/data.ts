/*
 * What a report shows: the twin of checker/report/data.py, which says what each field means.
 * Fields that have their default are left out of the JSON; `complete` puts them back.
 *
 * Every string is text, from whoever wrote the history: show it with textContent, never as markup.
 */

/** A piece of a sentence; at most one of the others is set, and says what it leads to. */
export interface Span {
  text: string;
  operation?: number;
  node?: number;
  /** A place in the trace: the state of the nodes right after this event. */
  event?: number;
  time?: number;
}

export type Words = Span[];

export interface Promised {
  name: string;
  statement: string;
  reason: string;
}

export interface Failed {
  kind: string;
  message: string;
  words: Words;
  promise?: Promised;
  time?: number;
  nodes?: number[];
  event?: number;
  operations?: number[];
}

export type Validity = "valid" | "invalid" | "unknown";

export interface VerdictShown {
  validity: Validity;
  paragraph: Words;
  failures: Failed[];
  reasons: string[];
}

/** Values of Operations.type. */
export const OK = 0;
export const INFO = 1;
export const FAIL = 2;

/** Columns, by the order in which operations began. */
export interface Operations {
  processes: string[];
  functions: string[];
  keys: string[];
  errors: string[];
  process: number[];
  f: number[];
  key: number[];
  value: string[];
  result: string[];
  type: number[];
  start: number[];
  /** -1: never answered. */
  end: number[];
  error: number[];
}

export interface Linearization {
  order: number[];
  time: number[];
}

export interface Attempt {
  steps: { operation: number; state: string }[];
  stuck: { operation: number; why: Words }[];
}

export interface Counterexample {
  sentence: Words;
  keys: string[];
  last: number;
  prefix: number;
  time: number;
  operations: number[];
  letters: string[];
  initial: string;
  is_minimal: boolean;
  attempts: Attempt[];
  since?: number;
  elements?: string[];
}

/** A fault while it lasts; `end` missing: to the end of the run; equal to `start`: an instant. */
export interface Band {
  kind: string;
  words: string;
  start: number;
  end?: number;
  nodes?: number[];
}

/** A node was leader of a term; `first`, `last`: places in the trace. */
export interface Reign {
  node: number;
  term: number;
  start: number;
  end?: number;
  first?: number;
  last?: number;
}

export interface Entry {
  index: number;
  term: number;
  text: string;
}

export interface NodeState {
  is_up: boolean;
  role: string;
  term: number;
  voted_for: number;
  commit: number;
  applied: number;
  durable: number;
  base: number;
  log: Entry[];
  configuration?: string;
}

/** Columns, an event a row; see data.py for what the columns mean by kind. */
export interface Trace {
  first: number;
  began: number;
  total: number;
  initial: NodeState[];
  kinds: string[];
  texts: string[];
  /** Differences; `timesOf` gives times. */
  time: number[];
  node: number[];
  kind: number[];
  index: number[];
  term: number[];
  node2: number[];
  text: number[];
  number: number[];
}

export type Fate = "delivered" | "delayed" | "duplicate" | "lost" | "cut" | "down" | "held";

/** Columns, a copy of a message a row, in the order in which they were sent. */
export interface Messages {
  kinds: string[];
  texts: string[];
  /** Each of `texts` in a word or two. */
  labels: string[];
  fates: Fate[];
  source: number[];
  target: number[];
  kind: number[];
  term: number[];
  sent: number[];
  sent_at: number[];
  /** -1: never. */
  arrived: number[];
  arrived_at: number[];
  fate: number[];
  original: number[];
  words: number[];
}

export interface ScheduleStep {
  line: string;
  words?: string;
  time?: number;
  first?: number;
  last?: number;
}

export interface Skew {
  node: number;
  time: number[];
  offset: number[];
}

export interface Losses {
  time: number[];
  lost: number[];
}

export interface Figure {
  group: string;
  name: string;
  value: string;
}

export interface Report {
  version: number;
  title: string;
  subject: string;
  verdict: VerdictShown;
  end: number;
  unit: "ns" | "events";
  command?: string;
  model?: string;
  nodes: string[];
  operations?: Operations;
  linearization?: Linearization;
  counterexample?: Counterexample;
  bands: Band[];
  reigns: Reign[];
  trace?: Trace;
  /** What the nodes were right after the first failure, or at the end. */
  standing?: NodeState[];
  messages?: Messages;
  steps: ScheduleStep[];
  skews: Skew[];
  losses?: Losses;
  figures: Figure[];
  notes: string[];
}

/** The report in the page's JSON, with what was left out as it had its default. */
export function complete(read: Partial<Report>): Report {
  return {
    version: 1,
    title: "",
    subject: "",
    end: 0,
    unit: "ns",
    nodes: [],
    bands: [],
    reigns: [],
    steps: [],
    skews: [],
    figures: [],
    notes: [],
    ...read,
    verdict: {
      validity: "unknown",
      paragraph: [],
      failures: [],
      reasons: [],
      ...read.verdict,
    },
  };
}

/** The time of each event of a trace, in ns. */
export function timesOf(trace: Trace): Float64Array {
  const times = new Float64Array(trace.time.length);
  let now = trace.began;
  for (let at = 0; at < times.length; at++) {
    now += trace.time[at]!;
    times[at] = now;
  }
  return times;
}

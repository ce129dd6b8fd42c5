// What happened at a moment, in words.

import type { Report, Trace } from "../data";
import { duration } from "../shell/text";
import { ARRIVAL, type Moments, SENDING } from "./moments";

/** Entry 3; entries 3 and 4; entries 3 to 9. */
export function entriesWords(first: number, last: number): string {
  if (first === last) return `entry ${first}`;
  return `entries ${first} ${last === first + 1 ? "and" : "to"} ${last}`;
}

/** n1; n1 and n2; n1, n2 and n3. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What is told of one event, without its node; `isDetail`: others tell the same. */
interface Clause {
  readonly text: string;
  readonly isDetail: boolean;
}

const DETAILS = new Set(["term-exposed", "applied", "state-digest", "configuration-changed"]);

/** What is sent, by its kind; kinds of a Raft that is not ours are named as they are. */
const NOUNS: Record<string, string> = {
  append: "AppendEntries",
  "append-reply": "its answer",
  vote: "RequestVote",
  "vote-reply": "its answer",
  "pre-vote": "a question for a pre-vote",
  "pre-vote-reply": "its answer",
  snapshot: "InstallSnapshot",
  "snapshot-reply": "its answer",
  "timeout-now": "TimeoutNow",
  "read-index": "a question for a read index",
  "read-index-reply": "its answer",
};

export class Teller {
  private readonly trace: Trace;

  constructor(
    private readonly report: Report,
    private readonly moments: Moments,
  ) {
    this.trace = report.trace!;
  }

  node(number: number): string {
    return this.report.nodes[number] ?? "?";
  }

  /** The moments of one beat, or a part of it, as a sentence. */
  beat(from: number, to: number): string {
    const { moments } = this;
    if (from >= to) return "Nothing has happened yet.";
    const clauses: Clause[] = [];
    const sent: number[] = [];
    let opening = "";
    for (let at = from; at < to; at++) {
      if (moments.what[at] === ARRIVAL) {
        opening = `receives ${this.message(moments.which[at]!)}`;
      } else if (moments.what[at] === SENDING) {
        sent.push(moments.which[at]!);
      } else {
        at = this.event(at, to, clauses) - 1;
      }
    }
    // Details are told if there is nothing else to tell.
    const news = clauses.filter(({ isDetail }) => !isDetail);
    const isQuiet = news.length === 0 && !opening && sent.length === 0;
    const phrases = (isQuiet ? clauses : news).map(({ text }) => text);
    if (sent.length > 0) phrases.push(this.sendings(sent));
    const subject = this.node(moments.node[from]!);
    if (!opening) return `${subject} ${listed(phrases)}.`;
    return phrases.length > 0 ? `${subject} ${opening}: it ${listed(phrases)}.` : `${subject} ${opening}.`;
  }

  /** One event, and those of the same kind that follow it: where they end. */
  private event(at: number, to: number, clauses: Clause[]): number {
    const { moments } = this;
    const kind = moments.kind(at);
    const first = moments.which[at]!;
    let end = at + 1;
    if (kind === "appended" || kind === "applied") {
      while (end < to && moments.what[end] === 0 && moments.kind(end) === kind) end++;
    }
    const last = moments.which[end - 1]!;
    const isFew = last - first < 3;
    const words = last > first ? this.severalWords(kind, first, last, isFew) : this.eventWords(first);
    clauses.push({ text: words, isDetail: DETAILS.has(kind) });
    return end;
  }

  private severalWords(kind: string, first: number, last: number, isFew: boolean): string {
    const { trace } = this;
    const range = entriesWords(trace.index[first]!, trace.index[last]!);
    if (kind === "applied") return `applies ${range}`;
    if (!isFew) return `appends ${range}`;
    const each = [];
    for (let at = first; at <= last; at++) each.push(`term ${trace.term[at]}: ${this.text(at)}`);
    return `appends ${range} (${each.join("; ")})`;
  }

  private text(event: number): string {
    const at = this.trace.text[event]!;
    return at < 0 ? "" : (this.trace.texts[at] ?? "");
  }

  /** One event, as a verb phrase. */
  eventWords(event: number): string {
    const { trace } = this;
    const kind = trace.kinds[trace.kind[event]!]!;
    const index = trace.index[event]!;
    const term = trace.term[event]!;
    const other = trace.node2[event]!;
    const number = trace.number[event]!;
    const text = this.text(event);
    switch (kind) {
      case "started":
        return `starts in term ${term}${other >= 0 ? `, in which it has voted for ${this.node(other)}` : ""}`;
      case "stopped":
        return text === "crashed" ? "crashes" : `goes down (${text})`;
      case "term-changed":
        return `enters term ${term}`;
      case "term-exposed":
        return `sends its first message of term ${term}`;
      case "role-changed":
        return text === "leader" ? `becomes leader of term ${term}` : `becomes a ${text} in term ${term}`;
      case "vote-granted":
        return other === trace.node[event]
          ? `votes for itself in term ${term}`
          : `votes for ${this.node(other)} in term ${term}`;
      case "appended":
        return `appends entry ${index} of term ${term}${text ? ` (${text})` : ""}`;
      case "truncated":
        return `removes the entries from ${index} on`;
      case "persisted":
        return `has saved its term, vote and log${index > 0 ? ` up to entry ${index}` : ""}`;
      case "committed":
        return `commits up to entry ${index}`;
      case "applied":
        return `applies entry ${index}${number === 0 && text ? " (a duplicate, not executed again)" : ""}`;
      case "configuration-changed":
        return `goes by the configuration ${text}`;
      case "snapshot-taken":
        return `takes a snapshot up to entry ${index} of term ${term}`;
      case "snapshot-restored":
        return `restores a snapshot up to entry ${index} of term ${term}`;
      case "compacted":
        return `no longer keeps the entries up to ${index}`;
      case "state-digest":
        return `has state ${text} after entry ${index}`;
      case "lease-read":
        return `confirms a read at entry ${index} by its lease`;
      case "transfer-started":
        return `begins to hand over to ${this.node(other)}`;
      case "transfer-ended":
        return `ends the hand-over: ${text}`;
    }
    return kind;
  }

  /** A message, as a noun. */
  message(row: number): string {
    const { messages } = this.moments;
    const words = messages.texts[messages.words[row]!];
    if (words) return words;
    return `a message ${messages.kinds[messages.kind[row]!]} of ${this.node(messages.source[row]!)}`;
  }

  /** A message in a word or two. */
  label(row: number): string {
    const { messages } = this.moments;
    return messages.labels[messages.words[row]!] ?? messages.kinds[messages.kind[row]!] ?? "";
  }

  private sendings(rows: readonly number[]): string {
    const { messages } = this.moments;
    const targets = new Map<string, string[]>();
    for (const row of rows) {
      const noun = NOUNS[messages.kinds[messages.kind[row]!]!] ?? messages.kinds[messages.kind[row]!]!;
      const whom = targets.get(noun) ?? [];
      const target = this.node(messages.target[row]!);
      if (!whom.includes(target)) whom.push(target);
      targets.set(noun, whom);
    }
    return listed([...targets].map(([noun, whom]) => `sends ${noun} to ${listed(whom)}`));
  }

  /** What became of a message. */
  fate(row: number): string {
    const { messages } = this.moments;
    const target = this.node(messages.target[row]!);
    const took = duration(messages.arrived[row]! - messages.sent[row]!);
    switch (messages.fates[messages.fate[row]!]) {
      case "delivered":
        return `arrives at ${target} after ${took}`;
      case "delayed":
        return `is held back, and arrives at ${target} after ${took}`;
      case "duplicate":
        return `is a second copy, and arrives at ${target} after ${took}`;
      case "lost":
        return `is lost on its way to ${target}`;
      case "cut":
        return `is dropped: ${target} is cut off`;
      case "down":
        return `finds ${target} down`;
      case "held":
        return `has not reached ${target} when the run ends`;
    }
    return "";
  }
}

// The reigns of the leaders as stages of a run, as the paper's Figure 8 divides it: a stage ends
// before its leader goes, or before the next one campaigns.

import type { Scene } from "./scene";

export interface Stage {
  /** Moments from (inclusive) to (exclusive): the logs are shown as they are at its end. */
  readonly from: number;
  readonly to: number;
  readonly leader: number;
  readonly term: number;
  /** Those who voted for it. */
  readonly voters: readonly number[];
}

interface Election {
  readonly node: number;
  readonly term: number;
  /** The moment at which it won, that at which it began, and that at which its leader went. */
  readonly won: number;
  readonly began: number;
  gone: number;
  readonly voters: number[];
}

export function stagesOf(scene: Scene): Stage[] {
  const elections = electionsOf(scene);
  const end = scene.moments.size;
  let from = 0;
  return elections.map((election, at) => {
    const next = elections[at + 1];
    const wanted = next ? Math.min(election.gone, next.began) : end;
    // A stage shows at least its election.
    const to = at === elections.length - 1 ? end : Math.max(wanted, beatEnd(scene, election.won));
    const stage = { from, to, leader: election.node, term: election.term, voters: election.voters };
    from = to;
    return stage;
  });
}

function electionsOf(scene: Scene): Election[] {
  const { moments, report } = scene;
  const trace = report.trace!;
  const found: Election[] = [];
  const current = new Map<number, Election>();
  // Where each node entered its term: there its campaign began, if it is one.
  const entered = report.nodes.map(() => 0);
  const votes = new Map<string, Set<number>>();
  for (let event = 0; event < trace.kind.length; event++) {
    const node = trace.node[event]!;
    const at = moments.ofEvent[event]!;
    const term = trace.term[event]!;
    const kind = trace.kinds[trace.kind[event]!];
    if (kind === "vote-granted") {
      const name = `${term} ${trace.node2[event]}`;
      votes.set(name, (votes.get(name) ?? new Set()).add(node));
    } else if (kind === "term-changed" || kind === "stopped") {
      leave(current, node, at);
      entered[node] = at;
    } else if (kind === "role-changed") {
      leave(current, node, at);
      if (trace.texts[trace.text[event]!] !== "leader") continue;
      const voters = [...(votes.get(`${term} ${node}`) ?? [])];
      const election = { node, term, won: at, began: beatStart(scene, entered[node]!), gone: Infinity, voters };
      found.push(election);
      current.set(node, election);
    }
  }
  return found;
}

function leave(current: Map<number, Election>, node: number, at: number): void {
  const election = current.get(node);
  if (election) election.gone = at;
  current.delete(node);
}

function beatStart({ moments }: Scene, at: number): number {
  return moments.beats[moments.beatBefore(at + 1)]!;
}

function beatEnd({ moments }: Scene, at: number): number {
  return moments.beats[moments.beatBefore(at + 1) + 1]!;
}

// What the search and the filters ask for.

import type { Operations } from "../data";
import { operationText, processName, typeName } from "../shell/text";

export interface Filter {
  /** Positions in the tables of the operations; -1: any. */
  key: number;
  process: number;
  f: number;
  readonly types: Set<number>;
}

export function anything(): Filter {
  return { key: -1, process: -1, f: -1, types: new Set([0, 1, 2]) };
}

/** 1 for each operation that the filter lets through. */
export function passing(operations: Operations, filter: Filter): Uint8Array {
  const mask = new Uint8Array(operations.start.length);
  for (let at = 0; at < mask.length; at++) {
    mask[at] = Number(
      filter.types.has(operations.type[at]!) &&
        (filter.key < 0 || operations.key[at] === filter.key) &&
        (filter.process < 0 || operations.process[at] === filter.process) &&
        (filter.f < 0 || operations.f[at] === filter.f),
    );
  }
  return mask;
}

type Test = (at: number) => boolean;

/**
 * Finds operations by words: each must be in the operation's text, whatever its case. Some words
 * ask for more: `process:3`, `key:x`, `f:get`, `type:info`, and `slower:250` for those that took so
 * many ms.
 */
export class Search {
  private texts: string[] | null = null;

  constructor(private readonly operations: Operations) {}

  /** 1 for each operation found; null if nothing is asked for. */
  find(query: string): Uint8Array | null {
    const tests = query
      .trim()
      .split(/\s+/)
      .filter((word) => word !== "")
      .map((word) => this.test(word));
    if (tests.length === 0) return null;
    const found = new Uint8Array(this.operations.start.length);
    for (let at = 0; at < found.length; at++) found[at] = Number(tests.every((test) => test(at)));
    return found;
  }

  private test(word: string): Test {
    const { operations } = this;
    const [, field, value] = /^(process|key|f|type|slower):(.+)$/.exec(word) ?? [];
    if (field === undefined || value === undefined) {
      const texts = (this.texts ??= operations.start.map((_, at) => operationText(operations, at).toLowerCase()));
      const lower = word.toLowerCase();
      return (at) => texts[at]!.includes(lower);
    }
    switch (field) {
      case "process":
        return (at) => processName(operations, at) === value;
      case "key":
        return (at) => operations.keys[operations.key[at]!] === value;
      case "f":
        return (at) => operations.functions[operations.f[at]!] === value;
      case "type":
        return (at) => typeName(operations.type[at]!) === value;
      default:
        return (at) => operations.end[at]! >= 0 && operations.end[at]! - operations.start[at]! >= Number(value) * 1e6;
    }
  }
}

// The families of faults, and their colours.

import type { Band } from "../data";

/** The kinds of faults (nemesis/faults, nemesis/macro), by family; others by the words in them. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/partition|grudge|disconnect|isolate|hold/, "partition"],
  [/disk|unsynced|torn|flip|lost-file|lose-file|io-error|full/, "disk"],
  [/crash|restart|kill|power|first-start/, "crash"],
  [/pause|stall/, "pause"],
  [/loss|duplicate|reorder|delay|slow-link|network/, "network"],
  [/clock/, "clock"],
  [/server|reconfigure|joint|replace|transfer|change|member/, "membership"],
];

/** The custom property that holds the colour of a fault's family. */
export function faultColourName(band: Band): string {
  return `fault-${FAMILIES.find(([pattern]) => pattern.test(band.kind))?.[1] ?? "other"}`;
}

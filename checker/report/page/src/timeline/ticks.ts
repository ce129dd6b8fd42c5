// A time axis whose marks are round numbers, in the unit that suits them.

import type { ScaleLinear } from "d3-scale";
import { tickStep } from "d3-array";

/** The marks within the scale's domain, and what stands beside each. */
export function timeTicks(
  scale: ScaleLinear<number, number>,
  about: number,
  unit: "ns" | "events",
): { readonly values: number[]; label(value: number): string } {
  const [from, to] = scale.domain() as [number, number];
  const values = scale.ticks(about);
  if (unit === "events") return { values, label: (value) => (Number.isInteger(value) ? String(value) : "") };
  const step = Math.max(1e-3, tickStep(from, to, about));
  const largest = Math.max(Math.abs(from), Math.abs(to));
  const [size, name] =
    largest >= 1e9 && step >= 1e6 ? [1e9, "s"] : largest >= 1e6 && step >= 1e3 ? [1e6, "ms"] : largest >= 1e3 && step >= 1 ? [1e3, "µs"] : [1, "ns"];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
  return { values, label: (value) => `${(value / size).toFixed(digits)} ${name}` };
}

// How operations, times and nodes are called, the same everywhere.

import { FAIL, INFO, OK, type Operations, type Report } from "../data";

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

/** A duration in ns with at most `digits` significant digits: "12.3 ms". */
export function duration(ns: number, digits = 3): string {
  if (ns === 0) return "0 s";
  // What would be rounded up to a thousand is said in the next unit.
  const [unit, name] = UNITS.find(([unit]) => Math.abs(ns) >= unit * 0.9995) ?? [1, "ns"];
  const value = ns / unit;
  const fraction = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(1, Math.abs(value)))));
  return `${Number(value.toFixed(fraction))} ${name}`;
}

/** A moment of the run, to the microsecond where it takes that: "1.204311 s". */
export function moment(report: Report, time: number): string {
  if (report.unit === "events") return `event ${time}`;
  return `${(time / 1e9).toFixed(6).replace(/(\.\d{3}\d*?)0+$/, "$1")} s`;
}

/** A part of the run, as precise as its length asks for: "1.20 – 1.45 s". */
export function rangeText(report: Report, from: number, to: number): string {
  if (report.unit === "events") return `events ${Math.round(from)} – ${Math.round(to)}`;
  const digits = Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(Math.max(1, to - from) / 1e9))));
  return `${(from / 1e9).toFixed(digits)} – ${(to / 1e9).toFixed(digits)} s`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** "ok", "info" or "fail". */
export function typeName(type: number): "ok" | "info" | "fail" {
  return type === OK ? "ok" : type === FAIL ? "fail" : "info";
}

/** What was asked: "put x 1". */
export function asked(operations: Operations, at: number): string {
  const key = operations.key[at]!;
  const parts = [operations.functions[operations.f[at]!]!, key < 0 ? "" : operations.keys[key]!, operations.value[at]!];
  return parts.filter((part) => part !== "").join(" ");
}

/** What came of it: "→ 1", "fail: mismatch", "info: timed-out". */
export function answered(operations: Operations, at: number): string {
  const type = operations.type[at]!;
  const error = operations.error[at]!;
  const reason = error < 0 ? "" : operations.errors[error]!;
  if (type === OK) {
    const result = operations.result[at]!;
    return result === "" || result === operations.value[at] ? "" : `→ ${result}`;
  }
  if (type === INFO && operations.end[at]! < 0) return "never answered";
  return reason === "" ? typeName(type) : `${typeName(type)}: ${reason}`;
}

/** The operation in a few words: "get x → 1". */
export function operationText(operations: Operations, at: number): string {
  const answer = answered(operations, at);
  return answer === "" ? asked(operations, at) : `${asked(operations, at)} ${answer}`;
}

export function processName(operations: Operations, at: number): string {
  return operations.processes[operations.process[at]!]!;
}

/** The operation as a sentence, for tooltips and screen readers. */
export function operationSentence(report: Report, at: number): string {
  const operations = report.operations!;
  const type = typeName(operations.type[at]!);
  const start = operations.start[at]!;
  const end = operations.end[at]!;
  const when =
    end < 0
      ? `from ${moment(report, start)}`
      : `${moment(report, start)} to ${moment(report, end)}` +
        (report.unit === "ns" ? `, ${duration(end - start)}` : "");
  return `process ${processName(operations, at)}: ${operationText(operations, at)} (${type}), ${when}`;
}

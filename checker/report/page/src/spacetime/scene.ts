// What a run consists of, made once from the report, for all parts of this view.

import type { Report } from "../data";
import { Arrows } from "./arrows";
import { type Axis, type AxisKind, orderAxis, timeAxis } from "./axis";
import { borders, type Chapter, chaptersOf } from "./chapters";
import { type Faults, faultsOf } from "./faults";
import { Fold } from "./fold";
import { lowerBound, Moments } from "./moments";
import { type Span, stripsOf } from "./strips";
import { Teller } from "./words";

/** A failure that happened at a moment: the cursor right after it. */
export interface Violation {
  readonly cursor: number;
  readonly nodes: readonly number[];
  readonly kind: string;
  readonly message: string;
}

export class Scene {
  readonly moments: Moments;
  readonly fold: Fold;
  readonly teller: Teller;
  readonly chapters: readonly Chapter[];
  readonly strips: readonly (readonly Span[])[];
  readonly arrows: Arrows;
  readonly faults: Faults;
  readonly violations: readonly Violation[];
  private readonly axes = new Map<AxisKind, Axis>();

  constructor(readonly report: Report) {
    const trace = report.trace!;
    this.moments = new Moments(trace, report.messages, borders(report));
    this.fold = new Fold(trace, report.nodes.length);
    this.teller = new Teller(report, this.moments);
    this.chapters = chaptersOf(report, this.moments, this.teller);
    this.strips = stripsOf(report, this.moments);
    this.arrows = new Arrows(this.moments);
    this.faults = faultsOf(report, this.moments);
    this.violations = report.verdict.failures.flatMap(({ event, time, nodes, kind, message }) => {
      const cursor = this.cursorOfFailure(event, time);
      return cursor === null ? [] : [{ cursor, nodes: nodes ?? [], kind, message }];
    });
  }

  /** What clients were answered fails at a time, not at an event; a reader goes to what was then. */
  private cursorOfFailure(event: number | undefined, time: number | undefined): number | null {
    const { first } = this.report.trace!;
    if (event !== undefined) return event < first ? null : this.moments.cursorOfPlace(event + 1 - first);
    return time === undefined ? null : this.cursorAt(time);
  }

  /** The cursor after all that had happened by a time. */
  cursorAt(time: number): number {
    return lowerBound(this.moments.time.subarray(0, this.moments.size), time + 1);
  }

  axis(kind: AxisKind): Axis {
    let axis = this.axes.get(kind);
    if (!axis) {
      axis = kind === "order" ? orderAxis(this.moments) : timeAxis(this.moments);
      this.axes.set(kind, axis);
    }
    return axis;
  }

  /** The beat that ends at a cursor, or the part of it up to there. */
  beat(cursor: number): readonly [number, number] {
    if (cursor <= 0) return [0, 0];
    return [this.moments.beats[this.moments.beatBefore(cursor)]!, cursor];
  }

  /** The place in the trace, counted from the first event of the run, that a cursor stands after. */
  place(cursor: number): number {
    return this.moments.place[cursor]! + this.report.trace!.first;
  }
}

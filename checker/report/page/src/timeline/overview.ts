// The whole run in a strip at the bottom: how many operations were under way, what became of them,
// the faults, and which part is shown above.

import { html } from "../shell/dom";
import { colour, theme } from "../shell/theme";
import { faultColour } from "./surroundings";
import { OVERVIEW, type Scene } from "./scene";

/** How many operations of each type began in each pixel. What does not change with the window is
 * drawn once, until filter, width or theme change. */
export class Overview {
  private mask: Uint8Array | null = null;
  private columns: Uint32Array[] = [];
  private highest = 1;
  private readonly image = html("canvas");
  private imageOf = "";

  draw(context: CanvasRenderingContext2D, scene: Scene): void {
    const width = Math.floor(scene.plotWidth);
    const isCounted = this.mask === scene.mask && this.columns[0]?.length === width;
    const wanted = `${theme()} ${width} ${window.devicePixelRatio}`;
    if (!isCounted) this.count(scene, width);
    if (!isCounted || this.imageOf !== wanted) {
      this.paint(scene, width);
      this.imageOf = wanted;
    }
    const top = scene.height - OVERVIEW + 6;
    const height = OVERVIEW - 14;
    context.globalAlpha = 1;
    context.fillStyle = colour("surface");
    context.fillRect(0, scene.height - OVERVIEW, scene.width, OVERVIEW);
    context.drawImage(this.image, scene.gutter, top - 2, width, height + 4);
    const whole = scene.whole;
    const [from, to] = scene.view.domain() as [number, number];
    context.fillStyle = colour("surface");
    context.globalAlpha = 0.65;
    context.fillRect(scene.gutter, top, whole(from) - scene.gutter, height);
    context.fillRect(whole(to), top, scene.gutter + width - whole(to), height);
    context.globalAlpha = 1;
    context.strokeStyle = colour("accent");
    context.lineWidth = 1.5;
    context.strokeRect(whole(from), top - 1, Math.max(2, whole(to) - whole(from)), height + 2);
  }

  /** The strip itself, from two pixels above it to two below. */
  private paint(scene: Scene, width: number): void {
    const height = OVERVIEW - 14;
    const ratio = window.devicePixelRatio;
    this.image.width = Math.round(width * ratio);
    this.image.height = Math.round((height + 4) * ratio);
    const context = this.image.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 2 * ratio);
    context.fillStyle = colour("sunken");
    context.fillRect(0, 0, width, height);
    const place = (time: number): number => (time / scene.end) * width;
    for (const band of scene.data.bands) {
      context.fillStyle = faultColour(band);
      context.globalAlpha = 0.8;
      context.fillRect(place(band.start), 0, Math.max(1, place(band.end ?? scene.end) - place(band.start)), 2);
    }
    context.globalAlpha = 1;
    const names = ["ok", "info", "fail"];
    const bottoms = new Float64Array(width).fill(height);
    for (const type of [0, 2, 1]) {
      context.fillStyle = colour(names[type]!);
      for (let x = 0; x < width; x++) {
        const number = this.columns[type]![x]!;
        if (number === 0) continue;
        // What is rare must be seen, too.
        const tall = Math.max(type === 0 ? 1 : 2, (number / this.highest) * (height - 5));
        context.fillRect(x, bottoms[x]! - tall, 1, tall);
        bottoms[x]! -= tall;
      }
    }
    context.fillStyle = colour("violation");
    for (const { time } of scene.data.verdict.failures) {
      if (time !== undefined) context.fillRect(place(time) - 0.5, -2, 1.5, height + 4);
    }
  }

  private count(scene: Scene, width: number): void {
    const { operations } = scene.data;
    this.mask = scene.mask;
    this.columns = [0, 1, 2].map(() => new Uint32Array(width));
    if (!operations) return;
    const scale = width / scene.end;
    for (let at = 0; at < scene.mask.length; at++) {
      if (!scene.mask[at]) continue;
      const x = Math.min(width - 1, Math.floor(operations.start[at]! * scale));
      this.columns[operations.type[at]!]![x]!++;
    }
    this.highest = 1;
    for (let x = 0; x < width; x++) {
      this.highest = Math.max(this.highest, this.columns[0]![x]! + this.columns[1]![x]! + this.columns[2]![x]!);
    }
  }
}

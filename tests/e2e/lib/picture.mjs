// A picture of a screen, and how it differs from another.
import { spawnSync } from "node:child_process";

export class Picture {
  left = 0; // a picture is a rectangle, too
  top = 0;

  /** `pixels`: RGB, three bytes a pixel. */
  constructor(width, height, pixels) {
    [this.width, this.height, this.pixels] = [width, height, pixels];
  }

  /** Of the bytes of a PPM, as the format is defined. */
  static ofPpm(ppm) {
    const [, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.subarray(0, 64).toString("latin1"));
    return new Picture(Number(width), Number(height), ppm.subarray(ppm.length - 3 * width * height));
  }

  /** Of an image file in any format, or of whatever else ImageMagick takes for one. */
  static converted(...from) {
    const to = ["-alpha", "off", "-depth", "8", "ppm:-"];
    return Picture.ofPpm(spawnSync("convert", [...from, ...to], { maxBuffer: 1 << 28 }).stdout);
  }

  at(x, y) {
    const start = 3 * (y * this.width + x);
    return [...this.pixels.subarray(start, start + 3)];
  }

  row(y, left = 0, width = this.width) {
    return this.pixels.subarray(3 * (y * this.width + left), 3 * (y * this.width + left + width));
  }

  /** The smallest rectangle that holds every pixel that differs; null when none does. */
  difference(other) {
    let [left, top, right, bottom] = [this.width, this.height, -1, -1];
    for (let y = 0; y < this.height; y++) {
      const [mine, theirs] = [this.row(y), other.row(y)];
      if (mine.equals(theirs)) {
        continue;
      }
      const differs = (x) => !mine.subarray(3 * x, 3 * x + 3).equals(theirs.subarray(3 * x, 3 * x + 3));
      let [first, last] = [0, this.width - 1];
      while (!differs(first)) {
        first++;
      }
      while (!differs(last)) {
        last--;
      }
      [left, right] = [Math.min(left, first), Math.max(right, last)];
      [top, bottom] = [Math.min(top, y), y];
    }
    return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
  }
}

// Reads large white digits off a picture: each is compared with the ten of a reference rendering of the
// card's font, made by ImageMagick. What resembles none, or two, reads as "?". The same picture always
// reads the same.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { Picture } from "./picture.mjs";

const FONT = fileURLToPath(new URL("../../../native/overlay/fonts/NotoSans-Bold.ttf", import.meta.url));
const INK = 128; // each of red, green and blue is at least that: more of the pixel is white than is not
const COLUMNS = 16;
const ROWS = 24;
const ALIKE = 0.12; // so much of the grid's ink differs at most …
const UNLIKE = 2; // … and so many times as much does of every other digit

function isInk({ pixels, width }, x, y) {
  const at = 3 * (y * width + x);
  return pixels[at] >= INK && pixels[at + 1] >= INK && pixels[at + 2] >= INK;
}

/** The runs of successive numbers in [from, to) for which `holds`, as [start, end). */
function runs(from, to, holds) {
  const found = [];
  for (let i = from, start = null; i <= to; i++) {
    const now = i < to && holds(i);
    if (now && start === null) {
      start = i;
    } else if (!now && start !== null) {
      found.push([start, i]);
      start = null;
    }
  }
  return found;
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Where something stands by itself in the tallest lines within a rectangle that have pure white in them. */
function glyphs(picture, { left, top, width, height }) {
  const [right, bottom] = [left + width, top + height];
  const white = Buffer.from([255, 255, 255]);
  const lines = runs(top, bottom, (y) => picture.row(y, left, width).includes(white));
  const tallest = Math.max(0, ...lines.map(([start, end]) => end - start));
  return lines
    .filter(([start, end]) => end - start >= 0.8 * tallest)
    .flatMap(([start, end]) =>
      runs(left, right, (x) => range(start, end).some((y) => isInk(picture, x, y))).map(([x, xEnd]) => {
        const [first, last] = [range(start, end), range(start, end).reverse()].map((rows) =>
          rows.find((y) => range(x, xEnd).some((column) => isInk(picture, column, y))),
        );
        return { left: x, top: first, width: xEnd - x, height: last + 1 - first };
      }),
    );
}

/** How much ink each cell of a grid over that rectangle has, 0 to 1, and how slim it is. */
function shape(picture, { left, top, width, height }) {
  const ink = new Array(COLUMNS * ROWS).fill(0);
  const share = (width * height) / (COLUMNS * ROWS);
  const cells = (at, size, count) => {
    // The cells that pixel `at` of `size` lies in, and how much of it is in each.
    const [from, to] = [(at * count) / size, ((at + 1) * count) / size];
    return range(Math.floor(from), Math.ceil(to - 1e-9)).map((cell) => [
      cell,
      ((Math.min(to, cell + 1) - Math.max(from, cell)) * size) / count,
    ]);
  };
  const columnsOf = range(0, width).map((x) => cells(x, width, COLUMNS));
  for (let y = 0; y < height; y++) {
    const rows = cells(y, height, ROWS);
    for (let x = 0; x < width; x++) {
      if (!isInk(picture, left + x, top + y)) {
        continue;
      }
      for (const [column, across] of columnsOf[x]) {
        for (const [row, down] of rows) {
          ink[row * COLUMNS + column] += (across * down) / share;
        }
      }
    }
  }
  return { ink, slim: width / height };
}

/** 0: the same; 1: nothing in common. */
function distance(one, other) {
  const differing = one.ink.reduce((sum, level, i) => sum + Math.abs(level - other.ink[i]), 0);
  return differing / one.ink.length + Math.abs(one.slim - other.slim);
}

let reference = null; // by digit, its shape

function referenceShapes() {
  if (reference === null) {
    const text = ["-background", "black", "-fill", "white", "-font", FONT, "-pointsize", "100"];
    const picture = Picture.converted(...text, "-kerning", "20", "label:0123456789");
    reference = glyphs(picture, picture).map((place) => shape(picture, place));
    assert.equal(reference.length, 10, "the reference has ten digits");
  }
  return reference;
}

function digitOf(picture, place) {
  const seen = shape(picture, place);
  const ranked = referenceShapes()
    .map((expected, digit) => ({ digit, away: distance(seen, expected) }))
    .sort((a, b) => a.away - b.away);
  const isClear = ranked[0].away <= ALIKE && ranked[1].away >= UNLIKE * ranked[0].away;
  return isClear ? String(ranked[0].digit) : "?";
}

/** The digits of the largest white writing within a rectangle, line by line. */
export function readDigits(picture, rectangle) {
  return glyphs(picture, rectangle)
    .map((place) => digitOf(picture, place))
    .join("");
}

/** How tall the largest white writing within a rectangle is, in pixels. */
export function digitHeight(picture, rectangle) {
  return Math.max(0, ...glyphs(picture, rectangle).map(({ height }) => height));
}

import assert from "node:assert/strict";
import test from "node:test";

import * as format from "../../build/ui/format.js";

test("bytes have three digits and a unit", () => {
  const cases = { 0: "0 B", 999: "999 B", 1000: "1.00 kB", 1234: "1.23 kB", 99_950: "100 kB" };
  Object.assign(cases, {
    999_499: "999 kB",
    999_500: "1.00 MB",
    45_600_000: "45.6 MB",
    10_234_000_000: "10.2 GB",
  });
  for (const [bytes, text] of Object.entries(cases)) {
    assert.equal(format.formatBytes(Number(bytes), "en"), text);
  }
  assert.equal(format.formatBytes(1_234_567, "de"), "1,23 MB");
  assert.equal(format.formatBytes(-1, "en"), "0 B");
});

test("a speed of zero is not shown", () => {
  assert.equal(format.formatSpeed(0, "en"), "");
  assert.equal(format.formatSpeed(12_300_000, "en"), "12.3 MB/s");
});

test("the time left", () => {
  const cases = [
    [0, "< 1 min"],
    [60, "< 1 min"],
    [61, "2 min"],
    [3540, "59 min"],
    [3541, "1 h 00 min"],
  ];
  for (const [seconds, text] of [...cases, [11_100, "3 h 05 min"], [360_000, ""]]) {
    assert.equal(format.formatTimeLeft(seconds * 1000, 1000), text, `${seconds} s`);
  }
  assert.equal(format.formatTimeLeft(1000, 0), "");
  assert.equal(format.formatTimeLeft(-1, 1000), "");
});

test("100 percent is everything", () => {
  assert.equal(format.percentOf(999_999, 1_000_000), 99);
  assert.equal(format.percentOf(1_000_000, 1_000_000), 100);
  assert.equal(format.percentOf(0, 0), 0);
  assert.equal(format.formatPercent(42, "en"), "42%");
  assert.equal(format.formatPercent(42, "de"), "42\u00a0%");
});

test("dates name the year if it is another", () => {
  const now = Date.UTC(2026, 10, 21);
  assert.equal(format.formatDate(Date.UTC(2026, 5, 2, 12) / 1000, "en", now), "Jun 2");
  assert.match(format.formatDate(Date.UTC(2027, 0, 2, 12) / 1000, "en", now), /2027/);
});

test("codes and addresses as users type them", () => {
  assert.equal(format.formatCode("042137"), "042\u2009137");
  assert.equal(format.formatAddress("192.168.1.5", 9999), "192.168.1.5:9999");
  assert.equal(format.formatAddress("fe80::1%wlan0", 9999), "[fe80::1%wlan0]:9999");
});

test("the address to type is the first of IPv4, else the first", () => {
  const typed = (addresses) => format.typedAddress({ addresses, port: 9999 });
  assert.equal(typed(["fe80::1", "192.168.1.5"]), "192.168.1.5:9999");
  assert.equal(typed(["fe80::1"]), "[fe80::1]:9999");
  assert.equal(typed([]), "");
});

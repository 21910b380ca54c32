// What the controller does: the direction keys move to the nearest thing in that direction, within
// whatever is on top. Enter is A, Escape is B; the components handle those.

const DIRECTIONS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Where the controller is: the topmost dialog or menu, else the panel or the page shown. */
export function scope() {
  return [...document.querySelectorAll("[data-scope]")].at(-1) ?? document.body;
}

export function focusables(within = scope()) {
  const shown = (element) => element.getClientRects().length > 0;
  return [...within.querySelectorAll(".gpfocusable")].filter(shown);
}

/** The smaller the nearer; Infinity if it does not lie there. */
function distance(from, to, [x, y]) {
  const gap =
    x + y > 0
      ? x
        ? to.left - from.right
        : to.top - from.bottom
      : x
        ? from.left - to.right
        : from.top - to.bottom;
  if (gap < -2) {
    return Infinity;
  }
  const overlap = x
    ? Math.min(from.bottom, to.bottom) - Math.max(from.top, to.top)
    : Math.min(from.right, to.right) - Math.max(from.left, to.left);
  const sideways = x
    ? Math.abs(from.top + from.bottom - to.top - to.bottom) / 2
    : Math.abs(from.left - to.left);
  return overlap > 0 ? gap + sideways / 1000 : x ? Infinity : gap + sideways;
}

function move(direction) {
  const all = focusables();
  const current = all.includes(document.activeElement) ? document.activeElement : null;
  if (!current) {
    all[0]?.focus();
    return;
  }
  const from = current.getBoundingClientRect();
  const candidates = all
    .filter((element) => element !== current && !element.contains(current) && !current.contains(element))
    .map((element) => [distance(from, element.getBoundingClientRect(), direction), element])
    .filter(([far]) => far < Infinity)
    .sort(([a], [b]) => a - b);
  const nearest = candidates[0]?.[1];
  const tabs = nearest?.closest("[role=tablist]");
  const next = !tabs || tabs.contains(current) ? nearest : tabs.querySelector("[aria-selected=true]");
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else {
    // Past the last thing the panel scrolls to its end, as Steam's does.
    const scroller = current.closest("[data-scroll]");
    scroller?.scrollTo({ top: direction[1] > 0 ? scroller.scrollHeight : 0 });
  }
}

document.addEventListener("keydown", (event) => {
  const direction = DIRECTIONS[event.key];
  const inText = event.target instanceof HTMLInputElement;
  if (!direction || event.defaultPrevented || (inText && direction[0] !== 0)) {
    return;
  }
  event.preventDefault();
  move(direction);
});

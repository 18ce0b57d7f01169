// Dragging over a chart zooms into the steps that it covers. The two date
// fields of the range menu do the same without it.

/** @type {{ svg: SVGSVGElement, edges: number[], from: number, to: number, rect: SVGRectElement } | null} */
let drag = null;

document.addEventListener("pointerdown", (e) => {
  if (e.button !== 0 || e.pointerType === "touch" || !(e.target instanceof Element)) return;
  const box = e.target.closest("[data-brush]");
  const svg = e.target.closest('svg[role="img"]');
  if (!(box instanceof HTMLElement) || !(svg instanceof SVGSVGElement)) return;
  const edges = (box.dataset.brush ?? "").split(" ").map(Number);
  if (edges.length < 2) return;
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("class", "picked");
  rect.setAttribute("height", "100%");
  rect.setAttribute("pointer-events", "none");
  const at = step(svg, edges, e.clientX);
  drag = { svg, edges, from: at, to: at, rect };
});

document.addEventListener("pointermove", (e) => {
  if (!drag) return;
  drag.to = step(drag.svg, drag.edges, e.clientX);
  if (drag.to === drag.from && !drag.rect.isConnected) return; // a click is no drag
  if (!drag.rect.isConnected) drag.svg.append(drag.rect);
  const n = drag.edges.length - 1;
  const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to) + 1];
  drag.rect.setAttribute("x", (100 * a) / n + "%");
  drag.rect.setAttribute("width", (100 * (b - a)) / n + "%");
});

document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { edges, from, to, rect } = drag;
  const moved = rect.isConnected;
  rect.remove();
  drag = null;
  if (moved) zoom(edges[Math.min(from, to)], edges[Math.max(from, to) + 1]);
});

document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") leave();
});
document.addEventListener("pointercancel", leave);

function leave() {
  drag?.rect.remove();
  drag = null;
}

/** The step of the axis under a place on the screen. */
function step(svg, edges, x) {
  const box = svg.getBoundingClientRect();
  const share = (x - box.left) / box.width;
  return Math.min(Math.max(Math.floor(share * (edges.length - 1)), 0), edges.length - 2);
}

/** Shows the same page over [from, to), seconds since 1970. */
function zoom(from, to) {
  const url = new URL(location.href);
  for (const name of ["range", "cursor", "open"]) url.searchParams.delete(name);
  url.searchParams.set("from", stamp(from));
  url.searchParams.set("to", stamp(to));
  location.assign(url);
}

function stamp(seconds) {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

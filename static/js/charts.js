// The bubble over a chart: the words of the bucket's <title>, at once and
// inside the chart, instead of the browser's slow tip.

/** @type {HTMLElement | null} */
let bubble = null;
/** @type {Element | null} */
let hit = null;

document.addEventListener("pointermove", (e) => {
  const over = e.target instanceof Element ? e.target.closest(".chart .hit") : null;
  if (over !== hit) move(over);
});
document.addEventListener("pointerleave", () => move(null));
document.addEventListener("htmx:after:swap", () => move(null));
document.addEventListener("errata:replaced", () => move(null));

function move(next) {
  leave();
  hit = next;
  if (!hit) return;
  const title = hit.querySelector("title");
  const card = hit.closest(".trend");
  if (!title || !(card instanceof HTMLElement)) return;
  hit.dataset.words = title.textContent ?? "";
  title.remove(); // else the browser's own tip appears on top
  hit.classList.add("on");
  bubble = document.createElement("div");
  bubble.className = "bubble";
  bubble.setAttribute("aria-hidden", "true");
  bubble.textContent = hit.dataset.words;
  card.append(bubble);
  place(card, hit.getBoundingClientRect());
}

function leave() {
  bubble?.remove();
  bubble = null;
  if (!hit || !hit.dataset.words) return;
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = hit.dataset.words;
  hit.append(title);
  delete hit.dataset.words;
  hit.classList.remove("on");
}

function place(card, at) {
  const box = card.getBoundingClientRect();
  const width = bubble.offsetWidth;
  const x = Math.min(Math.max(at.x - box.x + at.width / 2 - width / 2, 6), box.width - width - 6);
  bubble.style.insetInlineStart = (getComputedStyle(card).direction === "rtl" ? box.width - x - width : x) + "px";
  bubble.style.insetBlockStart = Math.max(at.y - box.y - 34, 4) + "px";
}

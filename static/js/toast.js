// Toasts say for ten seconds what an act came to. They wait while the pointer
// or the focus is on them; F6 goes there. Errors stay until they are dismissed.

const last = 10_000;
/** @type {Map<Element, number>} */
const left = new Map();

const box = () => document.getElementById("toasts");
const held = () => box()?.matches(":hover, :focus-within") || document.hidden;

setInterval(() => {
  const all = box()?.querySelectorAll("[data-toast]") ?? [];
  for (const el of all) {
    if (!left.has(el)) begin(el);
    if (el.classList.contains("bad") || held()) continue;
    left.set(el, left.get(el) - 500);
    if (left.get(el) <= 0) el.remove();
  }
  for (const el of left.keys()) if (!el.isConnected) left.delete(el);
}, 500);

// A new one takes the place of those before, but for errors.
const list = box();
if (list) new MutationObserver((changes) => changes.forEach((c) => c.addedNodes.forEach(arrive))).observe(list, { childList: true });

function arrive(el) {
  if (!(el instanceof Element) || !el.matches("[data-toast]")) return;
  for (const old of box().querySelectorAll("[data-toast]:not(.bad)")) if (old !== el) old.remove();
  begin(el);
}

function begin(el) {
  left.set(el, last);
  const said = document.getElementById("said");
  if (said) said.textContent = el.querySelector("span")?.textContent ?? "";
}

/** @param {string} text @param {string} tone */
export function toast(text, tone = "") {
  const model = document.createElement("li");
  model.className = "toast " + tone;
  model.dataset.toast = "";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn ghost sm";
  close.dataset.dismiss = "";
  close.textContent = "Dismiss";
  model.append(words, close);
  box()?.append(model);
}

document.addEventListener("click", (e) => {
  if (e.target instanceof Element) e.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
});

document.addEventListener("keydown", (e) => {
  if (e.key !== "F6" || !box()?.childElementCount) return;
  e.preventDefault();
  box().querySelector("button")?.focus();
});

document.addEventListener("htmx:error", (e) => {
  const error = e.detail?.error;
  if (error?.name !== "AbortError") toast("This could not be sent. Check the connection and try again.", "bad");
});

// Shortcuts. A link or button names its key in data-key ("h", "L", "g i");
// here it is only pressed. j, k and Enter walk through the rows of a list.

import { rowKey } from "./act.js";

const off = "errata.keys.off";
let prefix = "";
let timer = 0;

/** Single keys must be possible to switch off (WCAG 2.1.4). */
const enabled = () => {
  try {
    return localStorage.getItem(off) === null;
  } catch {
    return true;
  }
};

for (const box of document.querySelectorAll("[data-keys]")) box.checked = enabled();
document.addEventListener("change", (e) => {
  if (!(e.target instanceof HTMLInputElement) || !e.target.matches("[data-keys]")) return;
  try {
    if (e.target.checked) localStorage.removeItem(off);
    else localStorage.setItem(off, "1");
  } catch {
    // storage is closed: the choice holds for this page only
  }
});

const typing = (el) => el instanceof HTMLElement && (el.isContentEditable || el.matches("input:not([type=checkbox], [type=radio]), textarea, select"));

document.addEventListener("keydown", (e) => {
  if (e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return;
  if (typing(e.target)) {
    if (e.key === "Escape") e.target.blur();
    return;
  }
  if (!enabled() || e.key.length !== 1 && e.key !== "Enter") return;
  if (press(e.key)) e.preventDefault();
});

function press(key) {
  const sequence = prefix ? prefix + " " + key : key;
  clearTimeout(timer);
  prefix = "";
  if (key === "g" && sequence === "g") {
    prefix = key;
    timer = setTimeout(() => (prefix = ""), 1200);
    return true;
  }
  return act(sequence) || rowKey(sequence) || walk(sequence);
}

function act(sequence) {
  for (const el of document.querySelectorAll(`[data-key="${CSS.escape(sequence)}"]`)) {
    if (!(el instanceof HTMLElement) || !reachable(el)) continue;
    if (typing(el)) el.focus();
    else el.click();
    return true;
  }
  return false;
}

/** What is hidden has no key, but for the choices of a closed menu of the page. */
function reachable(el) {
  return el.checkVisibility() || el.closest(".acts ~ .menu[popover]") !== null;
}

function walk(key) {
  const rows = [...document.querySelectorAll(".irow")];
  const at = rows.findIndex((r) => r.classList.contains("cursor"));
  if (key === "Enter" || key === "o") {
    if (at < 0 || (key === "Enter" && document.activeElement !== document.body && !rows[at].contains(document.activeElement))) return false;
    rows[at].querySelector(".ti")?.click();
    return true;
  }
  if ((key !== "j" && key !== "k") || rows.length === 0) return false;
  const next = rows[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), rows.length - 1)];
  rows[at]?.classList.remove("cursor");
  stand(next);
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function stand(row) {
  row.classList.add("cursor");
  row.querySelector(".ti, th a")?.focus({ preventScroll: true });
}

// Back leads to the row that was left.
document.addEventListener("click", (e) => {
  const row = e.target instanceof Element && e.target.closest("a")?.closest(".irow, #list tr[id]");
  if (row) history.replaceState({ ...history.state, row: row.id }, "");
});
addEventListener("pageshow", () => {
  const row = document.getElementById(history.state?.row);
  if (row) stand(row);
});

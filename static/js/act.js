// Acting: rows of a list are ticked by pointer and key, the menu of a row opens
// where it was asked for, and the focus stays near what has changed.

const form = () => document.querySelector("form[data-rows]");
const ticks = () => [...document.querySelectorAll(".irow .check")];
let anchor = -1;
let wanted = ""; // key to press in the row menu once it is there

/** @param {string} key @returns {boolean} whether the key was for a row */
export function rowKey(key) {
  const row = document.querySelector(".irow.cursor") ?? document.activeElement?.closest(".irow");
  if (!row) return false;
  if (key === "x" || key === "X") return tick(row.querySelector(".check"), key === "X");
  if (!"arumMepw".includes(key)) return false;
  const direct = row.querySelector(`[data-row-key="${key}"]`);
  if (direct instanceof HTMLElement) {
    direct.click();
    return true;
  }
  const more = row.querySelector("[data-more]");
  if (!(more instanceof HTMLElement)) return false;
  wanted = key;
  more.click();
  return true;
}

function tick(box, range) {
  const all = ticks();
  const at = all.indexOf(box);
  if (at < 0) return false;
  const on = !box.checked;
  const from = range && anchor >= 0 ? Math.min(anchor, at) : at;
  const to = range && anchor >= 0 ? Math.max(anchor, at) : at;
  for (let i = from; i <= to; i++) all[i].checked = range ? true : on;
  anchor = at;
  count();
  return true;
}

function count() {
  const all = ticks();
  const n = all.filter((b) => b.checked).length;
  const words = document.querySelector("[data-ticked]");
  if (words) words.textContent = n === 1 ? "1 ticked" : n + " ticked";
  const whole = document.querySelector("[data-tick-all]");
  if (whole) {
    whole.checked = n > 0 && n === all.length;
    whole.indeterminate = n > 0 && n < all.length;
  }
}

let shifted = false;
document.addEventListener("click", (e) => (shifted = e.shiftKey), true);
document.addEventListener("change", (e) => {
  if (!(e.target instanceof HTMLInputElement)) return;
  if (e.target.matches("[data-tick-all]")) for (const b of ticks()) b.checked = e.target.checked;
  else if (!e.target.matches(".irow .check")) return;
  else {
    const at = ticks().indexOf(e.target);
    if (shifted && anchor >= 0) for (const b of ticks().slice(Math.min(anchor, at), Math.max(anchor, at) + 1)) b.checked = e.target.checked;
    anchor = at;
  }
  count();
});
document.addEventListener("reset", () => setTimeout(count));
addEventListener("pageshow", () => setTimeout(count));

// Ctrl Enter sends the form it is typed in.
document.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target instanceof HTMLTextAreaElement) e.target.form?.requestSubmit();
});

// What stands in a row works without script; with it, the row alone is replaced.
let origin = null; // what asked for the row menu
document.addEventListener("click", (e) => {
  const el = e.target instanceof Element && e.target.closest("[data-row-key], [data-more]");
  if (!el || e.ctrlKey || e.metaKey || e.shiftKey || !window.htmx) return;
  e.preventDefault();
  if (el.matches("[data-more]")) {
    origin = el;
    part("GET", el, el.getAttribute("href"), "m-row", { swap: "outerHTML" });
  } else {
    part("POST", el, el.getAttribute("formaction"), el.closest(".irow").id, { swap: "outerHTML", values: { version: el.value } });
  }
});

document.addEventListener("htmx:after:swap", (e) => {
  const target = e.detail?.ctx?.target;
  if (!(target instanceof Element)) return;
  if (target.id === "m-row") openMenu(document.getElementById("m-row"));
  else if (target.matches(".irow")) acted(target.id);
  else if (document.activeElement === document.body) document.querySelector("#head .refused textarea, #head .acts button")?.focus();
});

// A menu takes the focus when it opens; Esc gives it back.
document.addEventListener("toggle", (e) => {
  const menu = e.target;
  if (e.newState !== "open" || !(menu instanceof HTMLElement) || !menu.matches(".acts ~ .menu")) return;
  menu.querySelector("select, input:checked, textarea, button")?.focus();
}, true);

/** The server looks at the header to see which part is wanted. */
function part(method, source, url, target, more) {
  window.htmx.ajax(method, url, { source, target: "#" + CSS.escape(target), headers: { "HX-Target": "part#" + target }, ...more });
}

function openMenu(menu) {
  if (!menu.matches(":popover-open")) menu.showPopover({ source: origin });
  const key = wanted;
  wanted = "";
  const hit = key && menu.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (hit instanceof HTMLElement) {
    hit.click();
    hit.parentElement?.querySelector("select, input:checked, textarea, form button")?.focus();
  } else {
    menu.querySelector("button, summary")?.focus();
  }
}

/** The line was replaced: its menu closes, and the cursor stays on it. */
function acted(id) {
  const menu = document.getElementById("m-row");
  if (menu?.matches(":popover-open")) menu.hidePopover();
  const row = document.getElementById(id);
  if (!row) return;
  row.classList.add("cursor");
  row.querySelector(".ti")?.focus({ preventScroll: true });
}

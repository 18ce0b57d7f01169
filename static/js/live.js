// A page that keeps itself current. Every 30 seconds the page is read again and
// its parts are compared with those shown: figures are put in their place, rows
// stay where they are, and a pill brings in what is new.

const every = 30_000;
const root = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
const pause = document.querySelector("[data-live-pause]");
const memory = "errata.paused:" + location.pathname;

/** @type {Map<string, Element>} parts that wait behind their pill, by id */
const waiting = new Map();
let read = performance.now(); // when what is shown was read
let broken = "";
let busy = false;

const paused = () => pause?.getAttribute("aria-pressed") === "true";

function remember(off) {
  try {
    if (off) sessionStorage.setItem(memory, "1");
    else sessionStorage.removeItem(memory);
  } catch {
    // storage is closed: the choice holds until the page is left
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(memory) !== null;
  } catch {
    return false;
  }
}

function setPaused(off) {
  pause.setAttribute("aria-pressed", String(off));
  const word = off ? "Resume updates" : "Pause updates";
  pause.setAttribute("aria-label", word);
  pause.title = word;
  remember(off);
  tell();
}

/** Says how old the figures are. */
function tell() {
  if (!state) return;
  const s = Math.floor((performance.now() - read) / 1000);
  const age = s < 60 ? s + "s" : Math.floor(s / 60) + "m";
  state.classList.toggle("on", !paused() && !broken);
  state.classList.toggle("stale", broken !== "");
  const text = broken ? broken + ", " + age + " old" : paused() ? "Paused, " + age + " old" : "Live, " + age + " ago";
  if (state.textContent !== text) state.textContent = text;
}

async function refresh() {
  if (busy || paused() || document.hidden) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return stop("Signed out");
    if (!answer.ok) throw new Error(String(answer.status));
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (paused()) return;
    for (const part of root.querySelectorAll("[data-live-part]")) update(part, next.getElementById(part.id));
    read = performance.now();
    broken = "";
  } catch {
    broken = "Not updated";
  } finally {
    busy = false;
    tell();
  }
}

function stop(why) {
  broken = why;
  clearInterval(timer);
}

/** @param {Element} part @param {Element | null} next */
function update(part, next) {
  if (!next) return;
  if (part.dataset.livePart === "rows" && part.querySelector("[data-live-row]") && next.querySelector("[data-live-row]")) rows(part, next);
  else if (!same(part, next)) swap(part, next);
}

const same = (a, b) => a.isEqualNode(b);

/** Puts a part in the place of another; focus and open tables stay. */
function swap(part, next) {
  const focus = part.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...part.querySelectorAll("details")].map((d) => d.open);
  const fresh = document.importNode(next, true);
  [...fresh.querySelectorAll("details")].forEach((d, i) => (d.open = open[i] ?? d.open));
  part.replaceWith(fresh);
  globalThis.htmx?.process(fresh);
  document.dispatchEvent(new CustomEvent("errata:replaced"));
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
}

/** Rows keep their places: known ones are renewed, those that left are dimmed,
 *  new ones wait behind the pill. */
function rows(part, next) {
  const then = new Map([...part.querySelectorAll("[data-live-row]")].map((r) => [r.id, r]));
  const now = new Map([...next.querySelectorAll("[data-live-row]")].map((r) => [r.id, r]));
  const count = part.querySelector("[data-live-count]");
  if (count) count.textContent = next.querySelector("[data-live-count]")?.textContent ?? "";
  for (const [id, row] of then) {
    const fresh = now.get(id);
    row.classList.toggle("left", !fresh && !row.classList.contains("done"));
    if (fresh && !same(row, fresh) && !row.contains(document.activeElement) && !row.classList.contains("done")) swap(row, fresh);
  }
  const added = [...now.keys()].filter((id) => !then.has(id)).length;
  const moved = [...then.keys()].join() !== [...now.keys()].join();
  if (!moved) return unpill(part);
  waiting.set(part.id, document.importNode(next, true));
  pill(part, added ? added + " new" : "Changed");
}

function pill(part, text) {
  let button = part.querySelector("[data-live-apply]");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "fresh";
    button.dataset.liveApply = "";
    part.querySelector("header h2")?.after(button);
  }
  if (button.textContent !== text) button.textContent = text;
}

function unpill(part) {
  waiting.delete(part.id);
  part.querySelector("[data-live-apply]")?.remove();
}

function apply(button) {
  const part = button.closest("[data-live-part]");
  const next = part && waiting.get(part.id);
  if (!next) return;
  waiting.delete(part.id);
  swap(part, next);
  const first = document.getElementById(part.id)?.querySelector("[data-live-row] a");
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
}

let timer = 0;
if (root && pause) {
  setPaused(remembered());
  pause.addEventListener("click", () => {
    setPaused(!paused());
    refresh();
  });
  document.addEventListener("click", (e) => {
    const button = e.target instanceof Element ? e.target.closest("[data-live-apply]") : null;
    if (button) apply(button);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - read > every) refresh();
  });
  timer = setInterval(refresh, Number(root.dataset.live) * 1000 || every);
  setInterval(tell, 1000);
}

// The palette: Ctrl K, or the link to the search page, opens what that page
// shows over the page at hand. The server matches; arrows walk through what it
// has found, Enter goes there, Escape leads back.

const wait = 80;
/** @type {HTMLElement | null} */
let box = null;
let timer = 0;
/** @type {AbortController | null} */
let asking = null;
let returnTo = null;

const link = () => document.querySelector("[data-palette]");
const input = () => box.querySelector("input");
const jumps = () => [...box.querySelectorAll("[data-jump]")];

/** What commands act on: the issue of this page, or the row at hand. */
function on() {
  const row = document.querySelector(".irow.cursor");
  if (row) return row.id;
  return location.pathname.match(/^\/issues\/([A-Za-z0-9]+-\d+)(?:\/|$)/)?.[1] ?? "";
}

function build() {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = link().dataset.palette;
  document.head.append(sheet);
  box = document.createElement("div");
  box.className = "palette";
  box.popover = "auto";
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", "Search");
  const pin = document.createElement("div");
  pin.className = "pin";
  const icon = link().querySelector("svg").cloneNode(true);
  const field = document.createElement("input");
  field.type = "search";
  field.maxLength = 200;
  field.autocomplete = "off";
  field.spellcheck = false;
  field.dir = "auto";
  field.placeholder = "An id, words of a title, a service, a person, a page";
  field.setAttribute("aria-label", "Search issues, services, people, views and pages");
  pin.append(icon, field);
  const list = document.createElement("div");
  list.id = "jumps";
  list.className = "pl";
  box.append(pin, list);
  document.body.append(box);
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  });
  box.addEventListener("keydown", walk);
  box.addEventListener("toggle", (e) => {
    if (e.newState === "closed") returnTo?.focus?.({ preventScroll: true });
  });
  return new Promise((done) => sheet.addEventListener("load", done, { once: true }));
}

async function open() {
  returnTo = document.activeElement;
  if (!box) await build();
  input().value = "";
  box.showPopover();
  input().focus();
  ask();
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const params = new URLSearchParams({ q: input().value });
  if (on()) params.set("on", on());
  try {
    const answer = await fetch("/search?" + params, {
      headers: { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#jumps" },
      signal: asking.signal,
    });
    if (answer.status === 204) return location.reload(); // signed out
    const html = await answer.text();
    if (!answer.ok) throw new Error(String(answer.status));
    const doc = new DOMParser().parseFromString(html, "text/html");
    box.querySelector("#jumps").replaceWith(document.adoptNode(doc.getElementById("jumps")));
  } catch (e) {
    if (e.name === "AbortError") return;
    const said = document.createElement("p");
    said.className = "nothing muted";
    said.textContent = "The search could not be made. Try again.";
    box.querySelector("#jumps").replaceChildren(said);
  }
}

function walk(e) {
  if (e.isComposing) return;
  const all = jumps();
  const at = all.indexOf(document.activeElement);
  if (e.key === "ArrowDown" || e.key === "ArrowUp") {
    e.preventDefault();
    const next = at + (e.key === "ArrowDown" ? 1 : -1);
    if (next < 0) input().focus();
    else all[Math.min(next, all.length - 1)]?.focus();
  } else if (e.key === "Enter" && e.target === input()) {
    e.preventDefault();
    clearTimeout(timer);
    ask().then(() => jumps()[0]?.click());
  } else if (at >= 0 && e.key.length === 1 && !e.ctrlKey && !e.metaKey && !e.altKey && e.key !== " ") {
    input().focus(); // goes on typing
  }
}

export function toggle() {
  if (box?.matches(":popover-open")) box.hidePopover();
  else open();
}

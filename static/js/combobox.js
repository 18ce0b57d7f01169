// The search field: suggestions below it (a combobox as the ARIA practices have
// it), the whole query as text, and what was asked remembered. The server knows
// the language; here its answer is only shown and put where it belongs.

const delay = 90; // ms behind a key
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let box = null; // the field that is typed in
let busy = false; // a request is under way
let again = false; // and another is due
let timer = 0;
let quiet = false; // closed by Escape until something is typed

/** Offsets of the server are bytes of UTF-8. */
const bytes = (s) => encoder.encode(s).length;
const cut = (s, from, to) => decoder.decode(encoder.encode(s).slice(from, to));

const form = () => box.closest("form");
const list = () => form().querySelector(".suggest");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector("[aria-selected=true]");
const isOpen = () => !list().hidden;

/** What the chips stand for: it precedes what is typed. */
function chips() {
  const text = [...form().querySelectorAll(".tok input[name=q]")].map((i) => i.value).join(" ");
  return text === "" ? "" : text + " ";
}

function begin(field) {
  box = field;
  quiet = false;
  if (field.getAttribute("role") === "combobox") return;
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggest-list", "aria-haspopup": "listbox" })) {
    field.setAttribute(name, value);
  }
}

function close() {
  clearTimeout(timer);
  again = false;
  if (!box) return;
  list().hidden = true;
  list().replaceChildren();
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, delay);
}

/** One request at a time; what is typed meanwhile is asked about behind it. */
function ask() {
  if (!window.htmx || !box) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  again = false;
  const before = chips();
  const to = new URLSearchParams(new FormData(form()));
  to.set("q", before + box.value);
  to.set("at", String(bytes(before + box.value.slice(0, box.selectionStart ?? box.value.length))));
  window.htmx.ajax("GET", form().dataset.suggest + "?" + to, { source: list(), target: list() });
}

document.addEventListener("htmx:finally:request", (e) => {
  if (!(e.target instanceof Element) || !e.target.matches(".suggest")) return;
  busy = false;
  if (document.activeElement !== box || quiet || !document.getElementById("suggest-list")) return close();
  show();
  if (again) ask();
});

function show() {
  list().hidden = false;
  box.setAttribute("aria-expanded", "true");
  box.removeAttribute("aria-activedescendant");
  const n = options().length;
  const said = document.getElementById("said");
  if (said) said.textContent = n === 0 ? "No suggestions" : n === 1 ? "1 suggestion" : n + " suggestions";
}

function choose(option) {
  for (const o of options()) o.setAttribute("aria-selected", String(o === option));
  if (!option) return box.removeAttribute("aria-activedescendant");
  box.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options();
  if (all.length === 0) return;
  const at = all.indexOf(chosen());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  choose(next < 0 || next >= all.length ? null : all[next]);
}

/** Puts a suggestion into the query. A whole query replaces it and runs. */
function take(option) {
  const { text, start, end } = option.dataset;
  if (option.hasAttribute("data-whole")) {
    whole(text);
    close();
    form().requestSubmit();
    return;
  }
  const before = bytes(chips());
  const from = Math.max(0, Number(start) - before);
  const head = cut(box.value, 0, from) + text;
  const tail = cut(box.value, Math.max(0, Number(end) - before)).replace(/^\s+/, "");
  const goesOn = text.endsWith(":");
  const gap = goesOn ? "" : " ";
  box.value = head + gap + tail;
  box.setSelectionRange((head + gap).length, (head + gap).length);
  if (goesOn) ask();
  else close();
}

/** The box holds the whole query; the chips go. */
function whole(text) {
  for (const chip of form().querySelectorAll(".tok")) chip.remove();
  form().querySelector("[data-as-text]")?.remove();
  box.value = text;
}

const field = (el) => el instanceof HTMLInputElement && el.matches("[data-suggest] input[type=search]");

document.addEventListener("focusin", (e) => {
  if (field(e.target)) begin(e.target);
});

document.addEventListener("focusout", (e) => {
  if (field(e.target) && !list()?.contains(e.relatedTarget)) close();
});

document.addEventListener("input", (e) => {
  if (!field(e.target)) return;
  begin(e.target);
  later();
});

// In front of the shortcuts of the page, which take Escape for leaving a field.
document.addEventListener("keydown", (e) => {
  if (!field(e.target) || e.isComposing || e.altKey || e.ctrlKey || e.metaKey) return;
  if (box !== e.target) begin(e.target);
  if (key(e)) {
    e.preventDefault();
    e.stopPropagation();
  }
}, true);

/** @returns {boolean} whether the key was for the list */
function key(e) {
  switch (e.key) {
    case "ArrowDown":
    case "ArrowUp":
      if (isOpen()) step(e.key === "ArrowDown" ? 1 : -1);
      else {
        quiet = false;
        ask();
      }
      return true;
    case "Enter":
    case "Tab":
      if (!isOpen() || !chosen() || e.shiftKey) {
        if (e.key === "Enter") close();
        return false;
      }
      take(chosen());
      return true;
    case "Escape":
      if (!isOpen()) return false;
      quiet = true;
      close();
      return true;
  }
  return false;
}

// The pointer: the field keeps the focus while an option is pressed.
document.addEventListener("pointerdown", (e) => {
  if (e.target instanceof Element && e.target.closest(".suggest")) e.preventDefault();
  else if (field(e.target) && document.activeElement === e.target && !isOpen()) ask();
});

document.addEventListener("click", (e) => {
  if (!(e.target instanceof Element)) return;
  const option = e.target.closest(".suggest [role=option]");
  if (option) return take(option);
  const text = e.target.closest("[data-as-text]");
  if (!text || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  const input = text.closest("form").querySelector("input[type=search]");
  begin(input);
  whole((chips() + input.value).trim());
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
});

// A search that somebody asked is remembered for them, by the server, which
// keeps no identifier of a user in it.
document.addEventListener("submit", (e) => {
  if (!(e.target instanceof HTMLFormElement) || !e.target.matches("[data-suggest]")) return;
  const q = new FormData(e.target).getAll("q").join(" ").trim();
  if (q === "") return;
  const body = new URLSearchParams({ page: e.target.dataset.suggest.split("/")[1], q }); // whose suggestions they become
  fetch("/me/recent", { method: "POST", body, keepalive: true }).catch(() => null);
});

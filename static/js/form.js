// Forms and buttons: submit on change, no second submit, copy, show a
// password, keep the appearance.

const live = () => document.getElementById("said");

/** @param {string} text said to those who do not see the change */
function say(text) {
  const el = live();
  if (el) el.textContent = text;
}

document.addEventListener("change", (e) => {
  const form = e.target instanceof Element && e.target.closest("form");
  if (!form) return;
  if (form.hasAttribute("data-autosubmit") && !narrow(form)) form.requestSubmit();
  if (form.hasAttribute("data-autosave")) save(form);
});

/** In a sheet the choices are collected and sent by its button. */
function narrow(form) {
  return form.matches(":popover-open");
}

async function save(form) {
  const data = new URLSearchParams(new FormData(form));
  density(data.get("density"));
  const answer = await fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => null);
  say(answer ? "Appearance kept" : "The appearance could not be kept");
}

function density(value) {
  if (value === "compact") document.documentElement.dataset.density = value;
  else delete document.documentElement.dataset.density;
}

// One submit at a time; the page that follows, or Back, starts afresh.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-busy")) return;
  if (form.classList.contains("busy")) {
    e.preventDefault();
    return;
  }
  form.classList.add("busy");
  for (const el of form.elements) { // empty fields stay out of the address
    if (form.method === "get" && el instanceof HTMLInputElement && el.name && el.value === "") {
      el.disabled = true;
      setTimeout(() => (el.disabled = false));
    }
  }
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.busy")) form.classList.remove("busy");
});

document.addEventListener("click", (e) => {
  if (!(e.target instanceof Element)) return;
  const copy = e.target.closest("[data-copy], [data-copy-url]");
  if (copy instanceof HTMLElement) put(copy);
  const reveal = e.target.closest("[data-reveal]");
  if (reveal instanceof HTMLElement) show(reveal);
});

async function put(button) {
  const { copy, copyUrl } = button.dataset;
  const text = copy ? document.querySelector(copy)?.textContent ?? "" : new URL(copyUrl || location.href, location.href).href;
  let word = "Copied";
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    word = select(copy) ? "Selected" : "Not copied"; // no clipboard on plain http: Ctrl C does it
  }
  const label = button.querySelector("[data-said]");
  if (!label || label.dataset.was) return;
  label.dataset.was = label.textContent;
  label.textContent = word;
  say(word);
  setTimeout(() => {
    label.textContent = label.dataset.was;
    delete label.dataset.was;
  }, 1600);
}

function select(selector) {
  const el = selector && document.querySelector(selector);
  if (!el) return false;
  getSelection()?.selectAllChildren(el);
  return true;
}

function show(button) {
  const field = document.querySelector(button.dataset.reveal);
  if (!(field instanceof HTMLInputElement)) return;
  const hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  button.textContent = hidden ? "Hide" : "Show";
  button.setAttribute("aria-pressed", String(hidden));
}

// Keeps relative times current: <time datetime data-ago="ago|old">.

const week = 7 * 86400;

/** @param {number} s seconds @returns {string} the span in its largest unit, as the server writes it */
function age(s) {
  if (s < 60) return Math.floor(s) + "s";
  if (s < 3600) return Math.floor(s / 60) + "m";
  if (s < 2 * 86400) return Math.floor(s / 3600) + "h";
  return Math.floor(s / 86400) + "d";
}

/** @param {HTMLElement} el @param {number} now ms */
function tell(el, now) {
  const s = Math.max(0, (now - Date.parse(el.getAttribute("datetime"))) / 1000);
  const kind = el.dataset.ago;
  if (Number.isNaN(s) || (kind === "ago" && s >= week)) return;
  const text = kind === "old" ? age(s) + " old" : s < 2 ? "just now" : age(s) + " ago";
  if (el.textContent !== text) el.textContent = text;
}

// The server's clock made the page; the browser's may differ. What counts is
// how much time has passed since.
const shown = new Map();

function tick() {
  if (document.hidden) return;
  for (const el of document.querySelectorAll("time[data-ago]")) {
    const first = shown.get(el) ?? begin(el);
    tell(el, first.server + (performance.now() - first.seen));
  }
  for (const el of shown.keys()) if (!el.isConnected) shown.delete(el);
}

/** Reads back from the text how old the time was when the server wrote it. */
function begin(el) {
  const m = /^(\d+)([smhd])/.exec(el.textContent.trim());
  const unit = { s: 1, m: 60, h: 3600, d: 86400 };
  const old = m ? Number(m[1]) * unit[m[2]] : 0;
  const at = Date.parse(el.getAttribute("datetime"));
  const step = m ? unit[m[2]] : 2;
  // within the unit it showed, take the browser's clock if it agrees
  const here = (Date.now() - at) / 1000;
  const s = here >= old && here < old + step ? here : old;
  const first = { server: at + s * 1000, seen: performance.now() };
  shown.set(el, first);
  return first;
}

tick();
setInterval(tick, 5000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:after:swap", tick);

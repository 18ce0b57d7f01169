// The behaviour of Errata's pages. Every module starts from data- attributes,
// listens on the document, and so also serves parts that arrive later. Nothing
// here is needed to use a page.
import "./time.js";
import "./form.js";
import "./charts.js";
import "./keys.js";
import "./toast.js";

// Only some pages keep themselves current.
if (document.querySelector("[data-live]")) import("./live.js");
// And only lists have a search field.
if (document.querySelector("[data-suggest]")) import("./combobox.js");
if (document.querySelector("[data-brush]")) import("./brush.js");

// The palette is loaded when somebody opens it.
const palette = () => import("./palette.js").then((m) => m.toggle());
document.addEventListener("keydown", (e) => {
  if (e.key.toLowerCase() !== "k" || !(e.ctrlKey || e.metaKey) || e.shiftKey || e.altKey || !document.querySelector("[data-palette]")) return;
  e.preventDefault();
  palette();
});
document.addEventListener("click", (e) => {
  if (!(e.target instanceof Element) || !e.target.closest("[data-palette]") || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  palette();
});

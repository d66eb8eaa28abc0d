// What the page does beyond being read: dark mode, filter and order of the claims, enlarged pictures. Without it all is shown.
"use strict";
const root = document.documentElement;
const narrow = matchMedia("(max-width: 64rem)");

function remembered() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}

function dark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();

function themes() {
  const button = document.getElementById("theme");
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.setAttribute("aria-label", "Change between light and dark");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page from a file may have no storage */ }
    label();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();
}

// The list of sections is a menu on phones: closed until asked for, and after a choice.
function contents() {
  const list = document.querySelector("nav details");
  const fit = () => { list.open = !narrow.matches; };
  narrow.addEventListener("change", fit);
  list.addEventListener("click", event => { if (event.target.closest("a")) fit(); });
  fit();
  const links = new Map([...list.querySelectorAll("a")].map(link => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries) {
      const link = links.get(entry.target.getAttribute("aria-labelledby"));
      if (!link) continue;
      if (entry.isIntersecting) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, {rootMargin: "-20% 0px -70% 0px"});
  for (const section of document.querySelectorAll("section")) seen.observe(section);
}

function claims() {
  const form = document.getElementById("filter");
  const body = document.querySelector("#all-claims tbody");
  const rows = [...body.rows].map((row, place) => ({
    row, place, words: row.textContent.toLowerCase(), text: row.cells[0].textContent.toLowerCase(), rank: Number(row.dataset.rank),
    published: "published" in row.dataset ? Number(row.dataset.published) : Infinity,
    ours: "ours" in row.dataset ? Number(row.dataset.ours) : Infinity,
  }));
  const heads = [...document.querySelectorAll("#all-claims thead th")];
  let order = "place", down = false;

  function filter() {
    const [verdict, source] = [form.verdict.value, form.source.value];
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = verdict.startsWith("state:") ? verdict.slice(6) : "";
    let shown = 0;
    for (const item of rows) {
      const data = item.row.dataset;
      const fits = (!verdict || (state ? data.state === state : data.verdict === verdict))
        && (!source || data.source === source) && words.every(word => item.words.includes(word));
      item.row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} claims`;
  }

  // Claims without a number stay last, whichever way the others stand.
  function compare(one, other) {
    const [a, b] = [one[order], other[order]];
    if (a === b) return one.place - other.place;
    if (a === Infinity || b === Infinity) return a === Infinity ? 1 : -1;
    return (a < b ? -1 : 1) * (down ? -1 : 1);
  }

  function sort() {
    body.append(...[...rows].sort(compare).map(item => item.row));
    form.order.value = order;
    for (const head of heads) {
      if (head.dataset.order === order) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      down = order === head.dataset.order && !down;
      order = head.dataset.order;
      sort();
    });
  }
  form.order.addEventListener("change", () => { order = form.order.value; down = false; sort(); });
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());

  // A link to a claim that is filtered away shows all claims again.
  function target() {
    const row = location.hash.startsWith("#claim-") && document.getElementById(location.hash.slice(1));
    if (!row) return;
    if (row.hidden) { form.reset(); form.order.value = order; form.verdict.value = ""; filter(); }
    row.scrollIntoView();
  }
  for (const link of document.querySelectorAll("[data-filter]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.order.value = order;
      form.verdict.value = [...form.verdict.options].some(option => option.value === link.dataset.filter) ? link.dataset.filter : "state:silent";
      filter();
    });
  }
  addEventListener("hashchange", target);
  form.hidden = false;
  filter();
  target();
}

// On a narrow screen a chart is as wide as the screen; a tap shows it at full size, to be moved about.
function pictures() {
  for (const frame of document.querySelectorAll(".frame")) {
    const picture = frame.firstElementChild;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "enlarge";
    button.textContent = "Enlarge";
    button.setAttribute("aria-pressed", "false");
    const fit = () => { button.hidden = picture.getAttribute("width") <= frame.parentElement.clientWidth + 1 && !frame.classList.contains("large"); };
    button.addEventListener("click", () => {
      const large = frame.classList.toggle("large");
      button.textContent = large ? "Fit" : "Enlarge";
      button.setAttribute("aria-pressed", String(large));
      if (large) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
    });
    frame.after(button);
    new ResizeObserver(fit).observe(frame.parentElement);
  }
}

// Notes that a reader opens by hand stand open on paper.
function paper() {
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll(".headline details:not([open])")) {
      details.open = true;
      opened.push(details);
    }
  });
  addEventListener("afterprint", () => { for (const details of opened.splice(0)) details.open = false; });
}

document.addEventListener("DOMContentLoaded", () => { themes(); contents(); claims(); pictures(); paper(); });

"use strict";
// Sorting, marks, the chooser, the theme and an address that keeps all of it. Every figure is on the page already: nothing
// is computed here, and text from files is only ever compared or set as text.
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  const state = { v: "1" };
  const marked = new Set();
  const root = document.documentElement;
  const cardsIn = one("#cards");
  const chosen = document.createElement("div");
  chosen.id = "chosen";

  // Names are buttons, and what tells how to use them is there, where this script runs.
  for (const name of all("span.q").concat(cardsIn ? all("span.q", cardsIn.content) : [])) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "q";
    button.dataset.q = name.dataset.q;
    button.append(...name.childNodes);
    name.replaceWith(button);
  }
  for (const words of all(".scripted")) words.hidden = false;

  const known = new Map();
  for (const element of all("[data-q]")) {
    const queue = element.dataset.q;
    if (!known.has(queue)) known.set(queue, []);
    known.get(queue).push(element);
  }

  // What is wider than its place says so.
  const watch = new ResizeObserver((entries) => requestAnimationFrame(() => {
    for (const { target } of entries) target.classList.toggle("more", target.scrollWidth > target.clientWidth + 1);
  }));
  for (const scroll of all(".scroll")) watch.observe(scroll);

  // The address: #v=1&producers=2&...&sort=3.1.descending&sec=cost&q=flume/mpmc,std/mpsc, or the id of a part.
  function writeAddress(isPlace) {
    const words = new URLSearchParams(state);
    words.delete("q");
    for (const name of ["only", "sec", "sort"]) if (!state[name]) words.delete(name);
    let text = words.toString();
    if (marked.size) text += "&q=" + Array.from(marked, encodeURIComponent).join(",");
    try { history[isPlace ? "pushState" : "replaceState"](null, "", "#" + text); } catch { location.hash = text; }
  }

  // A part, from its head on; what it is folded into opens.
  function go(id) {
    const part = document.getElementById(id);
    if (!part) return;
    const fold = part.closest("details");
    for (let each = fold; each; each = each.parentElement.closest("details")) each.open = true;
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    (fold || part).scrollIntoView();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']:not(.skip)");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    state.sec = link.hash.slice(1);
    writeAddress(true);
    go(state.sec);
  });

  function notice(text) {
    const place = one("#notice");
    place.textContent = text;
    place.hidden = !text;
  }

  function showMark(element) {
    const on = marked.has(element.dataset.q);
    if (element.tagName === "BUTTON") element.setAttribute("aria-pressed", String(on));
    else element.classList.toggle("on", on);
  }
  function showMarks() {
    for (const elements of known.values()) elements.forEach(showMark);
    all("[data-q]", chosen).forEach(showMark);
  }

  function toggle(queue) {
    if (!marked.delete(queue)) marked.add(queue);
    showMarks();
    writeAddress();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button.q");
    if (button) toggle(button.dataset.q);
  });
  one("#mark").addEventListener("change", (event) => {
    const queue = event.target.value.trim();
    if (!queue) return;
    if (known.has(queue)) { toggle(queue); event.target.value = ""; notice(""); }
    else notice("No queue on this page is called " + queue + ".");
  });

  // Rows and lines of some queues only; ranks and ratios stay those of all.
  function filter() {
    const parts = (state.only || "").toLowerCase().split(",").map((part) => part.trim()).filter(Boolean);
    for (const [queue, elements] of known) {
      const off = parts.length > 0 && !parts.some((part) => queue.toLowerCase().includes(part));
      for (const element of elements) {
        if (element.tagName !== "BUTTON" && !element.closest(".answer")) element.classList.toggle("off", off);
      }
    }
    const left = Array.from(known.keys()).filter((queue) => parts.some((part) => queue.toLowerCase().includes(part))).length;
    notice(parts.length ? "Showing " + left + " of " + known.size + " queues; ranks and ratios stay those of all." : "");
  }
  one("#only").addEventListener("input", (event) => { state.only = event.target.value.trim(); filter(); writeAddress(); });

  function clear() {
    marked.clear();
    state.only = one("#only").value = "";
    filter();
    showMarks();
    writeAddress();
  }
  one("#clear").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && (marked.size || state.only)) clear(); });

  // Sorting: by the number of a cell where it has one, else by its text; cells without a figure go last either way.
  function key(row, column) {
    const cell = row.children[column];
    if (!cell) return null;
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    if (!text) return null;
    return cell.classList.contains("n") && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
  function sort(table, head, column, ascending) {
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row, at) => ({ row, at, key: key(row, column) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
      const order = typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : String(a.key).localeCompare(String(b.key));
      return (ascending ? order : -order) || a.at - b.at;
    });
    body.append(...rows.map((entry) => entry.row));
  }
  const sortable = all("table.sortable");
  for (const table of sortable) {
    all("thead th", table).forEach((head, column) => {
      if ("nosort" in head.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") !== "ascending";
        sort(table, head, column, ascending);
        state.sort = [sortable.indexOf(table), column, ascending ? "ascending" : "descending"].join(".");
        writeAddress();
      });
      head.replaceChildren(button);
    });
  }

  // The chooser shows those of the answers on the page that serve what is chosen.
  const form = one("#chooser");
  const cards = cardsIn ? all(".answer", cardsIn.content) : [];
  const mostShown = 2;
  const selects = form ? Array.from(form.elements).filter((element) => element.name) : [];
  function choose(fromUser) {
    for (const select of selects) state[select.name] = select.value;
    const workload = { rate: "stream", cpu: "stream", time: "pingpong" }[state.matter];
    const serves = (card) => selects.every((select) => card.dataset[select.name] === select.value) && card.dataset.workload === workload;
    const serving = cards.filter(serves);
    const first = one("#first-answer");
    first.hidden = true;
    const copies = serving.map((card) => card.cloneNode(true));
    chosen.replaceChildren(...copies.slice(0, mostShown));
    if (copies.length > mostShown) {
      const rest = document.createElement("details");
      const summary = document.createElement("summary");
      summary.textContent = copies.length - mostShown + " more scenarios serve this, with other work, placement or capacity";
      rest.append(summary, ...copies.slice(mostShown));
      chosen.append(rest);
    }
    for (const scroll of all(".scroll", chosen)) watch.observe(scroll);
    const none = one("#serving");
    none.hidden = false;
    none.classList.toggle("fine", serving.length > 0);
    const needs = selects.map((select) => select.parentElement.firstChild.textContent.trim() + " " + select.selectedOptions[0].textContent).join(", ");
    none.textContent = serving.length ? "Needs: " + needs + ". " + serving.length + (serving.length === 1 ? " measured scenario serves them." : " measured scenarios serve them.") : "? Not measured in these files: " + needs
      + ". Choose something else, look at the list below, or measure it with queuebench run; what there is to run: queuebench list scenarios --suite standard, or a suite of your own";
    showMarks();
    if (fromUser) writeAddress();
  }
  if (form) {
    const card = one("#first-answer");
    for (const select of selects) {
      const value = card.dataset[select.name];
      if (Array.from(select.options).some((option) => option.value === value)) select.value = value;
    }
    form.hidden = false;
    one("#serving").after(chosen);
    form.addEventListener("change", () => choose(true));
    form.addEventListener("submit", (event) => event.preventDefault());
    one("#copy-link").addEventListener("click", async (event) => {
      writeAddress();
      try { await navigator.clipboard.writeText(location.href); event.target.textContent = "Copied"; }
      catch { notice("The link is in the address bar."); }
    });
  }

  // The theme: as the system has it, or one of the two.
  const themes = ["auto", "light", "dark"];
  function setTheme(theme) {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    one("#theme").textContent = "Theme: " + theme;
    try { localStorage.setItem("queuebench-theme", theme); } catch { /* a page without storage forgets it */ }
  }
  let theme = "auto";
  try { theme = localStorage.getItem("queuebench-theme") || "auto"; } catch { /* likewise */ }
  if (!themes.includes(theme)) theme = "auto";
  setTheme(theme);
  one("#theme").addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    setTheme(theme);
  });

  function readAddress() {
    const text = location.hash.slice(1);
    if (!text.includes("=")) { state.sec = text; return; }
    let words;
    try { words = new URLSearchParams(text); } catch { return; }
    const lost = [];
    for (const select of selects) {
      const value = words.get(select.name);
      if (value === null) continue;
      if (Array.from(select.options).some((option) => option.value === value)) select.value = value;
      else lost.push(select.name + " " + value);
    }
    marked.clear();
    state.sec = words.get("sec") || "";
    state.sort = words.get("sort") || "";
    const [nth, column, order] = state.sort.split(".");
    const table = sortable[Number(nth)];
    const head = table && table.tHead.rows[0].cells[Number(column)];
    if (head && !("nosort" in head.dataset)) sort(table, head, Number(column), order === "ascending");
    state.only = one("#only").value = words.get("only") || "";
    filter();
    for (const queue of (words.get("q") || "").split(",").filter(Boolean)) {
      if (known.has(queue)) marked.add(queue); else lost.push(queue);
    }
    if (lost.length) notice("Not on this page, though the link names it: " + lost.join(", ") + ".");
  }
  function start() {
    readAddress();
    if (form) choose(false);
    showMarks();
    if (state.sec) history.scrollRestoration = "manual";
    go(state.sec);
  }
  addEventListener("hashchange", start);
  one(".tools").hidden = false;
  start();

  // Paper has no folds.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of closed) fold.open = false; });
})();

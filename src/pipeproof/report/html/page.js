"use strict";
// All of the page can be read without this: it filters findings, sorts tables, copies text, and opens
// what is folded away before printing. It makes text only by textContent, never HTML.
(() => {
  const make = (tag, text, name) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  const findings = [...document.querySelectorAll(".finding")];
  if (findings.length > 4) {
    const label = make("label", "Filter ", "filter");
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "step, column, code, words";
    const said = make("span", "");
    said.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const one of findings) {
        const text = one.textContent.toLowerCase();
        one.hidden = !words.every((word) => text.includes(word));
        shown += one.hidden ? 0 : 1;
      }
      said.textContent = words.length ? ` ${shown} of ${findings.length}` : "";
    });
    label.append(field, said);
    document.querySelector(".findings").before(label);
  }

  const copies = (beside, text) => {
    const button = make("button", "copy", "copy");
    button.type = "button";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text());
        button.textContent = "copied";
      } catch {
        button.textContent = "not allowed here";
      }
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    beside.append(" ", button);
  };
  if (navigator.clipboard) {
    for (const command of document.querySelectorAll("code.command")) {
      copies(command.parentElement, () => command.textContent);
    }
  }

  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  for (const table of document.querySelectorAll("table.sorts")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      if (![...table.tBodies[0].rows].some((row) => row.cells[at].dataset.key !== undefined)) return;
      const button = make("button", head.textContent, "sort");
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.cells[at].dataset.key ?? "";
        const rows = [...table.tBodies[0].rows].sort((a, b) => compare(key(a), key(b)));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
      });
    });
  }

  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
})();

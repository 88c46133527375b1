"use strict";
// Sorting, filtering, the download and the theme. Without this script the page is complete, and stands still.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const missing = "—";

  /** What a row is sorted by: a number, a text, or null for nothing. */
  const keyOf = (head, cell) => {
    if (head.hasAttribute("data-number")) {
      return cell.hasAttribute("data-value") ? Number(cell.dataset.value) : null;
    }
    const text = cell.textContent.trim();
    return text === missing ? null : text;
  };

  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

  const board = (section) => {
    const table = section.querySelector("table.board");
    const heads = [...table.tHead.rows[0].cells];
    const initial = [...table.tBodies];
    const filter = section.querySelector("input[type=search]");
    const selects = [...section.querySelectorAll("select")];
    const count = section.querySelector("output.count");

    const place = (bodies, sorted, direction) => {
      table.append(...bodies);
      for (const head of heads) {
        head.setAttribute("aria-sort", head === sorted ? direction : "none");
      }
    };

    const sort = (head) => {
      const other = { ascending: "descending", descending: "ascending" };
      const direction = other[head.getAttribute("aria-sort")] ?? head.dataset.first;
      const sign = direction === "ascending" ? 1 : -1;
      const column = heads.indexOf(head);
      const keyed = [...table.tBodies].map((body) => [keyOf(head, body.rows[0].cells[column]), body]);
      // What is missing stands last, whatever the direction; the sort is stable.
      keyed.sort(([a], [b]) =>
        a === null || b === null ? Number(a === null) - Number(b === null) : sign * compare(a, b),
      );
      place(keyed.map(([, body]) => body), head, direction);
    };

    const words = new Map(
      initial.map((body) => {
        const named = [...body.rows[0].cells].filter((cell) => cell.matches(".method, .settings"));
        return [body, named.map((cell) => cell.textContent).join(" ").toLowerCase()];
      }),
    );

    const apply = () => {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const body of initial) {
        const cells = body.rows[0].cells;
        const fits =
          wanted.every((word) => words.get(body).includes(word)) &&
          selects.every((select) => !select.value || cells[select.dataset.column].textContent === select.value);
        body.hidden = !fits;
        shown += fits;
      }
      count.textContent = `${shown} of ${initial.length} rows`;
    };

    for (const head of heads) {
      head.querySelector("button").addEventListener("click", () => sort(head));
    }
    filter.addEventListener("input", apply);
    for (const select of selects) {
      select.addEventListener("change", apply);
    }
    section.querySelector("button.reset").addEventListener("click", () => {
      filter.value = "";
      for (const select of selects) {
        select.value = "";
      }
      place(initial, null, "none");
      apply();
    });
    section.querySelector("button.csv").addEventListener("click", () => {
      const { csv } = JSON.parse(section.querySelector("script.data").textContent);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
      link.download = section.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    apply();
  };

  const theme = () => {
    const button = document.querySelector("button.theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const label = () => {
      button.setAttribute("aria-pressed", String(dark()));
    };
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      label();
    });
    system.addEventListener("change", label);
    label();
  };

  for (const section of document.querySelectorAll("section.stream")) {
    board(section);
  }
  theme();
})();

// The studio: rows added to a grid, a spreadsheet block pasted into one, questions dragged into
// order. Without this file there are blank rows, a field to paste into, and a menu that moves.
(() => {
  "use strict";

  function rows(grid) { return [...grid.querySelectorAll("tbody tr")]; }

  function add(prefix) {
    const grid = document.querySelector(`[data-grid="${prefix}"]`);
    const total = document.getElementById(`id_${prefix}-TOTAL_FORMS`);
    const most = Number(document.getElementById(`id_${prefix}-MAX_NUM_FORMS`).value);
    const number = Number(total.value);
    if (number >= most) return null;
    const row = document.querySelector(`[data-row="${prefix}"]`).content.firstElementChild.cloneNode(true);
    for (const one of row.querySelectorAll("[name], [id], [for]")) {
      for (const name of ["name", "id", "for"]) {
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("__prefix__", number));
      }
      one.setAttribute("aria-label", (one.getAttribute("aria-label") || "").replace("new row", `row ${number + 1}`));
    }
    total.value = number + 1;
    grid.tBodies[0].append(row);
    return row;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add]");
    if (button) add(button.dataset.add)?.querySelector("input:not([type=hidden])")?.focus();
  });

  function cells(row) { return [...row.querySelectorAll(".of-label input, .of-points input")]; }

  // What a spreadsheet puts on the clipboard has tabs between cells and a line for each row.
  document.addEventListener("paste", (event) => {
    const grid = event.target.closest?.("[data-grid]");
    const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n+$/, "");
    if (!grid || !/[\t\n]/.test(text)) return;
    const from = event.target.closest("tr");
    const column = cells(from).indexOf(event.target);
    if (column < 0) return;
    event.preventDefault();
    let place = rows(grid).indexOf(from);
    for (const line of text.split("\n").slice(0, 300)) {
      const row = rows(grid)[place] || add(grid.dataset.grid);
      if (!row) break;
      const fields = cells(row).slice(column);
      line.split("\t").slice(0, fields.length).forEach((cell, index) => {
        const decimal = /^[-\u2212]?\d+,\d{1,2}$/.test(cell.trim());
        fields[index].value = fields[index].type === "number" && decimal ? cell.trim().replace(",", ".").replace("\u2212", "-") : cell.trim();
      });
      place += 1;
    }
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  let dragged = null;

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    dragged = handle.closest("li");
    dragged.classList.add("dragged");
    document.body.classList.add("dragging");
    handle.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const others = [...dragged.parentElement.children].filter((one) => one !== dragged);
    const next = others.find((one) => {
      const box = one.getBoundingClientRect();
      return event.clientY < box.top + box.height / 2;
    });
    dragged.parentElement.insertBefore(dragged, next || null);
    if (event.clientY < 60) scrollBy(0, -12);
    if (event.clientY > innerHeight - 60) scrollBy(0, 12);
  });

  function end(drops) {
    if (!dragged) return;
    const list = dragged.parentElement;
    dragged.classList.remove("dragged");
    document.body.classList.remove("dragging");
    dragged = null;
    if (!drops) { location.reload(); return; }
    document.getElementById("order").value = [...list.children].map((one) => one.dataset.key).join(",");
    document.getElementById("reorder").click();
  }

  document.addEventListener("pointerup", () => end(true));
  document.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });

  // What is typed is not lost by a click beside.
  let typed = false;
  document.addEventListener("input", (event) => { if (event.target.form?.id === "bench") typed = true; });
  document.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
})();

// Lists one can search, and rankings one can drag. Without this file they are plain selects.
(() => {
  "use strict";
  const MOST = 100;
  const make = (tag, attributes) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

  function searchable(select) {
    const offered = [...select.options].filter((option) => option.value);
    const label = () => (select.value ? select.selectedOptions[0].text : "");
    const input = make("input", {
      class: "text", type: "text", role: "combobox", autocomplete: "off", placeholder: "Type to search",
      "aria-labelledby": "asked", "aria-controls": "offered", "aria-autocomplete": "list", "aria-expanded": "false",
    });
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
      select.removeAttribute(name);
    }
    const list = make("ul", { id: "offered", class: "offered", role: "listbox", "aria-labelledby": "asked", hidden: "" });
    let active = -1;

    const items = () => [...list.querySelectorAll("[data-value]")];
    const isOpen = () => !list.hidden;
    function light(place) {
      active = place;
      items().forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
      const item = items()[place];
      if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    }
    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      light(-1);
    }
    function open(wanted) {
      const found = offered.filter((option) => plain(option.text).includes(wanted)).slice(0, MOST);
      list.replaceChildren(...found.map((option, at) => {
        const item = make("li", { id: `offered-${at}`, role: "option", "data-value": option.value, "aria-selected": "false" });
        item.textContent = option.text;
        return item;
      }));
      if (!found.length) {
        const none = make("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" });
        none.textContent = "Nothing in the list is like this.";
        list.append(none);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      light(wanted && found.length ? 0 : -1);
    }
    function choose(value) {
      select.value = value;
      input.value = label();
      close();
    }

    input.value = label();
    input.addEventListener("input", () => open(plain(input.value)));
    input.addEventListener("click", () => { if (!isOpen()) open(""); });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (!isOpen()) open("");
        const count = items().length;
        if (count) light((active + step + count + (active < 0 && step < 0 ? 1 : 0)) % count);
      } else if (event.key === "Enter" && isOpen()) {
        event.preventDefault();
        if (items()[active]) choose(items()[active].dataset.value);
      } else if (event.key === "Escape" && isOpen()) {
        event.preventDefault();
        choose(select.value);
      }
    });
    input.addEventListener("blur", () => {
      const typed = plain(input.value);
      const same = offered.find((option) => plain(option.text) === typed);
      choose(same ? same.value : typed ? select.value : "");
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-value]");
      if (item) choose(item.dataset.value);
    });
    select.hidden = true;
    select.after(input, list);
  }

  function draggable(lines) {
    const rows = () => [...lines.querySelectorAll(".ranked")];
    const field = (row) => row.querySelector("select");
    const name = (row) => row.querySelector(".label").textContent;
    const said = make("p", { class: "announced", role: "status" });
    const number = () => rows().forEach((row, at) => { field(row).value = String(at + 1); });

    function settle(row) {
      number();
      said.textContent = `${name(row)}: place ${rows().indexOf(row) + 1} of ${rows().length}`;
    }
    function move(row, to, focused) {
      const others = rows().filter((one) => one !== row);
      const before = others[to];
      if (before) before.before(row); else if (others.length) others[others.length - 1].after(row);
      focused?.focus();
    }

    const ranked = rows().filter((row) => field(row).value);
    if (ranked.length === rows().length) {
      ranked.sort((one, other) => field(one).value - field(other).value).forEach((row) => lines.append(row));
    }
    for (const row of rows()) {
      const handle = make("button", { type: "button", class: "handle", "aria-label": `Move ${name(row)}: arrow up, arrow down` });
      handle.textContent = "⠿";
      handle.addEventListener("keydown", (event) => {
        const at = rows().indexOf(row);
        const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows().length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        move(row, Math.min(Math.max(to, 0), rows().length - 1), handle);
        settle(row);
      });
      handle.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        handle.focus();
        handle.setPointerCapture(event.pointerId);
        row.classList.add("dragged");
      });
      handle.addEventListener("pointermove", (event) => {
        if (!row.classList.contains("dragged")) return;
        const others = rows().filter((one) => one !== row);
        const to = others.filter((one) => {
          const box = one.getBoundingClientRect();
          return event.clientY > box.top + box.height / 2;
        }).length;
        if (to === rows().indexOf(row)) return;
        move(row, to, handle);
        handle.setPointerCapture(event.pointerId); // moving it in the page let go of the pointer
      });
      for (const end of ["pointerup", "pointercancel"]) {
        handle.addEventListener(end, () => {
          if (!row.classList.contains("dragged")) return;
          row.classList.remove("dragged");
          settle(row);
        });
      }
      field(row).addEventListener("change", (event) => {
        if (!event.target.value) { rows().forEach((one) => { field(one).value = ""; }); return; }
        move(row, Number(event.target.value) - 1, event.target);
        settle(row);
      });
      row.append(handle);
    }
    lines.append(said);
  }

  function enhance() {
    for (const select of document.querySelectorAll("select[data-search]:not([hidden])")) searchable(select);
    for (const lines of document.querySelectorAll("[data-rank]:not(:has(.handle))")) draggable(lines);
  }
  enhance();
  document.body.addEventListener("htmx:afterSwap", enhance); // before the focus is set, after settling
})();

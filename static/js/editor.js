// The rule builder: lists that are searched, and parts that are dragged. Without this file the
// lists are plain selects, and the menu of each part moves it.
(() => {
  "use strict";
  let count = 0;

  // A select marked data-search gets an input that searches it; the select stays what is sent.
  function combobox(select) {
    const name = `combo-${(count += 1)}`;
    const input = element("input", { type: "text", role: "combobox", autocomplete: "off", spellcheck: "false" });
    const box = element("div", { class: "combo" });
    const list = element("ul", { class: "combo-list", role: "listbox", id: name });
    let active = null;

    attributes(input, {
      "aria-label": select.getAttribute("aria-label"), "aria-autocomplete": "list", "aria-controls": name,
      "aria-expanded": "false", placeholder: "Choose or search…",
    });
    attributes(list, { "aria-label": select.getAttribute("aria-label") });
    list.hidden = true;
    select.before(box);
    box.append(select, input, list);
    select.hidden = true;
    select.dataset.enhanced = "";
    show();

    function show() { input.value = select.value ? select.selectedOptions[0].label : ""; }

    function open(words) {
      fill(words.trim().toLowerCase().split(/\s+/).filter(Boolean));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }

    function close() {
      list.hidden = true;
      mark(null);
      input.setAttribute("aria-expanded", "false");
    }

    // By label; where no label has the words, by what it belongs to and its key too.
    function fill(words) {
      list.replaceChildren();
      const groups = [...select.querySelectorAll("optgroup")];
      const named = groups.some((group) => [...group.children].some((option) => matches(option.label, words)));
      for (const [index, group] of groups.entries()) {
        const found = [...group.children].filter((option) => matches(named ? option.label : `${option.label} ${group.label} ${option.value}`, words));
        if (!found.length) continue;
        const title = element("span", { class: "combo-title", id: `${name}-g${index}`, role: "presentation" }, group.label);
        const inner = element("ul", { role: "group", "aria-labelledby": title.id });
        inner.append(...found.map((option) => shown(option)));
        const item = element("li", { role: "presentation" });
        item.append(title, inner);
        list.append(item);
      }
      const options = all();
      mark(options.find((one) => words.length ? true : one.dataset.value === select.value) || null);
      if (!options.length) list.append(element("li", { class: "combo-none", role: "option", "aria-disabled": "true" }, "Nothing is called that."));
    }

    function shown(option) {
      const item = element("li", { role: "option", id: `${name}-${option.index}`, "aria-selected": String(option.value === select.value) }, option.label);
      item.dataset.value = option.value;
      return item;
    }

    function all() { return [...list.querySelectorAll("[data-value]")]; }

    function mark(item) {
      active?.classList.remove("active");
      active = item;
      item?.classList.add("active");
      item?.scrollIntoView({ block: "nearest" });
      if (item) input.setAttribute("aria-activedescendant", item.id); else input.removeAttribute("aria-activedescendant");
    }

    function step(by) {
      const options = all();
      if (options.length) mark(options[(options.indexOf(active) + by + options.length + (active || by > 0 ? 0 : 1)) % options.length]);
    }

    function choose(item) {
      close();
      if (item && item.dataset.value !== select.value) {
        select.value = item.dataset.value;
        show();
        for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true }));
      } else show();
    }

    input.addEventListener("click", () => { if (list.hidden) { open(""); input.select(); } });
    input.addEventListener("input", (event) => { event.stopPropagation(); open(input.value); });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("blur", () => { if (!list.hidden) choose(null); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open(""); else step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        choose(active);
      } else if (event.key === "Tab" && !list.hidden) {
        choose(input.value ? active : null);
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        choose(null);
      }
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();  // the input keeps the focus
      const item = event.target.closest("[data-value]");
      if (item) choose(item);
    });
    select.addEventListener("focus", () => input.focus());
    if (select.autofocus && document.activeElement !== input) input.focus();
  }

  function matches(text, words) { return words.every((word) => text.toLowerCase().includes(word)); }

  function element(tag, given, text = "") {
    const made = document.createElement(tag);
    attributes(made, given);
    if (text) made.textContent = text;
    return made;
  }

  function attributes(one, given) {
    for (const [name, value] of Object.entries(given)) one.setAttribute(name, value);
  }

  function enhance(root) {
    const selects = [...root.querySelectorAll("select[data-search]:not([data-enhanced])")];
    if (root.matches?.("select[data-search]:not([data-enhanced])")) selects.push(root);
    selects.forEach(combobox);
  }

  // A part is dragged by its grip to any place between others; the server moves it there.
  let drag = null;

  function slots(moved) {
    const found = [];
    for (const list of document.querySelectorAll("[data-builder] [data-group]")) {
      if (moved.contains(list)) continue;
      const parts = [...list.children].filter((one) => one.dataset.part && one !== moved);
      const left = list.getBoundingClientRect().left;
      for (const part of parts) found.push({ list, before: part, x: left, y: part.getBoundingClientRect().top });
      const last = parts.at(-1);
      const box = list.getBoundingClientRect();
      found.push({ list, before: null, x: left, y: last ? last.getBoundingClientRect().bottom : (box.top + box.bottom) / 2 });
    }
    return found;
  }

  function nearest(event, moved) {
    const cost = (slot) => Math.abs(slot.y - event.clientY) + 0.4 * Math.abs(slot.x - event.clientX + 20);
    return slots(moved).reduce((best, slot) => (!best || cost(slot) < cost(best) ? slot : best), null);
  }

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("[data-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    const part = grip.closest("[data-part]");
    drag = { part, slot: null, line: element("li", { class: "drop-here", "aria-hidden": "true" }) };
    part.classList.add("dragged");
    document.body.classList.add("dragging");
    grip.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.line.remove();
    drag.slot = nearest(event, drag.part);
    if (drag.slot) drag.slot.list.insertBefore(drag.line, drag.slot.before);
    if (event.clientY < 60) scrollBy(0, -12);
    if (event.clientY > innerHeight - 60) scrollBy(0, 12);
  });

  function end(drops) {
    if (!drag) return;
    const { part, slot, line } = drag;
    drag = null;
    line.remove();
    part.classList.remove("dragged");
    document.body.classList.remove("dragging");
    if (!drops || !slot) return;
    const button = document.getElementById("drop");
    button.disabled = false;
    button.value = `drop-${part.dataset.part}-${slot.list.dataset.group}-${slot.before?.dataset.part || ""}`;
    button.click();
  }

  document.addEventListener("pointerup", () => end(true));
  document.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });
  // What was asked about an earlier state of the rule is not shown beside a later one. What asked is
  // listened to itself: an event at a part that has been replaced does not reach the document.
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    elt.addEventListener("htmx:beforeOnLoad", (event) => { if (!elt.isConnected) event.preventDefault(); }, { once: true });
  });
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  enhance(document);
})();

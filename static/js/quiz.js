// Keys, focus and a word when the network is away. Every page works without this file.
(() => {
  "use strict";
  const stage = document.getElementById("stage");
  const announce = document.getElementById("announce");
  const options = () => [...stage.querySelectorAll("input[data-hint]")];
  const typing = (element) => element.matches("input:not([type=radio], [type=checkbox]), textarea, select");

  function pick(option) {
    option.focus();
    if (option.type === "checkbox" || !option.checked) option.click();
  }

  function picked(key) {
    const found = options();
    const exact = found.find((option) => option.dataset.hint === key.toUpperCase());
    return exact || (/^[1-9]$/.test(key) ? found[Number(key) - 1] : undefined);
  }

  function move(step) {
    const found = options();
    if (!found.length) return false;
    const place = found.indexOf(document.activeElement);
    found[(place + step + found.length + (place < 0 && step < 0 ? 1 : 0)) % found.length].focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = document.activeElement || document.body;
    if (event.key === "Enter" && (at.matches("input[data-hint]") || at === document.body || at.id === "asked")) {
      const form = document.getElementById("question");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (typing(at)) return;
    const down = event.key === "ArrowDown" || event.key === "ArrowRight";
    const up = event.key === "ArrowUp" || event.key === "ArrowLeft";
    const native = at.matches("input[type=radio]");  // the browser moves among radios itself
    if ((down || up) && !native && move(down ? 1 : -1)) { event.preventDefault(); return; }
    const option = event.key.length === 1 ? picked(event.key) : undefined;
    if (option) { event.preventDefault(); pick(option); }
  });

  // After a swap, to the first field in error, else to the new question's heading.
  document.body.addEventListener("htmx:afterSettle", () => {
    announce.textContent = "";
    const invalid = document.querySelector("[aria-invalid]");
    const heading = document.getElementById("asked");
    (invalid || heading)?.focus({ preventScroll: !invalid });
  });

  document.body.addEventListener("htmx:sendError", () => {
    announce.textContent = "You seem to be offline. What you answered before is kept; try again in a moment.";
  });
})();

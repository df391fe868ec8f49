// Rungs of a ladder are dragged into order; the page then asks for that order as its arrows do.
let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".rung-card");
  if (!dragged) return;
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.key);
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.(".rungs > li");
  if (!dragged || !event.target.closest?.(".rungs")) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const box = over.getBoundingClientRect();
  over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
});
document.addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  dragged = null;
  const order = [...document.querySelectorAll(".rungs > li")].map((rung) => rung.dataset.key);
  const address = `${document.querySelector("#ladder").dataset.address}?order=${order}`;
  htmx.ajax("GET", address, { target: "#ladder", swap: "outerHTML" });
  history.replaceState(null, "", address);
});

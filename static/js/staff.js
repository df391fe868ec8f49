// Menus close when one clicks elsewhere or presses Escape; everything works without this.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
// On a narrow screen the links scroll sideways: begin where one is.
document.querySelector(".places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
// A part asked for after the session ended answers with the sign-in page: go there instead.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname !== "/login/") return;
  event.detail.shouldSwap = false;
  location.reload();
});
// Where what had the focus is gone, the part that came in its place has it: Tab goes on from there.
let left = "";
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  left = detail.target.contains(document.activeElement) ? detail.target.id : "";
});
document.addEventListener("htmx:afterSettle", () => {
  const part = left && document.activeElement === document.body && document.getElementById(left);
  left = "";
  if (!part) return;
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
});
// What the server refuses is said at the top of the page.
document.addEventListener("htmx:responseError", (event) => complain(event.detail.xhr.responseText));
document.addEventListener("htmx:sendError", () => complain("The server cannot be reached. Nothing was changed."));
function complain(words) {
  const list = document.createElement("ul");
  const item = document.createElement("li");
  list.className = "messagelist";
  list.setAttribute("role", "alert");
  item.className = "error";
  item.textContent = words.startsWith("<") ? "That did not work. Load the page again and retry." : words.slice(0, 300);
  list.append(item);
  document.querySelector("ul.messagelist")?.remove();
  document.querySelector("main").prepend(list);
  list.scrollIntoView({ block: "nearest" });
}

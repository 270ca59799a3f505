// A list that is put in order: by the buttons of each item, or by dragging. The selects with numbers stay what the
// form sends, and all there is without JavaScript.

const items = (list) => [...list.children];

function renumber(list) {
  items(list).forEach((item, place) => {
    item.querySelector("select").value = String(place + 1);
    item.querySelector("[data-move='-1']").disabled = place === 0;
    item.querySelector("[data-move='1']").disabled = place === list.children.length - 1;
  });
}

function tell(list, item) {
  renumber(list);
  const place = items(list).indexOf(item) + 1;
  const said = list.dataset.moved.replace("{place}", place).replace("{total}", list.children.length);
  list.parentElement.querySelector("[data-sorted]").textContent = said;
  item.dispatchEvent(new Event("input", { bubbles: true }));
}

export function arrange(list, ids) {
  for (const id of ids) {
    const item = items(list).find((each) => each.querySelector("[name=response]").value === id);
    if (item) list.append(item);
  }
  renumber(list);
}

function move(list, button) {
  const item = button.closest("li");
  const other = button.dataset.move === "1" ? item.nextElementSibling : item.previousElementSibling;
  if (!other) return;
  if (button.dataset.move === "1") other.after(item);
  else other.before(item);
  tell(list, item);
  (button.disabled ? item.querySelector("[data-move]:not([disabled])") : button).focus();
}

function drag(list, start) {
  const item = start.target.closest(".grip")?.closest("li");
  if (!item) return;
  start.preventDefault();
  item.classList.add("dragged");
  const follow = (event) => {
    const other = document.elementFromPoint(event.clientX, event.clientY)?.closest("li");
    if (!other || other === item || other.parentElement !== list) return;
    const down = items(list).indexOf(other) > items(list).indexOf(item);
    if (down) other.after(item);
    else other.before(item);
  };
  const end = () => {
    item.classList.remove("dragged");
    document.removeEventListener("pointermove", follow);
    tell(list, item);
  };
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", end, { once: true });
  document.addEventListener("pointercancel", end, { once: true });
}

export function makeSortable(list) {
  list.classList.add("by-hand");
  for (const moves of list.querySelectorAll(".moves")) moves.hidden = false;
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (button) move(list, button);
  });
  list.addEventListener("pointerdown", (event) => drag(list, event));
  renumber(list);
}

// The practice page: drafts, the «read as» line, focus, and what to say when the connection fails.

import * as drafts from "./drafts.js";
import { upgrade } from "./mathfield.js";
import { arrange, makeSortable } from "./ordering.js";
import { prepare } from "./page.js";

const PAUSE = 350; // ms without a key before the server is asked how it reads the answer

function values(form) {
  return new FormData(form).getAll("response").map(String);
}

function restore(form) {
  const draft = drafts.kept(form.dataset.draft);
  const untouched = form.querySelector("[data-sortable]") ? form.dataset.tries === "0" : !values(form).some(Boolean);
  if (!draft || !untouched) return;
  const list = form.querySelector("[data-sortable]");
  if (list) return arrange(list, draft);
  form.querySelectorAll("[name=response]").forEach((input, place) => {
    if (["radio", "checkbox"].includes(input.type)) input.checked = draft.includes(input.value);
    else {
      input.value = draft[place] ?? "";
      input.dispatchEvent(new Event("draft"));
    }
  });
}

function readAs(form) {
  const line = form.querySelector("[data-read-as]");
  if (!line) return () => {};
  let timer = 0;
  let request = null;
  const ask = async () => {
    request?.abort();
    request = new AbortController();
    if (!values(form).join("").trim()) return line.replaceChildren();
    try {
      const answer = await fetch(line.dataset.readAs, { method: "POST", body: new FormData(form), signal: request.signal });
      if (answer.ok) line.innerHTML = await answer.text();
    } catch {
      line.replaceChildren(); // offline, or overtaken by the next key
    }
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
}

// Enter goes on to the next place that is still empty; in the last one it checks, as in every form.
function nextPlace(event) {
  if (event.key !== "Enter" || event.target.matches("button, textarea")) return;
  const form = event.currentTarget;
  const open = [...form.querySelectorAll("[name=response]")].find((input) => !input.value && !input.checked);
  const places = form.querySelectorAll(".in-line, .in-cell, .in-pair");
  const own = event.target.closest(".field");
  if (places.length < 2 || !open || !own || own.contains(open)) return;
  event.preventDefault();
  event.stopPropagation();
  open.closest(".field").querySelector("math-field, [name=response]").focus();
}

async function begin(form) {
  drafts.forgetOthers(form.dataset.draft);
  restore(form);
  const preview = readAs(form);
  form.addEventListener("input", () => {
    drafts.keep(form.dataset.draft, values(form));
    form.querySelector("[data-unreadable]")?.remove();
    preview();
  });
  form.addEventListener("input", (event) => event.target.closest(".field")?.classList.remove("right", "again"));
  form.addEventListener("keydown", nextPlace, { capture: true }); // before the field for mathematics sends the form
  for (const input of form.querySelectorAll("[data-math]")) await upgrade(input);
  const field = form.querySelector("math-field, [name=response]:not([type=hidden]), [data-move]");
  if (!form.querySelector("[data-sortable]") && values(form).some(Boolean) && !form.querySelector(".feedback, [data-unreadable]")) preview(); // these have said it already
  if (!document.querySelector("#practice [data-focus]") && matchMedia("(pointer: fine)").matches) {
    field?.focus({ preventScroll: true });
  }
}

function start(root) {
  prepare(root);
  const form = root.querySelector("form[data-draft]");
  if (form) begin(form);
  for (const input of root.querySelectorAll(".scaffold [data-math]")) upgrade(input);
  for (const list of root.querySelectorAll("[data-sortable]")) makeSortable(list);
}

function trouble(name) {
  for (const note of document.querySelectorAll("[data-trouble]")) note.hidden = note.dataset.trouble !== name;
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "practice") start(document.getElementById("practice"));
});
document.addEventListener("htmx:beforeRequest", () => trouble(""));
document.addEventListener("htmx:sendError", () => trouble("offline"));
document.addEventListener("htmx:timeout", () => trouble("offline"));
document.addEventListener("htmx:responseError", (event) => trouble(event.detail.xhr.status === 403 ? "expired" : "fault"));
window.addEventListener("offline", () => trouble("offline"));
window.addEventListener("online", () => trouble(""));
document.addEventListener("keydown", (event) => {
  // Enter on what has just received the focus goes on: back to the field, or to the next exercise.
  if (event.key !== "Enter" || !event.target.matches("[data-focus]")) return;
  event.preventDefault();
  const field = document.querySelector("form[data-draft] :is(math-field, input:not([type=hidden]))");
  if (field) field.focus();
  else document.querySelector(".actions .primary")?.click();
});
start(document.getElementById("practice"));

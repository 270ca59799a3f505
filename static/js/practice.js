// The practice page: drafts, the «read as» line, focus, and what to say when the connection fails.

import * as drafts from "./drafts.js";
import { upgrade } from "./mathfield.js";
import { prepare } from "./page.js";

const PAUSE = 350; // ms without a key before the server is asked how it reads the answer

function values(form) {
  return new FormData(form).getAll("response").map(String);
}

function restore(form) {
  const draft = drafts.kept(form.dataset.draft);
  if (!draft || values(form).some(Boolean)) return;
  for (const input of form.querySelectorAll("[name=response]")) {
    if (["radio", "checkbox"].includes(input.type)) input.checked = draft.includes(input.value);
    else {
      input.value = draft[0] ?? "";
      input.dispatchEvent(new Event("draft"));
    }
  }
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

async function begin(form) {
  drafts.forgetOthers(form.dataset.draft);
  restore(form);
  const preview = readAs(form);
  form.addEventListener("input", () => {
    drafts.keep(form.dataset.draft, values(form));
    form.querySelector("[data-unreadable]")?.remove();
    preview();
  });
  const input = form.querySelector("[data-math]");
  const field = input ? await upgrade(input) : form.querySelector("[name=response]");
  if (values(form).some(Boolean) && !form.querySelector(".feedback, [data-unreadable]")) preview(); // these have said it already
  if (!document.querySelector("#practice [data-focus]") && matchMedia("(pointer: fine)").matches) {
    field?.focus({ preventScroll: true });
  }
}

function start(root) {
  prepare(root);
  const form = root.querySelector("form[data-draft]");
  if (form) begin(form);
  for (const input of root.querySelectorAll("[data-scaffold-math]")) upgrade(input);
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

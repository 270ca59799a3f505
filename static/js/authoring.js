// The authoring pages: a draft that saves itself and loses nothing, problems beside their fields, edges drawn by hand.

import * as drafts from "./drafts.js";
import { prepare } from "./page.js";

const PAUSE = 900; // ms without a key before the draft is saved
const AGAIN = 8000; // ms before saving is tried once more without a connection

class Editor {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("form[data-autosave]");
    this.key = root.dataset.kept;
    this.timer = 0;
    this.saving = null;
    this.restore();
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", (event) => this.chosen(event.target));
    place(root);
    if (root.dataset.went) focusOn(root.dataset.went);
  }

  values() {
    return [...new FormData(this.form)].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "stamp");
  }

  stamp() {
    return this.root.querySelector("[name=stamp]").value;
  }

  // What a lost connection or a closed page left on this device, if the server has nothing newer.
  restore() {
    const [stamp, ...pairs] = drafts.kept(this.key) ?? [];
    if (stamp !== this.stamp()) return;
    const values = new Map();
    for (const pair of pairs) {
      const [name, value] = JSON.parse(pair);
      values.set(name, [...(values.get(name) ?? []), value]);
    }
    for (const field of this.form.elements) {
      if (!field.name || field.type === "hidden" || field.type === "submit") continue;
      const given = values.get(field.name) ?? [];
      if (["radio", "checkbox"].includes(field.type)) field.checked = given.includes(field.value);
      else if (given.length) field.value = given[0];
    }
    this.root.querySelector("[data-restored]").hidden = false;
    this.changed();
  }

  changed() {
    drafts.keep(this.key, [this.stamp(), ...this.values().map((pair) => JSON.stringify(pair))]);
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  chosen(field) {
    if (!field.dataset.changes) return;
    const button = [...this.form.elements].find((one) => one.name === "do" && one.value === field.dataset.changes);
    button.click(); // htmx sends the button that was clicked
  }

  // One request at a time: each carries the stamp that the one before has brought.
  save() {
    clearTimeout(this.timer);
    if (!this.dirty || !this.root.isConnected) return this.saving ?? Promise.resolve();
    const mine = (this.saving ?? Promise.resolve()).then(() => this.send()).finally(() => {
      if (this.saving === mine) this.saving = null;
    });
    this.saving = mine;
    return mine;
  }

  async send() {
    this.dirty = false;
    let answer;
    try {
      answer = await fetch(this.form.dataset.autosave, { method: "POST", body: new FormData(this.form), redirect: "error" });
      if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
    } catch (fault) {
      this.dirty = true;
      const lasting = ["403", "404", "400"].includes(fault.message);
      this.root.querySelector(lasting ? "[data-trouble-fault]" : "[data-trouble]").hidden = false;
      if (!lasting) this.timer = setTimeout(() => this.save(), AGAIN);
      return;
    }
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("beside");
    this.root.querySelector("#beside").replaceWith(made);
    place(this.root);
    prepare(made);
    const variants = this.root.querySelector("#variants");
    if (variants && answer.ok) htmx.trigger(variants, "saved");
    if (answer.ok && !this.dirty) drafts.forget(this.key);
  }
}

// The problems of the list beside the form, each at its field too.
function place(root) {
  for (const old of root.querySelectorAll("[data-problem]")) old.remove();
  for (const field of root.querySelectorAll("form[data-autosave] [aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const link of root.querySelectorAll("[data-about]")) {
    const about = document.getElementById(link.dataset.about);
    if (!about) continue;
    const said = document.createElement("p");
    said.className = "error";
    said.dataset.problem = "";
    said.textContent = link.querySelector("[data-words]").textContent;
    if (about.matches("input, textarea, select")) {
      about.setAttribute("aria-invalid", "true");
      about.after(said);
    } else about.prepend(said);
  }
}

function focusOn(id) {
  const found = document.getElementById(id);
  if (!found) return;
  for (let above = found.closest("details"); above; above = above.parentElement.closest("details")) above.open = true;
  const field = found.matches("input, textarea, select") ? found : found.querySelector("textarea, input:not([type=hidden]), select");
  (field ?? found).focus();
}

let editor = null;

function start(root) {
  const found = root.matches?.("[data-editor]") ? root : root.querySelector("[data-editor]");
  if (found) editor = new Editor(found);
  for (const graph of root.querySelectorAll("[data-graph]")) drawEdges(graph);
  for (const button of root.querySelectorAll("[data-without-script]")) button.hidden = true;
}

// From one concept to another, with a mouse or a finger; lists below do the same with keys.
function drawEdges(graph) {
  let from = null;
  let line = null;
  const point = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(graph.getScreenCTM().inverse());
  const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-node]");
  const end = () => {
    line?.remove();
    for (const node of graph.querySelectorAll(".from, .to")) node.classList.remove("from", "to");
    graph.classList.remove("drawing");
    [from, line] = [null, null];
  };
  graph.addEventListener("dragstart", (event) => event.preventDefault());
  graph.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("[data-node]");
    if (!node || event.pointerType === "touch" || event.button) return;
    from = { node, at: point(event) };
  });
  graph.addEventListener("pointermove", (event) => {
    if (!from) return;
    const at = point(event);
    if (!line && Math.hypot(at.x - from.at.x, at.y - from.at.y) < 8) return;
    if (!line) {
      line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("class", "drawn");
      graph.append(line);
      graph.classList.add("drawing");
      from.node.classList.add("from");
    }
    line.setAttribute("d", `M${from.at.x} ${from.at.y}L${at.x} ${at.y}`);
    graph.querySelector(".to")?.classList.remove("to");
    const node = under(event);
    if (node && node !== from.node) node.classList.add("to");
  });
  graph.addEventListener("pointerup", (event) => {
    const node = line && under(event);
    if (node && node !== from.node) {
      const form = document.querySelector("[data-link]");
      form.elements.requires.value = from.node.dataset.node;
      form.elements.concept.value = node.dataset.node;
      form.requestSubmit();
    }
    if (line) graph.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    end();
  });
  graph.addEventListener("pointercancel", end);
  graph.addEventListener("pointerleave", end);
}

document.addEventListener("htmx:confirm", (event) => {
  if (!editor?.saving || event.target !== editor.form) return;
  event.preventDefault(); // the stamp of what is being saved must come first
  editor.saving.then(() => event.detail.issueRequest(true));
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === editor?.form) clearTimeout(editor.timer);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "editor" && event.detail.target?.id !== "graph") return;
  if (event.detail.target.id === "editor" && event.detail.xhr.status === 200) drafts.forget(editor.key);
  const made = document.getElementById(event.detail.target.id);
  prepare(made);
  start(made);
});
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, () => editor?.root.querySelector("[data-trouble]")?.removeAttribute("hidden"));
}
// What has just been typed is saved before it is looked at elsewhere.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-after-saving]");
  if (!link || !editor?.dirty || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  editor.save().then(() => { location.href = link.href; });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-about]");
  if (!link) return;
  event.preventDefault();
  focusOn(link.dataset.about);
});
window.addEventListener("online", () => editor?.save());
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 3000);
start(document);

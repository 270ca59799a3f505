// Turns a plain text input for mathematics into a MathLive field. The input stays: it is what the form sends,
// and all there is when the library cannot be loaded.

let library = null;

function load(base) {
  library ??= import(`${base}mathlive.min.mjs`).then(({ MathfieldElement }) => {
    MathfieldElement.fontsDirectory = `${base}fonts`;
    MathfieldElement.soundsDirectory = null;
    MathfieldElement.plonkSound = null;
    return MathfieldElement;
  });
  return library;
}

function show(field, text) {
  // LaTeX comes from this very field, anything else was typed without it.
  if (text.includes("\\")) field.setValue(text, { silenceNotifications: true });
  else field.setValue(text, { format: "ascii-math", silenceNotifications: true });
}

function followKeyboard() {
  const keyboard = window.mathVirtualKeyboard;
  if (!keyboard || followKeyboard.done) return;
  followKeyboard.done = true;
  keyboard.addEventListener("geometrychange", () => {
    document.documentElement.style.setProperty("--keyboard", `${keyboard.boundingRect.height}px`);
    document.documentElement.toggleAttribute("data-typing", keyboard.boundingRect.height > 0);
    if (document.activeElement?.matches("math-field")) document.activeElement.scrollIntoView({ block: "nearest" });
  });
}

export async function upgrade(input) {
  let Mathfield;
  try {
    Mathfield = await load(input.dataset.mathlive);
  } catch {
    return input;
  }
  if (!input.isConnected) return input;
  const field = new Mathfield();
  field.smartFence = true;
  field.mathVirtualKeyboardPolicy = matchMedia("(pointer: coarse)").matches ? "auto" : "manual";
  field.className = "math-field";
  field.setAttribute("aria-label", input.dataset.label);
  field.setAttribute("lang", document.documentElement.lang);
  if (input.getAttribute("aria-describedby")) field.setAttribute("aria-describedby", input.getAttribute("aria-describedby"));
  input.before(field);
  show(field, input.value);
  field.menuItems = [];
  followKeyboard();
  const take = () => {
    const latex = field.getValue("latex");
    if (input.value === latex) return;
    input.value = latex;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // The field tells of a change a moment later; whoever presses a button at once must not lose the last key.
  for (const moment of ["input", "change", "blur", "focusout"]) field.addEventListener(moment, take);
  // The label belongs to the input, which is hidden now; to a person it is the field's.
  document.querySelector(`label[for="${input.id}"]`)?.addEventListener("click", () => field.focus());
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    take();
    input.form.requestSubmit(document.querySelector(`button[form="${input.form.id}"]`) ?? undefined);
  }, { capture: true });
  input.type = "hidden";
  input.addEventListener("draft", () => show(field, input.value));
  return field;
}

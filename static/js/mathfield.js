// Turns a plain text input for mathematics into a MathLive field. The input stays: it is what the form sends,
// and all there is when the library cannot be loaded.

// The keys of school algebra, few enough that each is wide enough for a thumb on the narrowest phone.
const KEYS = {
  label: "123",
  layers: [{
    id: "school-keys",
    rows: [
      ["x", "[7]", "[8]", "[9]", String.raw`\frac{#@}{#?}`, "#@^2", "#@^{#?}", String.raw`\sqrt{#0}`],
      ["y", "[4]", "[5]", "[6]", "[*]", "[(]", "[)]", ","],
      ["<", "[1]", "[2]", "[3]", "[-]", String.raw`\le`, String.raw`\ge`, { label: "[backspace]", width: 1 }],
      [">", "[0]", "[.]", "[=]", "[+]", "[left]", "[right]", { label: "[action]", width: 1 }],
    ],
  }],
};

let library = null;

function load(base) {
  library ??= import(`${base}mathlive.min.mjs`).then(({ MathfieldElement }) => {
    MathfieldElement.fontsDirectory = `${base}fonts`;
    MathfieldElement.soundsDirectory = null;
    MathfieldElement.plonkSound = null;
    MathfieldElement.locale = document.documentElement.lang.startsWith("zh") ? "zh-cn" : "en";
    window.mathVirtualKeyboard.layouts = [KEYS, "alphabetic"];
    window.mathVirtualKeyboard.editToolbar = "none";
    followKeyboard(window.mathVirtualKeyboard);
    return MathfieldElement;
  });
  return library;
}

function show(field, text) {
  // LaTeX comes from this very field, anything else was typed without it.
  if (text.includes("\\")) field.setValue(text, { silenceNotifications: true });
  else field.setValue(text, { format: "ascii-math", silenceNotifications: true });
}

function followKeyboard(keyboard) {
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
  const send = () => {
    take();
    input.form.requestSubmit(document.querySelector(`button[form="${input.form.id}"]`) ?? undefined);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    send();
  }, { capture: true });
  // The same key of the keyboard on the screen.
  field.addEventListener("input", (event) => event.inputType === "insertLineBreak" && send());
  input.type = "hidden";
  input.addEventListener("draft", () => show(field, input.value));
  return field;
}

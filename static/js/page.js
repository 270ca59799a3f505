// Every page: the theme of this device, menus that close themselves, focus on what has just arrived.

const YEAR = 60 * 60 * 24 * 365;
const TWICE = 3000; // milliseconds in which a second click is not meant

function chooseTheme(theme) {
  document.cookie = `theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`;
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

// A formula wider than its place scrolls, and whoever has no mouse must be able to do that too.
function reachWideFormulas(root) {
  for (const formula of root.querySelectorAll("math[display=block]")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  }
}

// A map wider than its place says so, and begins where the reader is: at what they can learn next.
function openMap(map) {
  const tell = () => {
    const rest = map.scrollWidth - map.clientWidth;
    document.querySelector("[data-map-hint]").hidden = rest < 8;
    map.classList.toggle("goes-on", rest - map.scrollLeft > 8);
  };
  const place = map.querySelector(".ready")?.getBoundingClientRect();
  if (place) map.scrollLeft = place.left - map.getBoundingClientRect().left - 24;
  map.addEventListener("scroll", tell, { passive: true });
  new ResizeObserver(tell).observe(map);
}

export function prepare(root) {
  reachWideFormulas(root);
  for (const map of root.querySelectorAll("[data-map]")) openMap(map);
  document.fonts.ready.then(() => reachWideFormulas(root));
  for (const element of root.querySelectorAll("[data-needs-script]")) element.hidden = false;
  root.querySelector("[data-focus]")?.focus({ preventScroll: false });
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) chooseTheme(choice.dataset.themeChoice);
  closeMenus(event.target.closest("[data-menu]"));
  const print = event.target.closest("[data-print]");
  if (print) window.print();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      copy.querySelector("[data-copy-label]").textContent = copy.dataset.copied;
    });
  }
});
// A double click sends a form once; htmx sees to its own.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const { dataset } = event.target;
  if (event.timeStamp - dataset.sentAt < TWICE) event.preventDefault();
  else dataset.sentAt = event.timeStamp;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu][open]");
  closeMenus();
  menu?.querySelector("summary").focus();
});
prepare(document);

// Replaces every element with data-refresh by what its address gives, again and again, until it no longer asks for it.
"use strict";

async function refresh(element) {
  const answer = await fetch(element.dataset.refresh, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer || !answer.ok) {
    later(element, 10);
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = (await answer.text()).trim();
  const fresh = holder.content.firstElementChild;
  element.replaceWith(fresh);
  later(fresh, Number(fresh.dataset.every || 2));
}

function later(element, seconds) {
  if (element.dataset.refresh) {
    setTimeout(() => refresh(element), 1000 * seconds);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-refresh]").forEach((element) => {
    if (element.dataset.refresh) {
      refresh(element);
    }
  });
});

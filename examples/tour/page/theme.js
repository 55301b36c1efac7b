// Runs before the page is painted, so that it does not first show in the other theme. The system's, unless somebody has chosen.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element) || target.closest("[data-theme-switch]") === null) return;
  const isDark = root.dataset.theme === undefined ? dark.matches : root.dataset.theme === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

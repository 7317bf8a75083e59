// Comfort only: every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const THEME = "reconcile-theme";

  const kept = () => {
    try { return localStorage.getItem(THEME); } catch { return null; }
  };
  const keep = (theme) => {
    try { localStorage.setItem(THEME, theme); } catch { /* private mode */ }
  };
  const chosen = kept();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  const themeSwitch = () => {
    const button = document.querySelector("[data-theme-switch]");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
    button.hidden = false;
    name();
    system.addEventListener("change", name);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      keep(root.dataset.theme);
      name();
    });
  };

  // A link to something folded opens it.
  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const folded = target.matches("details") ? target : target.querySelector("details");
    if (folded) folded.open = true;
  };

  document.addEventListener("DOMContentLoaded", () => {
    themeSwitch();
    openTarget();
    addEventListener("hashchange", openTarget);
  });
})();

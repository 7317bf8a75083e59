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

  // Take parts of a fresher copy of this page, without moving focus or scroll.
  const where = (element) => (element.id ? `#${CSS.escape(element.id)}` : element.getAttribute("href"));
  const again = (part, place) =>
    place.startsWith("#") ? document.querySelector(place) : [...part.querySelectorAll("a")].find((a) => a.getAttribute("href") === place);
  const take = (fresh) => {
    for (const part of document.querySelectorAll("[data-part]")) {
      const newer = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!newer || newer.hasAttribute("data-keep") || newer.innerHTML === part.innerHTML) continue;
      const place = part.contains(document.activeElement) ? where(document.activeElement) : null;
      const seen = [...part.querySelectorAll("a[href]")].find((a) => a.getBoundingClientRect().top >= 0);
      const top = seen?.getBoundingClientRect().top;
      part.replaceChildren(...newer.childNodes);
      const same = scrollY && seen && again(part, seen.getAttribute("href"));
      if (same) scrollBy({ top: same.getBoundingClientRect().top - top, behavior: "instant" });
      if (place) again(part, place)?.focus({ preventScroll: true });
    }
    for (const text of document.querySelectorAll("[data-text]")) {
      const newer = fresh.querySelector(`[data-text="${text.dataset.text}"]`);
      if (newer && newer.textContent !== text.textContent) text.textContent = newer.textContent;
    }
  };
  const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

  let asking = null;
  const show = async (address, keepInHistory) => {
    asking?.abort();
    asking = new AbortController();
    try {
      const response = await fetch(address, { signal: asking.signal });
      if (!response.ok || new URL(response.url).pathname !== location.pathname) return;
      take(await read(response));
      if (keepInHistory) history.replaceState(null, "", response.url);
    } catch (error) {
      if (error.name !== "AbortError" && keepInHistory) location.assign(address);
    }
  };

  const refresh = () => {
    const seconds = Number(document.querySelector("[data-refresh]")?.dataset.refresh);
    if (!seconds) return;
    setInterval(() => { if (!document.hidden) show(location.href, false); }, seconds * 1000);
  };

  const filters = () => {
    const form = document.querySelector("[data-filters]");
    if (!form) return;
    const address = () => {
      const pairs = [...new FormData(form)].filter(([, text]) => text.trim());
      return `${form.action}?${new URLSearchParams(pairs)}`;
    };
    let later = 0;
    const ask = (ms) => {
      clearTimeout(later);
      later = setTimeout(() => { if (form.checkValidity()) show(address(), true); }, ms);
    };
    form.addEventListener("input", (event) => ask(event.target.matches("input") ? 120 : 0));
    form.addEventListener("submit", (event) => { event.preventDefault(); ask(0); });
  };

  // A page in one file: find among its rows.
  const find = () => {
    const form = document.querySelector("[data-find]");
    if (!form) return;
    const input = form.querySelector("input");
    const place = document.querySelector("[data-found]");
    const status = place.querySelector("[role=status]");
    const whole = status.textContent;
    const parts = [...place.querySelectorAll(".part")].map((part) => ({ part, rows: null }));
    const read = (row) => ({ row, text: row.textContent.toLowerCase(), pills: null });
    const rows = (one) => one.rows ??= [...one.part.querySelectorAll("tbody tr")].map(read);
    const pills = (one) => one.pills ??= [...one.row.querySelectorAll(".pill")].map((pill) => pill.textContent);
    // There may be thousands: they are read while nobody waits, the rest when somebody asks.
    const ahead = () => {
      const next = parts.find((one) => !one.rows);
      if (!next) return;
      rows(next);
      window.requestIdleCallback?.(ahead);
    };
    let chosen = "";
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (one) => words.every((word) => one.text.includes(word)) && (!chosen || pills(one).includes(chosen));
      // A table that is laid out lets go of all its rows at once for little, of one after the other for much.
      for (const one of parts) one.part.hidden = true;
      void place.offsetHeight;
      let found = 0;
      for (const one of parts) {
        const hits = rows(one).map(fits);
        const inside = hits.filter(Boolean).length;
        found += inside;
        if (!inside) continue;  // nothing of it is seen: its rows can stay as they are
        one.rows.forEach(({ row }, at) => {
          if (row.hidden === hits[at]) row.hidden = !hits[at];
        });
        one.part.hidden = false;
      }
      status.textContent = words.length || chosen ? `${found.toLocaleString("en")} found of ${whole}` : whole;
    };
    window.requestIdleCallback?.(ahead);
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", show);
    for (const tile of document.querySelectorAll("[data-word]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...tile.childNodes);
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        chosen = chosen === tile.dataset.word ? "" : tile.dataset.word;
        for (const other of document.querySelectorAll(".counts [aria-pressed]")) {
          other.setAttribute("aria-pressed", String(other === button && chosen !== ""));
        }
        show();
      });
      tile.replaceWith(button);
    }
  };

  // Forms that act: stay on the page, say what is going on, and what came of it.
  const actions = () => {
    document.addEventListener("submit", async (event) => {
      const form = event.target;
      if (!form.dataset.act) return;
      event.preventDefault();
      const button = form.querySelector("button");
      if (button.getAttribute("aria-disabled") === "true") return;
      const say = (text) => {
        const note = document.createElement("p");
        note.className = "note";
        note.textContent = text;
        document.querySelector("[data-said]").replaceChildren(note);
      };
      button.setAttribute("aria-disabled", "true");
      say(`${form.dataset.act} …`);
      try {
        const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        const fresh = await read(response);
        const main = fresh.querySelector("main");
        const said = fresh.querySelector("[data-said]");
        if (!main || !said) throw new Error("no page");
        take(fresh);
        document.querySelector("[data-said]").replaceChildren(...said.childNodes);
        document.querySelector("[data-forms]").replaceChildren(...fresh.querySelector("[data-forms]").childNodes);
        document.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"] button`)?.focus();
      } catch {
        say("There was no answer. Load the page again to see how it stands.");
        button.removeAttribute("aria-disabled");
      }
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    themeSwitch();
    refresh();
    filters();
    find();
    actions();
    openTarget();
    addEventListener("hashchange", openTarget);
  });
})();

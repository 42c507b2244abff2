/** Starts the page and shows what its address names: `#/`, `#/make/<pipeline>/<creation>`, `#/see/<creation>`. */

import { getJson, resumePlace } from "./lib/api.js";
import { h } from "./lib/dom.js";
import { chooseLanguage, currentLanguage, languages, loadWords, t } from "./lib/words.js";
import { note, troubleOf } from "./lib/toast.js";
import { home } from "./pages/home.js";
import { make } from "./pages/make.js";
import { see } from "./pages/see.js";

const THEME = "reelwright-theme";
const main = document.getElementById("main");
/** Leaves the page that is shown; false where people want to stay. */
let leave = () => {};
let pipelines = null;

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return localStorage.getItem(THEME) ?? (dark ? "dark" : "light");
}

function tools() {
  const options = Object.entries(languages()).map(([code, name]) =>
    h("option", { value: code, selected: code === currentLanguage(), lang: code }, name),
  );
  const language = h("select", { "aria-label": t("bar.language"), onchange: (e) => chooseLanguage(e.target.value) }, options);
  const label = () => (document.documentElement.dataset.theme === "dark" ? t("bar.light") : t("bar.dark"));
  const button = h("button", { type: "button", class: "quiet" }, label());
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem(THEME, next);
    document.documentElement.dataset.theme = next;
    button.textContent = label();
  });
  document.getElementById("tools").replaceChildren(button, language);
  document.getElementById("skip").textContent = t("bar.skip");
}

/** The page that the address names: its element, its title and what to do when it is left. */
async function pageFor(address) {
  pipelines ??= (await getJson("pipelines")).pipelines;
  const [place, first, ...rest] = address.split("/").map(decodeURIComponent);
  if (place === "make") return make(pipelines, first, rest.join("/"));
  if (place === "see") return see(pipelines, [first, ...rest].join("/"));
  return home(pipelines);
}

const addressNow = () => location.hash.replace(/^#\/?/, "");
let shows = 0;

/** @param {boolean} focus whether the page gets it @param {string} [before] the address that is left */
async function show(focus, before) {
  const address = addressNow();
  shows += 1;
  const mine = shows;
  if ((await leave()) === false) {
    history.replaceState(null, "", before);
    return;
  }
  if (mine !== shows) return;
  leave = () => {};
  let page;
  try {
    page = await pageFor(address);
  } catch (error) {
    note(error);
    const again = h("button", { type: "button", onclick: () => show(true) }, t("error.again"));
    page = { element: h("div", { class: "page" }, h("h1", {}, t("error.title")), troubleOf(error, again)), title: t("error.title") };
  }
  if (mine !== shows) {
    page.leave?.();
    return;
  }
  leave = page.leave ?? leave;
  document.title = page.title ? `${page.title} · Reelwright` : "Reelwright";
  main.replaceChildren(page.element);
  if (focus) main.focus();
}

document.documentElement.dataset.theme = theme();
await loadWords();
tools();
resumePlace();
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the page's own
  main.focus();
});
window.addEventListener("hashchange", (event) => show(true, event.oldURL));
await show(false);

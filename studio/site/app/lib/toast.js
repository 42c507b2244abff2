/** Short messages at the lower edge of the page, read aloud by screen readers. */

import { Refusal, Unreachable } from "./api.js";
import { h } from "./dom.js";
import { t } from "./words.js";

const USUAL_MS = 6000;

/**
 * Show a message for a while.
 * @param {{label: string, act: () => void, ms?: number}} [offer] what can be done about it, and for how long.
 */
export function toast(text, offer) {
  const toasts = document.getElementById("said");
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  const close = () => shown.remove();
  if (offer) {
    const act = () => {
      close();
      offer.act();
    };
    shown.append(h("button", { type: "button", onclick: act }, offer.label));
  }
  toasts.append(shown);
  setTimeout(close, offer?.ms ?? USUAL_MS);
}

/** Say what went wrong, in the server's words. */
export function complain(error) {
  note(error);
  toast(error.message || t("error.unknown"));
}

/** Keep an error for developers; what the server refused, or never heard, is no error of this page. */
export function note(error) {
  if (!(error instanceof Refusal || error instanceof Unreachable)) console.error(error);
}

/** An error as an element that stays on the page: its sentence, or its problems one by one. */
export function troubleOf(error, ...acts) {
  const problems = error.problems?.length > 1 ? error.problems : [];
  return h(
    "div",
    { class: "trouble", role: "alert" },
    problems.length ? h("ul", {}, problems.map((each) => h("li", {}, each))) : h("p", {}, error.message),
    acts.length ? h("div", { class: "row" }, acts) : null,
  );
}

const CHANGED_ELSEWHERE = 412;

/** The same for an error of saving: what was changed in another window can only be loaded again. */
export function troubleOfSaving(error) {
  if (error.status !== CHANGED_ELSEWHERE) return troubleOf(error);
  const again = h("button", { type: "button", onclick: () => location.reload() }, t("make.reload"));
  return troubleOf(new Error(t("make.elsewhere")), again);
}

/** A run that is under way: its stages, how long it still takes, and what it says. */

import { h } from "../lib/dom.js";
import { duration, orElse, t } from "../lib/words.js";

const MOST_LINES = 400;
const SURE_AFTER = 0.05;

/** @param {any} pipeline @param {any} status as the API brings it */
export function progressOf(pipeline, status) {
  const bar = h("progress", { max: 1, value: status.progress, "aria-label": t("see.progress") });
  const left = h("p", { class: "soft", role: "status" });
  const link = h("p", { class: "soft small", hidden: true }, t("see.link.lost"));
  const log = h("pre", { class: "log", tabindex: 0, role: "log", "aria-label": t("see.log") });
  const rows = new Map();
  const list = h("ul", { class: "stages" });
  for (const stage of status.stages) {
    const row = stageRow(pipeline, stage);
    rows.set(stage.name, row);
    list.append(row.element);
  }
  const begun = status.requested_at ? new Date(status.requested_at).getTime() : Date.now();

  function overall(part) {
    bar.value = part;
    const passed = (Date.now() - begun) / 1000;
    left.textContent = part > SURE_AFTER && part < 1
      ? t("see.left", { left: duration((passed * (1 - part)) / part), passed: duration(passed) })
      : t("see.passed", { passed: duration(passed) });
  }

  function update(news) {
    overall(news.overall / 100);
    rows.get(news.stage)?.show(news.progress / 100, news.status, news.message);
    if (!news.message) return;
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    const time = new Date(news.timestamp).toLocaleTimeString();
    log.append(document.createTextNode(`${time}  ${news.stage}  ${news.message}\n`));
    while (log.childNodes.length > MOST_LINES) log.firstChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  const money = h("p", { class: "soft small", hidden: true });
  /** @param {Record<string, number>} paid by provider, so far */
  function spent(paid) {
    const usd = Object.values(paid).reduce((sum, each) => sum + each, 0);
    money.hidden = usd === 0;
    money.textContent = t("see.spent", { usd: usd.toFixed(2) });
  }

  overall(status.progress);
  spent(status.cost.paid_usd);
  const element = h("div", { class: "stack" }, bar, left, money, link, list,
    h("details", { open: true }, h("summary", {}, t("see.log")), log));
  return { element, update, spent, linked: (yes) => { link.hidden = yes; } };
}

function stageRow(pipeline, stage) {
  const bar = h("progress", { max: 1, value: stage.progress, "aria-label": stage.name });
  const message = h("span", { class: "soft small" });
  const element = h("li", { class: "stage" },
    h("div", { class: "row between" }, h("span", {}, orElse(`stage.${stage.name}`, stage.name)), message),
    bar);
  element.title = pipeline.stages[stage.name] ?? "";
  const show = (part, state, text) => {
    bar.value = state === "completed" || state === "success" ? 1 : part;
    message.textContent = text || orElse(`state.${state}`, state);
  };
  show(stage.progress, stage.state, "");
  return { element, show };
}

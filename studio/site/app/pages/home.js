/** What can be made, and all that was made. */

import { ask, creationPath, getJson, urlOf } from "../lib/api.js";
import { h, newId, settled } from "../lib/dom.js";
import { complain, toast } from "../lib/toast.js";
import { moment, orElse, t } from "../lib/words.js";
import { forgetFilm } from "../parts/earlier.js";

const A_PAGE = 30;
const LOOK_EVERY_MS = 3000;
const UNDO_MS = 60_000;
const STATES = ["new", "pending", "completed", "failed"];

/** @returns {{element: HTMLElement, title: string, leave: () => void}} */
export function home(pipelines) {
  const list = worksOf(pipelines);
  const element = h(
    "div",
    { class: "page" },
    h("h1", {}, t("home.title")),
    h("div", { class: "choices" }, pipelines.filter((each) => each.action).map(choice)),
    list.element,
  );
  return { element, title: "", leave: list.leave };
}

function choice(pipeline) {
  return h(
    "a",
    { class: "card choice", href: `#/make/${pipeline.name}` },
    h("h2", {}, nameOf(pipeline.name)),
    h("p", { class: "soft" }, orElse(`pipeline.${pipeline.name}.about`, pipeline.description)),
  );
}

export function nameOf(pipeline) {
  return pipeline ? orElse(`pipeline.${pipeline}`, pipeline) : "";
}

export function chip(state) {
  return h("span", { class: `chip ${state}` }, t(`state.${state}`));
}

function worksOf(pipelines) {
  const asked = { search: "", pipeline: "", status: "" };
  const works = h("ul", { class: "works" });
  const count = h("p", { class: "soft small", role: "status" });
  const more = h("button", { type: "button", hidden: true }, t("home.more"));
  let shown = A_PAGE;
  let seen = "";
  let asks = 0;

  async function look() {
    asks += 1;
    const mine = asks;
    const query = new URLSearchParams({ limit: String(Math.min(shown, 100)) });
    for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
    let found = [];
    let cursor = null;
    let page;
    do {
      if (cursor) query.set("cursor", cursor);
      page = await getJson(`creations?${query}`);
      found = found.concat(page.creations);
      cursor = page.next_cursor;
    } while (cursor && found.length < shown);
    if (mine !== asks) return; // people have asked for something else meanwhile
    const news = JSON.stringify([found, page.total]);
    if (news === seen) return;
    seen = news;
    count.textContent = t(page.total === 1 ? "home.count.one" : "home.count", { count: page.total });
    more.hidden = !cursor;
    const held = heldIn(works);
    works.replaceChildren(...found.map((work) => row(work, look)));
    if (held) works.querySelector(`[data-id="${CSS.escape(held.id)}"] ${held.tag}`)?.focus();
  }

  const again = () => look().catch(complain);
  const soon = settled(200, again);
  const field = (label, input) => {
    input.id = newId();
    return h("div", { class: "field grow" }, h("label", { for: input.id }, label), input);
  };
  const choose = (name, none, options) =>
    h("select", { onchange: (e) => { asked[name] = e.target.value; shown = A_PAGE; again(); } },
      h("option", { value: "" }, none),
      options.map(([value, text]) => h("option", { value }, text)));
  const search = h("input", {
    type: "search",
    oninput: (e) => { asked.search = e.target.value; shown = A_PAGE; soon(); },
  });
  more.addEventListener("click", () => { shown += A_PAGE; again(); });

  again();
  const timer = setInterval(() => document.hidden || look().catch(() => {}), LOOK_EVERY_MS);
  const element = h(
    "section",
    { class: "stack", "aria-label": t("home.works") },
    h("h2", {}, t("home.works")),
    h(
      "div",
      { class: "row" },
      field(t("home.search"), search),
      field(t("home.pipeline"), choose("pipeline", t("home.all"), pipelines.map((each) => [each.name, nameOf(each.name)]))),
      field(t("home.state"), choose("status", t("home.all"), STATES.map((each) => [each, t(`state.${each}`)]))),
    ),
    count,
    works,
    h("div", {}, more),
  );
  return { element, leave: () => clearInterval(timer) };
}

/** What has the focus in the list: the creation's ID and the kind of element; null if nothing has. */
function heldIn(works) {
  const item = works.contains(document.activeElement) && document.activeElement.closest("[data-id]");
  return item ? { id: item.dataset.id, tag: document.activeElement.tagName } : null;
}

function row(work, again) {
  const id = work.creation_id;
  const title = work.title || id;
  const address = work.status === "new" && work.pipeline ? `#/make/${work.pipeline}/${id}` : `#/see/${id}`;
  const when = work.completed_at ?? work.requested_at ?? work.modified_at;
  const picture = work.urls?.poster
    ? h("img", { class: "thumb", src: urlOf(work.urls.poster), alt: "", loading: "lazy" })
    : h("span", { class: "thumb" });
  return h(
    "li",
    { class: "card work", "data-id": id },
    picture,
    h(
      "div",
      { class: "stack tight" },
      h("a", { href: address }, title),
      h("p", { class: "soft small" }, [nameOf(work.pipeline), when ? moment(when) : "", title === id ? "" : id].filter(Boolean).join(" · ")),
      work.status === "pending" ? h("progress", { max: 1, value: work.progress, "aria-label": t("see.progress") }) : null,
    ),
    h(
      "div",
      { class: "row" },
      chip(work.status),
      h("button", { type: "button", class: "quiet", "aria-label": t("home.delete.of", { title }), onclick: () => remove(work, again) }, t("home.delete")),
    ),
  );
}

async function remove(work, again) {
  const path = creationPath(work.creation_id);
  try {
    await ask("DELETE", `${path}?after_s=${UNDO_MS / 1000}&cancel=true`);
    await forgetFilm(work.creation_id);
  } catch (error) {
    complain(error);
    return;
  }
  toast(t("home.deleted", { title: work.title || work.creation_id }), {
    label: t("home.undo"),
    act: () => ask("POST", `${path}/restore`).then(again, complain),
    ms: UNDO_MS,
  });
  again();
}

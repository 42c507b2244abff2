/** One creation: watched while it is made, then played, mended and taken. */

import { Refusal, assetPath, assetsOf, creationPath, findJson, getJson, postJson, urlOf, watch } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { complain, note, toast, troubleOf } from "../lib/toast.js";
import { bytes, duration, orElse, t } from "../lib/words.js";
import { made } from "../parts/draft.js";
import { earlierFilm, filmOf, keepFilm } from "../parts/earlier.js";
import { progressOf } from "../parts/progress.js";
import { stripOf, wordsOf } from "../parts/strip.js";
import { mendOf } from "../parts/mend.js";
import { remediesFor } from "../parts/remedies.js";
import { chip, nameOf } from "./home.js";

const AGAIN_AFTER_MS = 3000;
/** Of an answer: the creation was deleted. */
const GONE = 404;
const SPENT_EVERY_MS = 10_000;
const CHAPTERS = "chapters.vtt";
const TRANSCRIPT = "transcript.md";
const SOUND = /\.(mp3|m4a|wav|flac|ogg|opus|aac)$/i;

export async function see(pipelines, creationId) {
  const desk = new Desk(pipelines, creationId);
  await desk.draw();
  return { element: desk.element, title: desk.title, leave: () => desk.leave() };
}

/** Seconds from asking to the end of a run; null for one that has not ended. */
function tookOf({ requested_at: asked, completed_at: ended }) {
  return asked && ended ? (new Date(ended) - new Date(asked)) / 1000 : null;
}

class Desk {
  constructor(pipelines, creationId) {
    this.pipelines = pipelines;
    this.creationId = creationId;
    this.element = h("div", { class: "page" });
    this.ends = [];
  }

  /** End what follows the page as it is drawn now. */
  rest() {
    this.ends.splice(0).forEach((end) => end());
  }

  leave() {
    this.isLeft = true;
    this.rest();
  }

  async draw() {
    const status = await getJson(creationPath(this.creationId));
    if (this.isLeft) return;
    this.rest();
    this.pipeline = this.pipelines.find((each) => each.name === status.pipeline);
    this.status = status;
    if (!this.pipeline?.action) throw new Refusal(404, t("see.unknown", { pipeline: status.pipeline ?? "" }), []);
    this.title = await this.calledBy();
    if (this.isLeft) return;
    const body = status.run === 0 ? this.notStarted() : status.status === "pending" ? this.underWay() : await this.ended();
    if (this.isLeft) {
      this.rest();
      return;
    }
    this.element.replaceChildren(this.head(), ...body.filter(Boolean));
  }

  /** What people call it: its title where its options have one, else its ID. */
  async calledBy() {
    const { document, options: schema } = this.pipeline;
    if (schema.properties?.title?.format !== "title") return this.creationId;
    const options = await findJson(assetPath(this.creationId, document)).catch(note); // it may be no JSON: a run says so
    return options?.title || this.creationId;
  }

  act(label, run, kind = "") {
    const button = h("button", { type: "button", class: kind }, label);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await run();
      } catch (error) {
        complain(error);
      } finally {
        button.disabled = false;
      }
    });
    return button;
  }

  head() {
    const { status } = this;
    const state = status.run === 0 ? "new" : status.status;
    const edit = h("a", { class: "button", href: `#/make/${this.pipeline.name}/${this.creationId}` }, t("see.edit"));
    return h("div", { class: "row between" },
      h("div", { class: "stack tight" },
        h("p", { class: "soft small" }, nameOf(this.pipeline.name)),
        h("div", { class: "row" }, h("h1", {}, this.title), chip(state))),
      h("div", { class: "row" }, edit));
  }

  notStarted() {
    return [h("div", { class: "card stack" }, h("p", {}, t("see.new")), h("div", { class: "row" }, this.startButton(t("make.start"))))];
  }

  startButton(label) {
    return this.act(label, () => this.start(), "main-act");
  }

  /** Start the run, or go on with it; what did not change is kept. */
  async start() {
    await keepFilm(this.creationId, this.status);
    await postJson(creationPath(this.creationId, this.pipeline.action));
    await this.draw();
  }

  underWay() {
    const shown = progressOf(this.pipeline, this.status);
    let over = false;
    const news = (update) => {
      if (update.run && update.run < this.status.run) return;
      shown.update(update);
      const isLast = ["pipeline", "error"].includes(update.stage) && ["completed", "failed"].includes(update.status);
      if (isLast && !over) {
        over = true;
        showEnd();
      }
    };
    const showEnd = () => this.draw().catch((error) => {
      if (error.status === GONE) this.element.replaceChildren(troubleOf(error));
      else {
        complain(error);
        setTimeout(() => this.isLeft || showEnd(), AGAIN_AFTER_MS);
      }
    });
    this.ends.push(watch(this.creationId, news, shown.linked, showEnd));
    const look = () => getJson(creationPath(this.creationId)).then(({ cost }) => shown.spent(cost.paid_usd), () => {});
    const timer = setInterval(look, SPENT_EVERY_MS);
    this.ends.push(() => clearInterval(timer));
    const cancel = this.act(t("see.cancel"), async () => {
      await postJson(creationPath(this.creationId, `${this.pipeline.action}/cancel`));
      await this.draw();
    });
    return [h("div", { class: "card stack" }, shown.element, h("div", { class: "row" }, cancel))];
  }

  async ended() {
    const { status } = this;
    const assets = await assetsOf(this.creationId);
    const trouble = status.error ? await this.trouble(assets) : null;
    const changed = status.outdated && !status.error
      ? h("div", { class: "card row between" }, h("p", {}, t("see.outdated")), this.startButton(t("see.again")))
      : null;
    const warnings = status.warnings.length
      ? h("details", { class: "card" }, h("summary", {}, t("see.warnings", { count: status.warnings.length })),
        h("ul", {}, status.warnings.map((each) => h("li", {}, each))))
      : null;
    this.tellSaved();
    const film = await this.film(assets);
    return [trouble, changed, film, warnings, this.cost()];
  }

  /** What went wrong, with a button for each remedy. */
  async trouble(assets) {
    const { status, pipeline, creationId } = this;
    const inputs = new Map([...assets].filter(([name]) => !made(pipeline, name)));
    const remedies = await remediesFor(pipeline, creationId, inputs, status.error);
    const acts = remedies.map(({ label, run }) => this.act(label, async () => {
      if (await run()) await this.start();
    }, "main-act"));
    return troubleOf(new Refusal(0, status.error, []), acts, this.startButton(t("see.resume")),
      h("a", { class: "button", href: `#/make/${pipeline.name}/${creationId}` }, t("see.edit")));
  }

  /** The film with its strip, its words and what can be taken, if there is one. */
  async film(assets) {
    const url = filmOf(this.status);
    const outputs = this.takes(assets);
    if (!url) return outputs;
    const isSound = SOUND.test(url);
    const captions = [...assets.keys()].find((name) => name.endsWith(".vtt") && name !== CHAPTERS);
    const video = h(isSound ? "audio" : "video", {
      controls: true, preload: "metadata", playsinline: true, src: urlOf(url),
      poster: assets.has("poster.jpg") ? urlOf(assetPath(this.creationId, "poster.jpg")) : null,
    }, captions ? h("track", { kind: "captions", src: urlOf(assetPath(this.creationId, captions)), label: t("see.captions") }) : null);
    const beside = h("div", { class: "row" });
    const screen = h("div", { class: "stack" }, h("div", { class: "screen" }, video), beside);
    earlierFilm(this.creationId, this.status).then((earlier) => {
      if (!earlier) return;
      this.ends.push(() => URL.revokeObjectURL(earlier));
      beside.append(this.compareButton(video, urlOf(url), earlier));
    }, note);
    let cut = null;
    try {
      cut = await findJson(creationPath(this.creationId, "cut"));
    } catch (error) {
      complain(error);
    }
    const strip = cut ? stripOf(cut, video) : null;
    if (strip) this.ends.push(strip.leave);
    const mend = await mendOf(this.pipeline, this.creationId, assets, () => this.remake()).catch((error) => {
      complain(error);
      return null;
    });
    const left = h("div", { class: "stack" }, screen, strip?.element, cut?.captions.length ? h("section", { class: "card stack" },
      h("h2", {}, t("see.words")), h("p", { class: "hint" }, t("see.words.hint")), wordsOf(cut, video)) : null);
    return h("div", { class: "show" }, left, h("div", { class: "stack" }, outputs, mend));
  }

  /** Start again after an edit, and say at the end how much sooner it was done. */
  async remake() {
    this.before = { run: this.status.run, took: tookOf(this.status) };
    await this.start();
  }

  /** A button that shows the film of before the last edit, at the same place, and back. */
  compareButton(video, url, earlier) {
    const button = h("button", { type: "button", "aria-pressed": "false" }, t("see.compare"));
    button.addEventListener("click", () => {
      const isOld = button.getAttribute("aria-pressed") === "false";
      const { currentTime: place, paused } = video;
      button.setAttribute("aria-pressed", String(isOld));
      button.textContent = t(isOld ? "see.compare.back" : "see.compare");
      video.src = isOld ? earlier : url;
      video.addEventListener("loadedmetadata", () => {
        video.currentTime = Math.min(place, video.duration);
        if (!paused) video.play().catch(note);
      }, { once: true });
    });
    return button;
  }

  /** After an edit: how much sooner the film was there than the one before. */
  tellSaved() {
    const { before, status } = this;
    const took = tookOf(status);
    if (!before || status.status !== "completed" || status.run <= before.run || took === null) return;
    this.before = null;
    const saved = before.took === null ? 0 : before.took - took;
    toast(saved > 0 ? t("mend.saved", { took: duration(took), saved: duration(saved) }) : t("see.took", { time: duration(took) }));
  }

  takes(assets) {
    const files = [...assets].filter(([name]) => made(this.pipeline, name) && !name.includes("/"));
    const nested = [...assets].filter(([name]) => made(this.pipeline, name) && name.startsWith("subtitles/"));
    const row = ([name, asset]) => h("li", {},
      h("a", { href: urlOf(assetPath(this.creationId, name)), download: `${this.creationId.replaceAll("/", "-")}-${name.replaceAll("/", "-")}` }, orElse(`take.${name}`, name)),
      h("span", { class: "soft small" }, bytes(asset.size_bytes)));
    const extra = (path, file, label) => h("li", {}, h("a", { href: urlOf(creationPath(this.creationId, path)), download: `${this.creationId.replaceAll("/", "-")}-${file}` }, label));
    const isThere = this.status.status === "completed";
    return h("section", { class: "card stack", "aria-label": t("see.take") }, h("h2", {}, t("see.take")),
      h("ul", { class: "files" }, [...files, ...nested].map(row),
        isThere && !assets.has(TRANSCRIPT) ? extra("transcript", "transcript.txt", t("take.transcript.md")) : null,
        isThere ? extra("cut.otio", "cut.otio", t("take.otio")) : null,
        extra("manifest", "manifest.json", t("take.manifest"))));
  }

  cost() {
    const { cost, stages } = this.status;
    const paid = Object.entries(cost.paid_usd).filter(([, amount]) => amount > 0);
    const elsewhere = Object.entries(cost.usd).filter(([, amount]) => amount > 0);
    const took = tookOf(this.status);
    const lines = [
      took === null ? null : t("see.took", { time: duration(took) }),
      t("see.cpu", { time: duration(cost.cpu_s) }),
      ...paid.map(([who, usd]) => t("see.paid", { who, usd: usd.toFixed(4) })),
      paid.length ? null : t("see.free"),
      ...elsewhere.map(([who, usd]) => t("see.elsewhere", { who, usd: usd.toFixed(4) })),
    ].filter(Boolean);
    return h("details", { class: "card" }, h("summary", {}, t("see.cost")),
      h("ul", {}, lines.map((each) => h("li", {}, each))),
      h("ul", { class: "files" }, stages.map((stage) => h("li", {}, h("span", {}, orElse(`stage.${stage.name}`, stage.name)),
        h("span", { class: "soft small" }, stage.duration_ms === null ? orElse(`state.${stage.state}`, stage.state) : duration(stage.duration_ms / 1000))))));
  }
}

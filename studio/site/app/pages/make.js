/** Making a video: what it is made of, how it looks and sounds, and the button that starts it. */

import { Refusal, Unreachable, assetsOf, creationPath, findJson, getJson, keepWhile, loginUrl, postJson } from "../lib/api.js";
import { h, newId, settled } from "../lib/dom.js";
import { note, toast, troubleOf, troubleOfSaving } from "../lib/toast.js";
import { orElse, t } from "../lib/words.js";
import { emptyDraft, loadDraft, saveDraft } from "../parts/draft.js";
import { keepFilm } from "../parts/earlier.js";
import { formOf } from "../parts/form.js";
import { Stills } from "../parts/stills.js";
import { slotsOf } from "../parts/slots.js";
import { piecesEditor } from "../parts/pieces.js";
import { nameOf } from "./home.js";

const SAVED_AFTER_MS = 1200;
/** After the draft is in the store, from which the server draws. */
const LOOKED_AT_AFTER_MS = 2500;
const LOGGED_OUT = 401;

/** @param {string} creationId empty for a new one. */
export async function make(pipelines, pipelineName, creationId) {
  const pipeline = pipelines.find((each) => each.name === pipelineName);
  if (!pipeline) throw new Refusal(404, t("make.unknown", { pipeline: pipelineName }), []);
  const draft = creationId ? await loadDraft(creationId, pipeline) : emptyDraft();
  const desk = new Desk(pipeline, creationId, draft);
  return { element: desk.element, title: nameOf(pipeline.name), leave: () => desk.close() };
}

/** The page while it is open: its draft, and whether the store has it. */
class Desk {
  constructor(pipeline, creationId, draft) {
    this.pipeline = pipeline;
    this.draft = draft;
    this.creationId = creationId;
    this.name = h("input", {
      type: "text", maxlength: 60, required: true, value: creationId, id: newId(), readonly: Boolean(creationId),
      autocomplete: "off", spellcheck: "false",
    });
    this.state = h("p", { class: "soft small", role: "status" });
    this.trouble = h("div", {});
    this.upload = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("make.sending") });
    this.start = h("button", { type: "submit", class: "main-act" }, t("make.start"));
    this.stills = new Stills(pipeline, () => this.creationId);
    this.still = h("img", { class: "still", alt: t("make.still"), hidden: true });
    this.price = h("p", { class: "soft small" });
    this.saving = Promise.resolve();
    this.dirty = false;
    this.saveSoon = settled(SAVED_AFTER_MS, () => this.save().catch((error) => this.sayUnsaved(error)));
    this.lookSoon = settled(LOOKED_AT_AFTER_MS, () => this.look());
    this.element = this.drawn();
    if (this.stills.available) this.lookSoon();
    window.addEventListener("beforeunload", this.warn);
    keepWhile(() => this.dirty);
  }

  warn = (event) => {
    if (this.dirty) event.preventDefault();
  };

  /** Save what is not saved yet. Returns false if that can't be done and people don't want to lose it. */
  async close() {
    this.saveSoon.cancel();
    this.lookSoon.cancel();
    this.leaving = true;
    const isNamed = Boolean(this.name.value.trim());
    if (this.dirty && (isNamed || this.draft.pieces.length || this.draft.files.size)) {
      try {
        await this.save();
        if (!isNamed) toast(t("make.kept", { name: this.creationId }));
      } catch (error) {
        note(error);
        if (!confirm(`${error.message}\n\n${t("make.lose")}`)) {
          this.leaving = false;
          return false;
        }
      }
    }
    window.removeEventListener("beforeunload", this.warn);
    keepWhile(() => false);
    return true;
  }

  drawn() {
    const { pipeline, draft } = this;
    const changed = () => this.changed();
    const hasPieces = pipeline.takes.some((each) => each.name.startsWith("<part>"));
    const pictures = pipeline.takes.find((each) => each.name.startsWith("<part>") && each.kind === "image");
    return h(
      "form",
      { class: "page", onsubmit: (e) => { e.preventDefault(); this.run(); } },
      h("div", { class: "stack tight" },
        h("h1", {}, nameOf(pipeline.name)),
        h("p", { class: "soft" }, orElse(`pipeline.${pipeline.name}.about`, pipeline.description))),
      h("div", { class: "card" },
        h("div", { class: "field" }, h("label", { for: this.name.id }, t("make.name")), this.name, h("p", { class: "hint" }, t("make.name.hint")))),
      hasPieces ? h("section", { class: "stack", "aria-label": t("pieces.title") },
        h("h2", {}, t("pieces.title")), piecesEditor(draft.pieces, pictures.endings, changed)) : null,
      slotsOf(pipeline, draft, this.creationId, changed),
      h("section", { class: "card stack", "aria-label": t("make.look") },
        h("h2", {}, t("make.look")), formOf(pipeline.options, draft.options, changed, this.stills), this.still),
      this.trouble,
      this.upload,
      h("div", { class: "row" }, this.start, this.price, this.state),
    );
  }

  /** Draw the stills again. */
  look() {
    if (!this.element.isConnected) return;
    const looks = [...this.element.querySelectorAll(".looks")];
    if (looks.length) looks.forEach((each) => each.dispatchEvent(new Event("look")));
    else this.stills.show(this.still, this.draft.options);
  }

  changed() {
    this.dirty = true;
    this.edits += 1;
    if (this.stills.available) this.lookSoon();
    this.state.textContent = "";
    if (this.name.value.trim()) this.saveSoon();
  }

  /** Bring the draft into the store; two calls never overlap. */
  save() {
    this.saving = this.saving.catch(() => {}).then(() => this.saveNow());
    return this.saving;
  }

  /** Names are for people, IDs for paths: what people typed is the title where an ID can't say it. */
  keepTitle(name) {
    const isSaid = /^[\x20-\x7e]*$/.test(name);
    if (!isSaid && this.pipeline.options.properties?.title?.format === "title") this.draft.options.title ??= name;
  }

  async saveNow() {
    if (!this.creationId) {
      this.creationId = await freeId(this.name.value, this.pipeline.name);
      this.keepTitle(this.name.value.trim());
    }
    this.name.value = this.creationId;
    this.name.readOnly = true;
    this.edits = 0;
    this.state.textContent = t("make.saving");
    try {
      await saveDraft(this.creationId, this.pipeline, this.draft, (part) => {
        this.upload.hidden = part >= 1;
        this.upload.value = part;
      });
    } finally {
      this.upload.hidden = true;
      this.state.textContent = "";
    }
    this.dirty = this.edits > 0;
    if (!this.dirty) this.state.textContent = t("make.saved");
    if (this.isUnsavedSaid) this.trouble.replaceChildren();
    this.isUnsavedSaid = false;
    this.tellPrice();
    if (this.element.isConnected && !this.leaving) history.replaceState(null, "", `#/make/${this.pipeline.name}/${this.creationId}`);
  }

  /** What the run would cost, of what is there so far; nothing where that can't be told yet. */
  async tellPrice() {
    const place = `${creationPath(this.creationId, "estimate")}?pipeline=${this.pipeline.name}`;
    try {
      const { total_usd: usd } = await postJson(place, this.draft.options);
      this.price.textContent = usd > 0 ? t("make.price", { usd: usd.toFixed(2) }) : t("make.price.none");
    } catch (error) {
      note(error);
      this.price.textContent = "";
    }
  }

  async run() {
    this.saveSoon.cancel();
    this.start.disabled = true;
    this.trouble.replaceChildren();
    try {
      await this.save();
      const before = await getJson(creationPath(this.creationId));
      await keepFilm(this.creationId, before);
      await postJson(creationPath(this.creationId, this.pipeline.action));
      location.hash = `#/see/${this.creationId}`;
    } catch (error) {
      if (this.dirty) this.sayUnsaved(error);
      else this.say(error);
    } finally {
      this.start.disabled = false;
    }
  }

  say(error) {
    note(error);
    this.state.textContent = "";
    this.isUnsavedSaid = false;
    this.trouble.replaceChildren(troubleOfSaving(error));
  }

  /** Say why the draft is not in the store, and try again where waiting or a login helps. */
  sayUnsaved(error) {
    this.say(error);
    this.isUnsavedSaid = true;
    if (error.status === LOGGED_OUT) {
      const login = h("a", { class: "button", href: loginUrl(), target: "_blank", rel: "noopener" }, t("error.login.act"));
      this.trouble.replaceChildren(troubleOf(new Error(t("error.login")), login));
    }
    if (this.element.isConnected && (error.status === LOGGED_OUT || error instanceof Unreachable)) this.saveSoon();
  }
}

/** What people call it, as letters that an ID may have; `other` where none of them is one. */
function stemOf(name, other) {
  const plain = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 48) || other;
}

/** An ID that no creation has, from what people call it. */
async function freeId(name, pipelineName) {
  const stem = stemOf(name, pipelineName);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? stem : `${stem}-${number}`;
    if (!(await findJson(creationPath(id))) && !(await assetsOf(id)).size) return id;
  }
}

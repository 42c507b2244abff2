/** Making a video: what it is made of, how it looks and sounds, and the button that starts it. */

import { creationPath, findJson, postJson } from "../lib/api.js";
import { h, newId, settled } from "../lib/dom.js";
import { note, toast, troubleOf } from "../lib/toast.js";
import { orElse, t } from "../lib/words.js";
import { emptyDraft, loadDraft, saveDraft } from "../parts/draft.js";
import { dropZone, endingOf, fileRow } from "../parts/files.js";
import { formOf } from "../parts/form.js";
import { Stills } from "../parts/stills.js";
import { piecesEditor } from "../parts/pieces.js";
import { nameOf } from "./home.js";

const SAVED_AFTER_MS = 1200;
/** After the draft is in the store, from which the server draws. */
const LOOKED_AT_AFTER_MS = 2500;
const KEPT_TEXT = ".md";
const CHANGED_ELSEWHERE = 412;

/** @param {string} creationId empty for a new one. */
export async function make(pipelines, pipelineName, creationId) {
  const pipeline = pipelines.find((each) => each.name === pipelineName);
  if (!pipeline) throw new Error(t("make.unknown", { pipeline: pipelineName }));
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
    this.saveSoon = settled(SAVED_AFTER_MS, () => this.save().catch((error) => this.say(error)));
    this.lookSoon = settled(LOOKED_AT_AFTER_MS, () => this.look());
    this.element = this.drawn();
    if (this.stills.available) this.lookSoon();
    window.addEventListener("beforeunload", this.warn);
  }

  warn = (event) => {
    if (this.dirty) event.preventDefault();
  };

  close() {
    window.removeEventListener("beforeunload", this.warn);
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
      this.slots(),
      h("section", { class: "card stack", "aria-label": t("make.look") },
        h("h2", {}, t("make.look")), formOf(pipeline.options, draft.options, changed, this.stills), this.still),
      this.trouble,
      this.upload,
      h("div", { class: "row" }, this.start, this.price, this.state),
    );
  }

  /** Places for single files, one for each name that the pipeline takes. */
  slots() {
    const byName = new Map();
    for (const taken of this.pipeline.takes) {
      const isOptions = taken.kind === "json" && `${taken.name}.json` === this.pipeline.document;
      if (taken.name.startsWith("<part>") || isOptions) continue;
      byName.set(taken.name, [...(byName.get(taken.name) ?? []), taken]);
    }
    if (!byName.size) return null;
    return h("section", { class: "stack", "aria-label": t("make.files") },
      h("h2", {}, t("make.files")),
      h("div", { class: "choices" }, [...byName].map(([name, kinds]) => this.slot(name, kinds))));
  }

  slot(name, kinds) {
    const endings = kinds.flatMap((each) => each.endings);
    const many = name.endsWith("/<any>");
    const stem = name.replace("/<any>", "/");
    const isMine = (key) => (many ? key.startsWith(stem) : key.replace(/\.[^.]+$/, "") === name && endings.includes(endingOf(key)));
    const list = h("ul", { class: "files" });
    const label = orElse(`slot.${stem}`, stem.replace("/", ""));
    const isText = kinds.some((each) => each.kind === "text");
    const box = h("div", { class: isText ? "card stack wide" : "card stack" });
    const words = isText ? this.wordsOf(name, isMine, label) : null;

    const draw = () => {
      const mine = [...this.draft.files].filter(([key]) => isMine(key) && !(words && key === name + KEPT_TEXT));
      list.replaceChildren(...mine.map(([key, file]) => fileRow(file.name ?? key, file.size ?? file.size_bytes, () => {
        this.draft.files.delete(key);
        draw();
        this.changed();
      })));
      list.hidden = !mine.length;
    };
    const about = words ? { label: t("files.instead") } : { label, hint: orElse(`slot.${stem}.hint`, "") };
    const zone = dropZone({ ...about, accept: endings, multiple: many }, async (files) => {
      for (const file of many ? files : files.slice(0, 1)) {
        if (!endings.includes(endingOf(file.name))) {
          toast(t("files.wrong", { name: file.name, endings: endings.filter(Boolean).join(", ") }));
          continue;
        }
        if (!many) for (const key of [...this.draft.files.keys()].filter(isMine)) this.draft.files.delete(key);
        if (words && endingOf(file.name) !== "" && isText && kinds.find((each) => each.endings.includes(endingOf(file.name)))?.kind === "text") {
          words.value = await file.text();
          words.dispatchEvent(new Event("input"));
        } else this.draft.files.set(many ? stem + file.name : name + endingOf(file.name), file);
      }
      draw();
      this.changed();
    });
    box.append(...[words ? h("div", { class: "field" }, h("label", { for: words.id }, label), words) : null, list, zone].filter(Boolean));
    draw();
    return box;
  }

  /** A field to write a text in, which is kept as an asset. */
  wordsOf(name, isMine, label) {
    const key = [...this.draft.files.keys()].find(isMine) ?? name + KEPT_TEXT;
    const field = h("textarea", {
      id: newId(), rows: 8, placeholder: orElse(`slot.${name}.hint`, label),
      oninput: (e) => {
        if (e.target.value.trim()) this.draft.files.set(key, new File([e.target.value], key, { type: "text/plain" }));
        else this.draft.files.delete(key);
        this.changed();
      },
    });
    if (this.draft.files.has(key) && this.creationId) {
      import("../lib/api.js").then(({ ask, assetPath }) => ask("GET", assetPath(this.creationId, key)))
        .then((answer) => answer.text())
        .then((text) => { field.value ||= text; }, (error) => this.say(error));
    }
    return field;
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
    if (this.stills.available) this.lookSoon();
    this.state.textContent = "";
    if (this.name.value.trim()) this.saveSoon();
  }

  /** Bring the draft into the store; two calls never overlap. */
  save() {
    this.saving = this.saving.catch(() => {}).then(() => this.saveNow());
    return this.saving;
  }

  async saveNow() {
    this.creationId ||= await freeId(this.name.value);
    this.name.value = this.creationId;
    this.name.readOnly = true;
    this.dirty = false;
    this.state.textContent = t("make.saving");
    try {
      await saveDraft(this.creationId, this.pipeline, this.draft, (part) => {
        this.upload.hidden = part >= 1;
        this.upload.value = part;
      });
    } catch (error) {
      this.dirty = true;
      throw error;
    } finally {
      this.upload.hidden = true;
      this.state.textContent = "";
    }
    this.state.textContent = t("make.saved");
    this.tellPrice();
    history.replaceState(null, "", `#/make/${this.pipeline.name}/${this.creationId}`);
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
    this.start.disabled = true;
    this.trouble.replaceChildren();
    try {
      await this.save();
      await postJson(creationPath(this.creationId, this.pipeline.action));
      location.hash = `#/see/${this.creationId}`;
    } catch (error) {
      this.say(error);
    } finally {
      this.start.disabled = false;
    }
  }

  say(error) {
    note(error);
    this.state.textContent = "";
    if (error.status === CHANGED_ELSEWHERE) {
      const again = h("button", { type: "button", onclick: () => location.reload() }, t("make.reload"));
      this.trouble.replaceChildren(troubleOf(new Error(t("make.elsewhere")), again));
    } else this.trouble.replaceChildren(troubleOf(error));
  }
}

/** An ID that no creation has, from what people call it. */
async function freeId(name) {
  const plain = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const stem = plain.replace(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 48) || t("make.untitled");
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? stem : `${stem}-${number}`;
    if (!(await findJson(creationPath(id)))) return id;
  }
}

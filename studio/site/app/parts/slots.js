/** Places for what a pipeline takes beside numbered parts: a file each, several files, or a text to write. */

import { ask, assetPath } from "../lib/api.js";
import { h, newId } from "../lib/dom.js";
import { complain, toast } from "../lib/toast.js";
import { orElse, t } from "../lib/words.js";
import { dropZone, endingOf, fileRow } from "./files.js";

const WRITTEN = ".md";
const SEVERAL = "/<any>";

/**
 * @param {any} pipeline @param {any} draft changed in place @param {string} creationId empty for a new one
 * @param {() => void} onChange
 * @returns {HTMLElement | null}
 */
export function slotsOf(pipeline, draft, creationId, onChange) {
  const byName = new Map();
  for (const taken of pipeline.takes) {
    const isOptions = taken.kind === "json" && `${taken.name}.json` === pipeline.document;
    if (taken.name.startsWith("<part>") || isOptions) continue;
    byName.set(taken.name, [...(byName.get(taken.name) ?? []), taken]);
  }
  if (!byName.size) return null;
  const slots = [...byName].map(([name, kinds]) => new Slot(name, kinds, draft, creationId, onChange).element);
  return h("section", { class: "stack", "aria-label": t("make.files") },
    h("h2", {}, t("make.files")), h("div", { class: "choices" }, slots));
}

/** The assets of one name, e.g. `music`, or of one folder, e.g. `media/<any>`. */
class Slot {
  constructor(name, kinds, draft, creationId, onChange) {
    this.name = name;
    this.kinds = kinds;
    this.files = draft.files;
    this.onChange = onChange;
    this.isMany = name.endsWith(SEVERAL);
    this.stem = name.replace(SEVERAL, "/");
    this.endings = kinds.flatMap((each) => each.endings);
    this.list = h("ul", { class: "files" });
    const isText = kinds.some((each) => each.kind === "text");
    this.words = isText ? this.field(creationId) : null;
    const label = orElse(`slot.${this.stem}`, this.stem.replace("/", ""));
    const hint = orElse(`slot.${this.stem}.hint`, "");
    const zone = dropZone(
      { ...(isText ? { label: t("files.instead") } : { label, hint }), accept: this.endings, multiple: this.isMany },
      (files) => this.take(files).catch(complain),
    );
    const written = this.words
      ? h("div", { class: "field" }, h("label", { for: this.words.id }, label), this.words, h("p", { class: "hint" }, hint))
      : null;
    this.element = h("div", { class: isText ? "card stack wide" : "card stack" }, written, this.list, zone);
    this.draw();
  }

  isMine(key) {
    if (this.isMany) return key.startsWith(this.stem);
    return key.replace(/\.[^.]+$/, "") === this.name && this.endings.includes(endingOf(key));
  }

  isWritten(key) {
    return this.words !== null && this.kinds.some((each) => each.kind === "text" && each.endings.includes(endingOf(key)));
  }

  draw() {
    const mine = [...this.files].filter(([key]) => this.isMine(key) && !this.isWritten(key));
    this.list.replaceChildren(...mine.map(([key, file]) => fileRow(file.name ?? key, file.size ?? file.size_bytes, () => {
      this.files.delete(key);
      this.draw();
      this.onChange();
    })));
    this.list.hidden = !mine.length;
  }

  async take(files) {
    for (const file of this.isMany ? files : files.slice(0, 1)) {
      if (!this.endings.includes(endingOf(file.name))) {
        toast(t("files.wrong", { name: file.name, endings: this.endings.filter(Boolean).join(", ") }));
      } else if (this.isWritten(file.name)) {
        this.words.value = await file.text();
        this.write();
      } else {
        if (!this.isMany) [...this.files.keys()].filter((key) => this.isMine(key) && !this.isWritten(key)).forEach((key) => this.files.delete(key));
        this.files.set(this.isMany ? this.stem + file.name : this.name + endingOf(file.name), file);
      }
    }
    this.draw();
    this.onChange();
  }

  /** A field to write a text in, which is kept as an asset. */
  field(creationId) {
    const field = h("textarea", { id: newId(), rows: 8, oninput: () => this.write() });
    const key = [...this.files.keys()].find((each) => each.replace(/\.[^.]+$/, "") === this.name && each !== `${this.name}.json`);
    if (key && creationId) {
      ask("GET", assetPath(creationId, key))
        .then((answer) => answer.text())
        .then((text) => { field.value ||= text; }, complain);
    }
    return field;
  }

  write() {
    const key = [...this.files.keys()].find((each) => this.isMine(each) && this.isWritten(each)) ?? this.name + WRITTEN;
    const text = this.words.value;
    if (text.trim()) this.files.set(key, new File([text], key, { type: "text/plain" }));
    else this.files.delete(key);
    this.onChange();
  }
}

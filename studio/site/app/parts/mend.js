/** Small edits beside the film: captions, pictures and the music's volume; only what they touch is made again. */

import { h, newId } from "../lib/dom.js";
import { note, troubleOfSaving } from "../lib/toast.js";
import { t } from "../lib/words.js";
import { loadDraft, saveDraft } from "./draft.js";

/**
 * @param {() => Promise<void>} remake starts the run again
 * @returns {Promise<HTMLElement | null>} null for a pipeline with nothing to mend here.
 */
export async function mendOf(pipeline, creationId, assets, remake) {
  const draft = await loadDraft(creationId, pipeline);
  const music = pipeline.options.properties?.music_volume;
  const hasMusic = [...assets.keys()].some((name) => name.startsWith("music."));
  if (!draft.pieces.length && !(music && hasMusic)) return null;

  const button = h("button", { type: "button", class: "main-act", disabled: true }, t("mend.apply"));
  const trouble = h("div", {});
  const changed = () => { button.disabled = false; };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await saveDraft(creationId, pipeline, draft);
      await remake();
    } catch (error) {
      note(error);
      trouble.replaceChildren(troubleOfSaving(error));
      button.disabled = false;
    }
  });
  const pieces = draft.pieces.map((piece, at) => pieceRow(piece, at, changed));
  return h("section", { class: "card stack", "aria-label": t("mend.title") },
    h("h2", {}, t("mend.title")), h("p", { class: "hint" }, t("mend.hint")),
    music && hasMusic ? volume(draft.options, music, changed) : null,
    h("ol", { class: "pieces" }, pieces), trouble, h("div", {}, button));
}

function volume(options, field, changed) {
  const id = newId();
  const value = options.music_volume ?? field.default;
  const input = h("input", {
    id, type: "range", min: 0, max: 1, step: 0.05, value,
    oninput: (e) => {
      options.music_volume = Number(e.target.value);
      changed();
    },
  });
  return h("div", { class: "field" }, h("label", { for: id }, t("field.music_volume")), input);
}

function pieceRow(piece, at, changed) {
  const number = at + 1;
  const id = newId();
  const image = h("img", { class: "thumb", src: piece.pictureUrl, alt: t("pieces.picture", { number }) });
  const swap = h("input", {
    type: "file", class: "hushed", tabindex: -1, accept: "image/*", "aria-label": t("pieces.swap.of", { number }),
    onchange: (e) => {
      const [file] = e.target.files;
      if (!file) return;
      piece.picture = file;
      piece.ending = /\.[^.]+$/.exec(file.name)?.[0].toLowerCase() ?? "";
      piece.hash = "";
      piece.pictureUrl = URL.createObjectURL(file);
      image.src = piece.pictureUrl;
      changed();
    },
  });
  const words = h("textarea", {
    id, rows: 2,
    oninput: (e) => {
      piece.captions = e.target.value.split(/\n\s*\n/).map((each) => each.trim()).filter(Boolean);
      changed();
    },
  }, piece.captions.join("\n\n"));
  return h("li", { class: "stack tight" },
    h("div", { class: "row" }, image, h("button", { type: "button", class: "small", "aria-label": t("pieces.swap.of", { number }), onclick: () => swap.click() }, t("pieces.swap")), swap),
    h("div", { class: "field" }, h("label", { for: id }, t("pieces.captions", { number })), words));
}

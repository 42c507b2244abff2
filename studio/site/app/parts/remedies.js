/** Buttons that do what an error asks for: a file that is brought again, a voice that is added. */

import { ask, assetPath, getJson, putAsset } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { toast } from "../lib/toast.js";
import { t } from "../lib/words.js";
import { endingOf } from "./files.js";

/**
 * What can be done about an error, besides going on. An error names what it is about.
 * @param {any} pipeline @param {string} creationId
 * @param {Map<string, any>} inputs assets that people brought
 * @param {string} error
 * @returns {Promise<{label: string, run: () => Promise<boolean>}[]>} `run` tells whether it was done.
 */
export async function remediesFor(pipeline, creationId, inputs, error) {
  const broken = [...inputs.keys()].filter((name) => speaksOf(error, name) || speaksOf(error, `assets/${name}`));
  const { addable } = await getJson("voices").catch(() => ({ addable: [] })); // a server may have no voice
  const lacking = addable.map((voice) => voice.name).filter((name) => speaksOf(error, name));
  return [
    ...lacking.map((name) => ({ label: t("see.add", { name }), run: () => addVoice(name) })),
    ...broken.map((name) => ({ label: t("see.replace", { name }), run: () => replace(pipeline, creationId, name, inputs.get(name)) })),
  ];
}

/** Whether a text has this name, and not merely as part of a longer one. */
function speaksOf(text, name) {
  const part = /[\p{L}\p{N}_/-]/u;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!part.test(text[at - 1] ?? " ") && !part.test(text[at + name.length] ?? " ")) return true;
  }
  return false;
}

async function addVoice(name) {
  await ask("PUT", `voices/${encodeURIComponent(name)}`);
  return true;
}

/** Another file in place of a broken one. */
async function replace(pipeline, creationId, name, asset) {
  const ending = endingOf(name);
  const like = pipeline.takes.filter((each) => each.endings.includes(ending)).flatMap((each) => each.endings);
  const file = await chosen(like);
  if (!file) return false;
  if (!like.includes(endingOf(file.name))) {
    toast(t("files.wrong", { name: file.name, endings: like.filter(Boolean).join(", ") }));
    return false;
  }
  const target = name.slice(0, name.length - ending.length) + endingOf(file.name);
  await putAsset(creationId, target, file, target === name ? asset.etag : undefined);
  if (target !== name) await ask("DELETE", assetPath(creationId, name), { headers: { "If-Match": asset.etag } });
  return true;
}

/** The file that people choose now; null if they choose none. */
function chosen(endings) {
  const input = h("input", { type: "file", accept: endings.filter(Boolean).join(",") });
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve(input.files[0] ?? null));
    input.addEventListener("cancel", () => resolve(null));
    input.click();
  });
}

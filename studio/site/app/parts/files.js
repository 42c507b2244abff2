/** Places to drop files on. */

import { h, newId } from "../lib/dom.js";
import { bytes, t } from "../lib/words.js";

/**
 * A drop zone with a button that does the same.
 * @param {{label: string, hint?: string, accept: string[], multiple?: boolean, folders?: boolean}} about
 * @param {(files: File[]) => void} onFiles
 */
export function dropZone({ label, hint, accept, multiple = false }, onFiles) {
  const id = newId();
  const input = h("input", {
    type: "file", id, class: "hushed", multiple, accept: accept.filter(Boolean).join(","),
    onchange: (e) => {
      onFiles(inOrder([...e.target.files]));
      e.target.value = "";
    },
  });
  const button = h("button", { type: "button", onclick: () => input.click() }, t(multiple ? "files.choose.many" : "files.choose"));
  button.setAttribute("aria-describedby", `${id}-label`);
  input.tabIndex = -1;
  const zone = h(
    "div",
    {
      class: "drop",
      ondragover: (e) => {
        if (![...e.dataTransfer.types].includes("Files")) return;
        e.preventDefault();
        zone.classList.add("over");
      },
      ondragleave: () => zone.classList.remove("over"),
      ondrop: async (e) => {
        e.preventDefault();
        zone.classList.remove("over");
        onFiles(await filesIn(e.dataTransfer));
      },
    },
    h("label", { for: id, id: `${id}-label`, class: "label" }, label),
    hint ? h("p", { class: "hint" }, hint) : null,
    input,
    button,
  );
  return zone;
}

/** All files that were dropped, those in folders too, in the order of people who count: 2 before 10. */
async function filesIn(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return inOrder([...transfer.files]);
  return inOrder((await Promise.all(entries.map(walk))).flat());
}

const inOrder = (files) => files.sort((a, b) => placeOf(a).localeCompare(placeOf(b), undefined, { numeric: true }));

const places = new WeakMap();

/** The path of a dropped file below what was dropped. */
export function placeOf(file) {
  return places.get(file) ?? (file.webkitRelativePath || file.name);
}

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    places.set(file, entry.fullPath.replace(/^\//, ""));
    return [file];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(walk))).flat();
}

/** A file that is there, with a button to take it out. */
export function fileRow(name, size, onRemove) {
  return h(
    "li",
    {},
    h("span", {}, name, size ? h("span", { class: "soft small" }, ` ${bytes(size)}`) : null),
    h("button", { type: "button", class: "quiet", "aria-label": t("files.remove.of", { name }), onclick: onRemove }, t("files.remove")),
  );
}

/** The ending of a file's name in lower case, with its dot; empty text without one. */
export function endingOf(name) {
  return /\.[^./]+$/.exec(name)?.[0].toLowerCase() ?? "";
}

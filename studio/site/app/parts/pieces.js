/** The parts of a story: a picture and captions each, in an order that people change by dragging or by keys. */

import { h, newId } from "../lib/dom.js";
import { toast } from "../lib/toast.js";
import { t } from "../lib/words.js";
import { dropZone, endingOf, placeOf } from "./files.js";

/**
 * @typedef {{picture: Blob | null, pictureUrl: string, ending: string, hash: string, captions: string[], own: any}} Piece
 * `hash` is the stored picture's SHA-256, if it is stored; `own` are the options of this part alone.
 */

/**
 * @param {Piece[]} pieces changed in place
 * @param {string[]} endings of pictures
 * @param {() => void} onChange
 */
export function piecesEditor(pieces, endings, onChange) {
  const list = h("ol", { class: "pieces", "aria-label": t("pieces.title") });
  const said = h("p", { class: "hushed", role: "status" });

  function draw(focusOn) {
    list.replaceChildren(...pieces.map((piece, at) => row(piece, at)));
    if (focusOn) list.children[focusOn.at]?.querySelector(focusOn.what)?.focus();
  }

  function move(from, to, what) {
    if (to < 0 || to >= pieces.length) return;
    pieces.splice(to, 0, ...pieces.splice(from, 1));
    draw({ at: to, what });
    said.textContent = t("pieces.moved", { number: to + 1, count: pieces.length });
    onChange();
  }

  function row(piece, at) {
    const id = newId();
    const number = at + 1;
    const words = h("textarea", {
      id, rows: 3, placeholder: t("pieces.captions.hint"),
      oninput: (e) => {
        piece.captions = e.target.value.split(/\n\s*\n/).map((each) => each.trim()).filter(Boolean);
        onChange();
      },
      onkeydown: (e) => {
        if (!e.altKey || !["ArrowUp", "ArrowDown"].includes(e.key)) return;
        e.preventDefault();
        move(at, at + (e.key === "ArrowUp" ? -1 : 1), "textarea");
      },
    }, piece.captions.join("\n\n"));
    const swap = h("input", {
      type: "file", class: "hushed", tabindex: -1, accept: endings.join(","), "aria-label": t("pieces.swap.of", { number }),
      onchange: (e) => {
        const [file] = e.target.files;
        if (!file) return;
        Object.assign(piece, pieceOf(file), { captions: piece.captions, own: piece.own });
        draw({ at, what: ".swap" });
        onChange();
      },
    });
    const act = (label, of, run, kind = "") =>
      h("button", { type: "button", class: `quiet small ${kind}`, "aria-label": t(of, { number }), onclick: run }, label);
    const item = h(
      "li",
      {
        class: "card piece",
        ondragstart: (e) => {
          e.dataTransfer.setData("application/x-piece", String(at));
          e.dataTransfer.effectAllowed = "move";
          item.classList.add("carried");
        },
        ondragend: () => item.classList.remove("carried"),
        ondragover: (e) => [...e.dataTransfer.types].includes("application/x-piece") && e.preventDefault(),
        ondrop: (e) => {
          const from = e.dataTransfer.getData("application/x-piece");
          if (from === "") return;
          e.preventDefault();
          move(Number(from), at, "textarea");
        },
      },
      h("img", { class: "thumb", src: piece.pictureUrl, alt: t("pieces.picture", { number }), draggable: true }),
      h("div", { class: "field" }, h("label", { for: id }, t("pieces.captions", { number })), words),
      h(
        "div",
        { class: "acts" },
        act(t("pieces.up"), "pieces.up.of", () => move(at, at - 1, ".up"), "up"),
        act(t("pieces.down"), "pieces.down.of", () => move(at, at + 1, ".down"), "down"),
        act(t("pieces.swap"), "pieces.swap.of", () => swap.click(), "swap"),
        act(t("files.remove"), "pieces.remove.of", () => {
          pieces.splice(at, 1);
          draw({ at: Math.min(at, pieces.length - 1), what: "textarea" });
          onChange();
        }),
        swap,
      ),
    );
    return item;
  }

  const zone = dropZone({ label: t("pieces.drop"), hint: t("pieces.drop.hint"), accept: [...endings, ".txt"], multiple: true }, async (files) => {
    await addFiles(pieces, files, endings);
    draw();
    onChange();
  });
  draw();
  return h("div", { class: "stack" }, list, zone, said);
}

/** Pictures become parts in their order; a text goes to the picture in its folder, or of its name. */
async function addFiles(pieces, files, endings) {
  const added = new Map();
  const unusable = files.filter((each) => ![...endings, ".txt"].includes(endingOf(each.name)));
  for (const { name } of unusable) toast(t("files.wrong", { name, endings: [...endings, ".txt"].join(", ") }));
  for (const file of files.filter((each) => endings.includes(endingOf(each.name)))) {
    const piece = pieceOf(file);
    pieces.push(piece);
    added.set(stemOf(file), piece);
    added.set(folderOf(file), piece);
  }
  for (const file of files.filter((each) => endingOf(each.name) === ".txt")) {
    const piece = added.get(stemOf(file)) ?? added.get(folderOf(file)) ?? pieces.at(-1);
    const text = (await file.text()).trim();
    if (piece && text) piece.captions.push(text);
  }
}

const stemOf = (file) => placeOf(file).slice(0, placeOf(file).length - endingOf(file.name).length);
const folderOf = (file) => `${placeOf(file).split("/").slice(0, -1).join("/")}/`;

/** @returns {Piece} */
function pieceOf(file) {
  return { picture: file, pictureUrl: URL.createObjectURL(file), ending: endingOf(file.name), hash: "", captions: [], own: undefined };
}

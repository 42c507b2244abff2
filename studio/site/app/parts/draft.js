/** What a page holds of a creation's assets, and how it gets into the store: only what changed is sent. */

import { Refusal, ask, assetPath, assetsOf, findJson, putAsset, urlOf } from "../lib/api.js";

const PIECE = /^(\d+)\/(.+)$/;
/** Of an answer: not what it was when the page was loaded. */
const CHANGED = 412;
const CAPTION = /^\d+\.(txt|text|md|markdown)$/i;

/** An empty draft of a pipeline. */
export function emptyDraft() {
  return { options: {}, pieces: [], files: new Map(), stored: new Map(), said: new Map() };
}

/**
 * What the store holds of a creation.
 * @returns {Promise<{options: any, pieces: import("./pieces.js").Piece[], files: Map<string, any>, stored: Map<string, any>, said: Map<string, string>}>}
 *   `files` by name below `assets/`, those of parts and the options left out; `said` has the words of the stored texts.
 */
export async function loadDraft(creationId, pipeline) {
  const stored = await assetsOf(creationId);
  const draft = { ...emptyDraft(), stored };
  const hasPieces = pipeline.takes.some((each) => each.name.startsWith("<part>"));
  const texts = [];
  const byNumber = new Map();
  for (const [name, asset] of stored) {
    const [, number, file] = PIECE.exec(name) ?? [];
    if (name === pipeline.document) {
      draft.options = (await findJson(assetPath(creationId, name))) ?? {};
      draft.said.set(name, written(draft.options));
    } else if (number && CAPTION.test(file)) texts.push([Number(number), file, asset]);
    else if (number && hasPieces && !byNumber.has(Number(number))) byNumber.set(Number(number), pieceAt(creationId, name, asset));
    else if (!made(pipeline, name)) draft.files.set(name, asset);
  }
  texts.sort((a, b) => a[0] - b[0] || parseInt(a[1], 10) - parseInt(b[1], 10));
  const bodies = await Promise.all(texts.map(([, , asset]) => ask("GET", asset.url).then((answer) => answer.text())));
  texts.forEach(([number, file, asset], at) => {
    const words = bodies[at].trim();
    if (byNumber.has(number)) byNumber.get(number).captions.push(words);
    else draft.files.set(`${number}/${file}`, asset); // kept until its picture comes
    draft.said.set(`${number}/${file}`, words);
  });
  const inOrder = [...byNumber.entries()].sort((a, b) => a[0] - b[0]);
  inOrder.forEach(([number, piece]) => { piece.own = draft.options.parts?.[number]; });
  draft.pieces = inOrder.map(([, piece]) => piece);
  return draft;
}

function pieceAt(creationId, name, asset) {
  const ending = /\.[^.]+$/.exec(name)?.[0] ?? "";
  const url = `${urlOf(assetPath(creationId, name))}?${asset.content_hash.slice(0, 12)}`;
  return { picture: null, pictureUrl: url, ending, hash: asset.content_hash, captions: [], own: undefined };
}

/** Whether the pipeline makes this asset itself. */
export function made(pipeline, name) {
  return pipeline.outputs.some((each) => (each.endsWith("/") ? name.startsWith(each) : name === each));
}

/**
 * Bring the store to what the draft holds. What the store had when it was read last, or written here, is kept by
 * asset: so one that was changed by others is never written over, even if another one failed.
 * @param {(part: number) => void} [onProgress] gets 0 to 1.
 */
export async function saveDraft(creationId, pipeline, draft, onProgress = () => {}) {
  const wanted = new Map();
  const want = (name, words, end) => {
    const isSaid = draft.said.get(name) === words; // however its file is laid out
    wanted.set(name, { words, blob: textBlob(words + end), hash: isSaid ? draft.stored.get(name)?.content_hash : "" });
  };
  if (pipeline.document) want(pipeline.document, written(optionsOf(draft)), "");
  draft.pieces.forEach((piece, at) => {
    wanted.set(`${at + 1}/image${piece.ending}`, { blob: piece.picture, url: piece.pictureUrl, hash: piece.hash, piece });
    piece.captions.forEach((words, number) => want(`${at + 1}/${number + 1}.txt`, words, "\n"));
  });
  for (const [name, file] of draft.files) wanted.set(name, file instanceof Blob ? { blob: file } : { hash: file.content_hash });

  const changed = [];
  for (const [name, each] of wanted) {
    each.hash ||= await sha256(each.blob);
    if (draft.stored.get(name)?.content_hash !== each.hash || !each.hash) changed.push([name, each]);
  }
  // A part that moved is read before anything is written over it, and kept: its place in the store is another's now.
  for (const [, each] of changed) if (!each.blob) each.blob = await takeOut(each.piece);
  const total = changed.reduce((sum, [, each]) => sum + each.blob.size, 0) || 1;
  let done = 0;
  for (const [name, each] of changed) {
    const progress = (part) => onProgress((done + part * each.blob.size) / total);
    const asset = await putAsset(creationId, name, each.blob, draft.stored.get(name)?.etag, progress);
    draft.stored.set(name, asset);
    if (each.piece?.picture === each.blob) each.piece.hash = asset.content_hash; // else it was replaced meanwhile
    if (draft.files.get(name) === each.blob) draft.files.set(name, asset);
    if (each.words) draft.said.set(name, each.words);
    done += each.blob.size;
  }
  const gone = [...draft.stored.keys()].filter((name) => !wanted.has(name) && !made(pipeline, name));
  for (const name of gone) {
    await remove(creationId, name, draft.stored.get(name).etag);
    draft.stored.delete(name);
  }
  return changed.length + gone.length;
}

/** The options, with those of single parts under their parts' numbers of now. */
function optionsOf({ options, pieces }) {
  const own = Object.fromEntries(pieces.map((piece, at) => [at + 1, piece.own]).filter(([, each]) => each));
  if (Object.keys(own).length) return { ...options, parts: own };
  const { parts: _, ...others } = options;
  return pieces.length ? others : options;
}

/** The picture of a stored part, from then on in this page. */
async function takeOut(piece) {
  const blob = await (await ask("GET", piece.pictureUrl)).blob();
  const hash = await sha256(blob);
  if (hash && hash !== piece.hash) throw new Refusal(CHANGED, "", []);
  piece.picture = blob;
  piece.pictureUrl = URL.createObjectURL(blob);
  return blob;
}

async function remove(creationId, name, etag) {
  try {
    await ask("DELETE", assetPath(creationId, name), { headers: { "If-Match": etag } });
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 404)) throw error;
  }
}

const written = (options) => JSON.stringify(options, null, 1);

const textBlob = (text) => new Blob([text], { type: "text/plain" });

/** In hex; empty text where the browser can't tell (pages that came by plain http). */
async function sha256(blob) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

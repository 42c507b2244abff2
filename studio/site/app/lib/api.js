/** Reelwright's HTTP API: all that this page does goes through here, so any program can do the same. */

import { t } from "./words.js";

/** The server's own address: the page lies one folder below it. */
const SERVER = new URL("..", document.baseURI);
const PIECE_BYTES = 8 * 1024 * 1024;
const TRIES = 5;
/** In `sessionStorage`: the part of the address that a login loses. */
const PLACE = "reelwright-place";
/** What a WebSocket is closed with whose creation was deleted, or was never started. */
const GONE = 1008;

/** An answer that says no: its `status`, a sentence, and each problem by itself. */
export class Refusal extends Error {
  constructor(status, detail, problems) {
    super(detail);
    this.status = status;
    this.problems = problems;
  }
}

/** No answer at all: the server or the way to it is down. */
export class Unreachable extends Error {}

/** The URL of a path of the server, e.g. `me/creation/spring/assets/video.mp4`. */
export function urlOf(path) {
  return new URL(path.replace(/^\//, ""), SERVER).href;
}

/** The path of a creation, or of something below it; every segment is escaped. */
export function creationPath(creationId, below = "") {
  const escaped = (path) => path.split("/").map(encodeURIComponent).join("/");
  return `me/creation/${escaped(creationId)}${below ? `/${escaped(below)}` : ""}`;
}

export const assetPath = (creationId, name) => creationPath(creationId, `assets/${name}`);

/** Ask the server. Returns the response; throws a `Refusal` for a status of 400 and above, else `Unreachable`. */
export async function ask(method, path, { json, body, headers = {} } = {}) {
  const sent = json === undefined ? body : JSON.stringify(json);
  const all = json === undefined ? headers : { "Content-Type": "application/json", ...headers };
  const answer = await fetch(urlOf(path), { method, body: sent, headers: all, credentials: "same-origin" }).catch(() => {
    throw new Unreachable(t("error.unreachable"));
  });
  if (answer.ok) return answer;
  if (answer.status === 401 && !isUnsaved()) {
    sessionStorage.setItem(PLACE, location.hash);
    location.href = loginUrl();
  }
  throw await refusalOf(answer);
}

export const loginUrl = () => urlOf(`login?next=${encodeURIComponent(location.pathname)}`);

/** Go on where the page was when it sent people to the login. */
export function resumePlace() {
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place && !location.hash) location.hash = place;
}

let isUnsaved = () => false;

/** Tell how to know whether the page holds what the store does not have: then nothing leads away from it. */
export function keepWhile(check) {
  isUnsaved = check;
}

async function refusalOf(answer) {
  try {
    const problem = await answer.json();
    return new Refusal(answer.status, problem.detail ?? answer.statusText, problem.problems ?? []);
  } catch {
    return new Refusal(answer.status, answer.statusText || String(answer.status), []);
  }
}

export async function getJson(path) {
  const answer = await ask("GET", path);
  try {
    return await answer.json();
  } catch {
    throw new Refusal(answer.status, t("error.json", { name: path.split("/").at(-1) }), []);
  }
}

/** The same, or null where there is no such thing. */
export async function findJson(path) {
  try {
    return await getJson(path);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

export const postJson = async (path, json = {}) => (await ask("POST", path, { json })).json();

/** All assets of a creation, by name; none where it doesn't exist. */
export async function assetsOf(creationId) {
  const found = await findJson(`${creationPath(creationId, "assets")}/`);
  return new Map((found?.assets ?? []).map((asset) => [asset.name, asset]));
}

/**
 * Put an asset. A large file goes in pieces (tus 1.0.0), and a piece that is lost is sent again.
 * @param {string | undefined} etag of what it replaces; a `Refusal` of 412 says that it was changed meanwhile.
 * @param {(part: number) => void} [onProgress] gets 0 to 1.
 * @returns {Promise<any>} the asset as the store has it now.
 */
export async function putAsset(creationId, name, content, etag, onProgress = () => {}) {
  const blob = content instanceof Blob ? content : new Blob([content]);
  const headers = etag ? { "If-Match": etag } : { "If-None-Match": "*" };
  const isLarge = blob.size > PIECE_BYTES;
  if (isLarge) await putInPieces(creationId, name, blob, headers, onProgress);
  const answer = isLarge ? null : await ask("PUT", assetPath(creationId, name), { body: blob, headers });
  onProgress(1);
  return answer ? answer.json() : ((await assetsOf(creationId)).get(name) ?? { name, content_hash: "" });
}

async function putInPieces(creationId, name, blob, conditions, onProgress) {
  const tus = { "Tus-Resumable": "1.0.0" };
  const named = btoa(String.fromCharCode(...new TextEncoder().encode(name)));
  const begun = await ask("POST", creationPath(creationId, "uploads"), {
    headers: { ...tus, ...conditions, "Upload-Length": String(blob.size), "Upload-Metadata": `filename ${named}` },
  });
  const place = new URL(begun.headers.get("Location"), SERVER).pathname.slice(SERVER.pathname.length);
  let offset = 0;
  let left = TRIES;
  let isLost = false;
  while (offset < blob.size) {
    try {
      if (isLost) offset = Number((await ask("HEAD", place, { headers: tus })).headers.get("Upload-Offset"));
      isLost = false;
      if (offset >= blob.size) break;
      const answer = await ask("PATCH", place, {
        body: blob.slice(offset, offset + PIECE_BYTES),
        headers: {
          ...tus,
          "Upload-Offset": String(offset),
          "Content-Type": "application/offset+octet-stream",
        },
      });
      offset = Number(answer.headers.get("Upload-Offset"));
      left = TRIES;
    } catch (error) {
      left -= 1;
      if ((error instanceof Refusal && error.status < 500 && error.status !== 409) || left === 0) throw error;
      await new Promise((wake) => setTimeout(wake, 500 * 2 ** (TRIES - left)));
      isLost = true;
    }
    onProgress(offset / blob.size);
  }
}

/**
 * Watch a creation's run. Reconnects until `stop` is called.
 * @param {(update: any) => void} onUpdate gets each message.
 * @param {(connected: boolean) => void} onLink tells whether the server can be heard.
 * @param {() => void} onGone tells that there is nothing to watch any more.
 * @returns {() => void} ends the watching.
 */
export function watch(creationId, onUpdate, onLink, onGone) {
  const url = new URL(`ws/job/${creationId.split("/").map(encodeURIComponent).join("/")}`, SERVER);
  url.protocol = url.protocol.replace("http", "ws");
  let socket = null;
  let wait = 500;
  let ended = false;
  const connect = () => {
    socket = new WebSocket(url);
    socket.onopen = () => {
      wait = 500;
      onLink(true);
    };
    socket.onmessage = (message) => onUpdate(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (ended) return;
      if (event.code === GONE) {
        onGone();
        return;
      }
      onLink(false);
      setTimeout(() => ended || connect(), wait);
      wait = Math.min(wait * 2, 10_000);
    };
  };
  connect();
  return () => {
    ended = true;
    socket?.close();
  };
}

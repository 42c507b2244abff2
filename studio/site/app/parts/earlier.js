/** Films as they were before the last edit: the store only has the newest, so the browser keeps the one before. */

import { creationPath, urlOf } from "../lib/api.js";
import { note } from "../lib/toast.js";

const STORE = "reelwright-earlier";
/** A larger film is not kept. */
const MOST_BYTES = 300e6;
/** Of so many creations; then the one that was kept first makes room. */
const MOST_KEPT = 6;
const RUN = "X-Run";

/** Where the browser has no such store (pages that came by plain http): until the page is loaded again. */
const kept = new Map();

/** The URL of what a run has made to look at or listen to, if it has. */
export const filmOf = (status) => status.urls.video ?? status.urls.film ?? null;

const keyOf = (creationId) => urlOf(creationPath(creationId, "earlier"));

/** What is being kept just now. */
let keeping = Promise.resolve();

/**
 * Keep the film of a run that has ended, before the next one replaces it. Returns once the server has begun to
 * send it, and never fails: it is a comfort.
 */
export async function keepFilm(creationId, status) {
  const url = filmOf(status);
  if (!url || status.status !== "completed") return;
  try {
    const answer = await fetch(urlOf(url));
    const isSmall = Number(answer.headers.get("Content-Length") ?? Infinity) <= MOST_BYTES;
    if (answer.ok && isSmall) keeping = put(creationId, status.run, answer).catch(note);
    else await answer.body?.cancel();
  } catch (error) {
    note(error);
  }
}

async function put(creationId, run, answer) {
  const film = await answer.blob();
  if (!globalThis.caches) {
    kept.set(creationId, { run, film });
    return;
  }
  const store = await caches.open(STORE);
  for (const old of (await store.keys()).slice(0, 1 - MOST_KEPT)) await store.delete(old);
  await store.put(keyOf(creationId), new Response(film, { headers: { [RUN]: String(run), "Content-Type": film.type } }));
}

/**
 * The film of a run before this one, as a URL of this page that is to be revoked.
 * @returns {Promise<string | null>}
 */
export async function earlierFilm(creationId, status) {
  await keeping;
  let { run, film } = kept.get(creationId) ?? {};
  if (globalThis.caches) {
    const answer = await (await caches.open(STORE)).match(keyOf(creationId));
    run = Number(answer?.headers.get(RUN));
    film = await answer?.blob();
  }
  return film && run < status.run ? URL.createObjectURL(film) : null;
}

/** The creation is gone: another may get its ID. */
export async function forgetFilm(creationId) {
  kept.delete(creationId);
  if (globalThis.caches) await (await caches.open(STORE)).delete(keyOf(creationId));
}

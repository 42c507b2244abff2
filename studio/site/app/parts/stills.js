/** Pictures of how a look would be, drawn by the server from the creation's own material. */

import { ask, creationPath } from "../lib/api.js";

/** Stands for a creation that has no name yet. */
const NOBODY = "preview";

/** Draws one still after the other: a form has many, and the server has others to serve. */
export class Stills {
  /** @param {any} pipeline @param {() => string} creationId */
  constructor(pipeline, creationId) {
    this.pipeline = pipeline;
    this.creationId = creationId;
    this.last = Promise.resolve();
    this.wishes = new Map();
  }

  get available() {
    return Boolean(this.pipeline.still);
  }

  /**
   * Show how `options` look in `image`. A later wish for the same image replaces this one.
   * @param {HTMLImageElement} image @param {any} options
   */
  show(image, options) {
    const isNew = !this.wishes.has(image);
    this.wishes.set(image, { ...options });
    if (isNew) this.last = this.last.then(() => this.draw(image));
  }

  async draw(image) {
    const options = this.wishes.get(image);
    this.wishes.delete(image);
    if (!image.isConnected) return;
    const place = `${creationPath(this.creationId() || NOBODY, "still")}?pipeline=${this.pipeline.name}`;
    try {
      const picture = await (await ask("POST", place, { json: options })).blob();
      const old = image.src;
      image.src = URL.createObjectURL(picture);
      image.hidden = false;
      if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    } catch {
      image.hidden = true; // an option is not finished yet; starting the run says which
    }
  }
}

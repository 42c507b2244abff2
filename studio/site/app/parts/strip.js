/** A strip under the film: its shots, its words and how loud it is, with the place that is played. */

import { h } from "../lib/dom.js";
import { t } from "../lib/words.js";

const SHOT_PX = 44;
const WORD_PX = 22;
const KEY_STEP_S = 1;

/**
 * @param {any} cut as `GET …/cut` brings it
 * @param {HTMLVideoElement} video
 * @returns {{element: HTMLElement, leave: () => void}}
 */
export function stripOf(cut, video) {
  const canvas = h("canvas", {
    class: "strip", tabindex: 0, role: "slider", "aria-label": t("see.strip"), "aria-valuemin": 0,
    "aria-valuemax": Math.round(cut.duration_s),
  });
  const pictures = new Map();
  for (const shot of cut.shots) {
    if (shot.kind !== "picture" || !shot.url || pictures.has(shot.url)) continue;
    const image = new Image();
    image.onload = () => draw();
    image.src = new URL(shot.url.replace(/^\//, ""), new URL("..", document.baseURI)).href;
    pictures.set(shot.url, image);
  }

  function draw() {
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width) return;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();
    const x = (seconds) => (seconds / cut.duration_s) * width;
    drawShots(pen, x, colour);
    drawWords(pen, x, colour);
    drawLoudness(pen, width, height, colour);
    pen.fillStyle = colour("--bad");
    pen.fillRect(Math.min(width - 2, x(video.currentTime)), 0, 2, height);
    canvas.setAttribute("aria-valuenow", String(Math.round(video.currentTime)));
    canvas.setAttribute("aria-valuetext", t("time.seconds", { seconds: Math.round(video.currentTime) }));
  }

  function drawShots(pen, x, colour) {
    cut.shots.forEach((shot, at) => {
      const left = x(shot.start_s);
      const wide = x(shot.end_s) - left;
      pen.save();
      pen.beginPath();
      pen.rect(left, 0, wide, SHOT_PX);
      pen.clip();
      pen.fillStyle = colour(at % 2 ? "--mark-soft" : "--line");
      pen.fillRect(left, 0, wide, SHOT_PX);
      const image = pictures.get(shot.url);
      if (image?.complete && image.naturalWidth) {
        const drawn = (image.naturalWidth / image.naturalHeight) * SHOT_PX;
        for (let place = left; place < left + wide; place += drawn) pen.drawImage(image, place, 0, drawn, SHOT_PX);
      }
      pen.restore();
      pen.fillStyle = colour("--card");
      pen.fillRect(left, 0, 1, SHOT_PX);
    });
  }

  function drawWords(pen, x, colour) {
    pen.fillStyle = colour("--mark");
    for (const caption of cut.captions) {
      for (const word of caption.words) {
        pen.fillRect(x(word.start_s), SHOT_PX + 6, Math.max(1, x(word.end_s) - x(word.start_s) - 1), WORD_PX - 10);
      }
    }
  }

  function drawLoudness(pen, width, height, colour) {
    if (!cut.loudness) return;
    const top = SHOT_PX + WORD_PX;
    const room = height - top;
    const { values, step_s: step } = cut.loudness;
    pen.fillStyle = colour("--edge");
    const wide = Math.max(1, (step / cut.duration_s) * width);
    values.forEach((value, at) => {
      const tall = Math.max(1, value * room);
      pen.fillRect(((at * step) / cut.duration_s) * width, top + (room - tall) / 2, wide, tall);
    });
  }

  const seek = (event) => {
    const box = canvas.getBoundingClientRect();
    video.currentTime = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * cut.duration_s;
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    seek(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && seek(event));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -KEY_STEP_S, ArrowRight: KEY_STEP_S }[event.key];
    if (step) video.currentTime = Math.min(cut.duration_s, Math.max(0, video.currentTime + step));
    else if (event.key === "Home") video.currentTime = 0;
    else if (event.key === "End") video.currentTime = cut.duration_s;
    else return;
    event.preventDefault();
  });
  const resized = new ResizeObserver(draw);
  resized.observe(canvas);
  let frame = 0;
  const follow = () => {
    draw();
    frame = video.paused ? 0 : requestAnimationFrame(follow);
  };
  for (const name of ["play", "seeked", "timeupdate"]) {
    video.addEventListener(name, () => {
      if (!frame) follow();
    });
  }
  const leave = () => {
    resized.disconnect();
    cancelAnimationFrame(frame);
  };
  return { element: canvas, leave };
}

/** The spoken words; a click on one plays it, and the one that is spoken is marked. */
export function wordsOf(cut, video) {
  const places = [];
  const lines = cut.captions.map((caption) =>
    h(
      "p",
      { lang: caption.language || null },
      caption.words.map((word) => {
        const button = h("button", { type: "button", onclick: () => play(word) }, word.text);
        places.push([word, button]);
        return [button, " "];
      }),
    ),
  );
  const play = (word) => {
    video.currentTime = word.start_s;
    video.play().catch(() => {}); // a browser may want a click in the film first
  };
  let marked = null;
  video.addEventListener("timeupdate", () => {
    const now = video.currentTime;
    const found = places.find(([word]) => word.start_s <= now && now < word.end_s)?.[1] ?? null;
    if (found === marked) return;
    marked?.classList.remove("now");
    found?.classList.add("now");
    marked = found;
  });
  return h("div", { class: "words" }, lines);
}

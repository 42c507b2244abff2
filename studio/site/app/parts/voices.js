/** Choosing a voice, and hearing it. */

import { ask, getJson } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { complain } from "../lib/toast.js";
import { currentLanguage, t } from "../lib/words.js";

let known = null;
/** Names of voices that can be chosen once they are added. */
const lacking = new Set();

/** A list of the server's voices, the neural ones and those of the reader's language first. */
export function voicesFor(value, set) {
  const select = h(
    "select",
    { onchange: (e) => set(e.target.value) },
    h("option", { value: "" }, t("make.voice.any")),
    value ? h("option", { value, selected: true }, value) : null,
  );
  known ??= getJson("voices").catch(() => {
    known = null; // asked for again by the next form
    return { voices: [], addable: [] };
  });
  known.then(({ voices, addable }) => {
    const names = new Intl.DisplayNames([currentLanguage()], { type: "language", fallback: "code" });
    const groups = new Map();
    for (const voice of voices) {
      if (!groups.has(voice.language)) groups.set(voice.language, []);
      groups.get(voice.language).push(voice);
    }
    const nearest = (code) => (code.startsWith(currentLanguage()) ? 0 : code.startsWith("en") ? 1 : 2);
    const codes = [...groups.keys()].sort((a, b) => nearest(a) - nearest(b));
    for (const code of codes) {
      const options = groups.get(code).map((voice) =>
        h("option", { value: voice.name, title: voice.description }, `${voice.name} · ${voice.description.split(";")[0]}`));
      select.append(h("optgroup", { label: languageName(names, code) }, options));
    }
    addable.forEach((voice) => lacking.add(voice.name));
    const further = addable.map((voice) =>
      h("option", { value: voice.name }, `${voice.name} · ${languageName(names, voice.language)} · ${voice.description}`));
    if (further.length) select.append(h("optgroup", { label: t("make.voice.addable") }, further));
    select.value = value;
    select.dispatchEvent(new Event("known"));
  });
  return select;
}

function languageName(names, code) {
  try {
    return names.of(code);
  } catch {
    return code; // espeak has codes of its own
  }
}

/** A button that lets people hear the voice that `values` names, at its pace, and first adds one that isn't here. */
export function listenButton(values, select) {
  const button = h("button", { type: "button" }, t("make.listen"));
  const isLacking = () => lacking.has(values().voice);
  const label = () => { button.textContent = t(isLacking() ? "make.voice.add" : "make.listen"); };
  select.addEventListener("change", label);
  select.addEventListener("known", label);
  button.addEventListener("click", async () => {
    const { voice, language, speaking_rate: rate } = values();
    button.disabled = true;
    try {
      if (isLacking()) {
        button.textContent = t("make.voice.adding");
        await ask("PUT", `voices/${encodeURIComponent(voice)}`);
        lacking.delete(voice);
      }
      button.textContent = t("make.listen.wait");
      const json = { text: t("make.sample"), voice: voice ?? null, speaking_rate: rate ?? 1, language: language ?? currentLanguage() };
      const sound = await (await ask("POST", "voices/sample", { json })).blob();
      const url = URL.createObjectURL(sound);
      const player = new Audio(url);
      player.addEventListener("ended", () => URL.revokeObjectURL(url));
      await player.play();
    } catch (error) {
      complain(error);
    } finally {
      button.disabled = false;
      label();
    }
  });
  return button;
}

/** A form from a JSON Schema, as `GET /pipelines` brings it. */

import { h, newId } from "../lib/dom.js";
import { orElse, t } from "../lib/words.js";
import { listenButton, voicesFor } from "./voices.js";

const LONG = 120;
/** Only for people who write JSON: a map of parts, a point in the picture, code of their own. */
const UNSHOWN = new Set(["parts", "focus", "effect", "engine", "file", "whisper_model"]);

/** Chosen by eye where the server draws stills. */
const BY_EYE = new Set(["style", "theme"]);

/**
 * @param {any} schema of an object
 * @param {any} values what was chosen before; changed in place when people choose, so that a value that is
 *   the default one is left out
 * @param {() => void} onChange
 * @param {import("./stills.js").Stills} stills
 * @returns {HTMLElement}
 */
export function formOf(schema, values, onChange, stills) {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {})
    .filter(([name]) => !UNSHOWN.has(name))
    .map(([name, raw]) => [name, resolved(raw, schema)]);
  const first = fields.filter(([name, field]) => required.has(name) || isFirst(name, field));
  const others = fields.filter((each) => !first.includes(each));
  const eyed = first.concat(others).filter(([name, field]) => stills.available && BY_EYE.has(name) && field.enum);
  const draw = ([name, field]) =>
    eyed.some(([each]) => each === name)
      ? byEye(name, field, values, required.has(name), onChange, stills)
      : oneField(name, field, schema, values, required.has(name), onChange);
  return h(
    "div",
    { class: "stack" },
    h("div", { class: "fields" }, first.map(draw)),
    others.length
      ? h("details", {}, h("summary", {}, t("make.more")), h("div", { class: "fields" }, others.map(draw)))
      : null,
  );
}

const FIRST = ["title", "name", "language", "voice", "size", "theme", "captions", "aspect_ratio", "profile"];

function isFirst(name, field) {
  return FIRST.includes(name) && field.type !== "object";
}

/** The schema of a field without references and without "or null". */
function resolved(field, root) {
  const { $ref: reference, anyOf, ...rest } = field;
  if (reference) {
    const target = reference.split("/").slice(1).reduce((place, key) => place[key], root);
    return { ...target, ...rest };
  }
  if (anyOf) {
    const meant = anyOf.find((each) => each.type !== "null");
    return { ...resolved(meant, root), ...rest };
  }
  return field;
}

function oneField(name, field, root, values, isRequired, onChange) {
  if (field.type === "object") return group(name, field, root, values, onChange);
  const id = newId();
  const hint = orElse(`hint.${name}`, field.description ?? "");
  const input = inputFor(name, field, values, (value) => {
    if (value === undefined || (!isRequired && value === field.default)) delete values[name];
    else values[name] = value;
    onChange();
  });
  input.id = id;
  if (isRequired) input.required = true;
  const note = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  if (note) input.setAttribute("aria-describedby", note.id);
  const label = h("label", { for: id }, labelOf(name, field), isRequired ? h("span", { "aria-hidden": "true" }, " *") : null);
  if (field.type === "boolean") return h("div", { class: "field switch" }, input, label, note);
  const hear = field.format === "voice" ? listenButton(() => values, input) : null;
  return h("div", { class: "field" }, label, input, note, hear);
}

/** A choice of pictures. They are drawn again by the event `look`, when the material has changed. */
function byEye(name, field, values, isRequired, onChange, stills) {
  const group = newId();
  const images = new Map();
  const card = (each) => {
    const image = h("img", { alt: "", hidden: true });
    images.set(each, image);
    const choose = () => {
      if (!isRequired && each === field.default) delete values[name];
      else values[name] = each;
      onChange();
    };
    const input = h("input", {
      type: "radio", name: group, value: each, required: isRequired, checked: (values[name] ?? field.default) === each, onchange: choose,
    });
    return h("label", { class: "look" }, h("span", { class: "row" }, input, orElse(`value.${each}`, each)), image);
  };
  const set = h("fieldset", { class: "wide looks" }, h("legend", {}, labelOf(name, field)), h("div", { class: "choices narrow" }, field.enum.map(card)));
  const look = () => images.forEach((image, each) => stills.show(image, { ...values, [name]: each }));
  set.addEventListener("look", look);
  return set;
}

function group(name, field, root, values, onChange) {
  const inner = { ...(values[name] ?? {}) };
  const changed = () => {
    if (Object.keys(inner).length) values[name] = inner;
    else delete values[name];
    onChange();
  };
  const fields = Object.entries(field.properties ?? {}).map(([key, raw]) => [key, resolved(raw, root)]);
  return h(
    "fieldset",
    { class: "wide" },
    h("legend", {}, labelOf(name, field)),
    h("div", { class: "fields" }, fields.map(([key, each]) => oneField(key, each, root, inner, false, changed))),
  );
}

function labelOf(name, field) {
  return orElse(`field.${name}`, field.title ?? name);
}

function inputFor(name, field, values, set) {
  const value = values[name] ?? field.default ?? "";
  if (field.type === "boolean") {
    return h("input", { type: "checkbox", checked: value === true, onchange: (e) => set(e.target.checked) });
  }
  if (field.format === "voice") return voicesFor(value, (chosen) => set(chosen || undefined));
  const choices = field.enum ?? field.examples;
  if (choices && !field.format) {
    const known = value === "" || choices.includes(value) ? choices : [...choices, value];
    return h(
      "select",
      { onchange: (e) => set(e.target.value || undefined) },
      value === "" ? h("option", { value: "" }, t("make.choose")) : null,
      known.map((each) => h("option", { value: each, selected: each === value }, orElse(`value.${each}`, each))),
    );
  }
  if (field.type === "number" || field.type === "integer") {
    const step = field.type === "integer" ? 1 : "any";
    const number = (text) => (text === "" || Number.isNaN(Number(text)) ? undefined : Number(text));
    return h("input", {
      type: "number", value, step, min: field.minimum, max: field.maximum, oninput: (e) => set(number(e.target.value)),
    });
  }
  if (field.pattern?.startsWith("^#")) {
    return h("input", { type: "color", value, oninput: (e) => set(e.target.value.toUpperCase()) });
  }
  const attributes = { value, maxlength: field.maxLength, oninput: (e) => set(e.target.value || undefined) };
  if ((field.maxLength ?? 0) <= LONG || field.format) return h("input", { type: "text", ...attributes });
  return h("textarea", { maxlength: field.maxLength, oninput: attributes.oninput }, value);
}

/** The words of the page, from one catalogue a language. English stands in for what a language lacks. */

const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };
const KEPT_AT = "reelwright-language";

let english = {};
let chosen = {};
let language = "en";

/** Load the catalogue of the language that was chosen here, or that the browser asks for. */
export async function loadWords() {
  const wanted = [localStorage.getItem(KEPT_AT), ...navigator.languages.map((each) => each.split("-")[0])];
  language = wanted.find((each) => each && each in LANGUAGES) ?? "en";
  english = await catalogue("en");
  chosen = language === "en" ? english : await catalogue(language);
  document.documentElement.lang = language;
}

async function catalogue(name) {
  const answer = await fetch(`words/${name}.json`);
  if (!answer.ok) throw new Error(`words/${name}.json: ${answer.status}`);
  return answer.json();
}

export function languages() {
  return LANGUAGES;
}

export function currentLanguage() {
  return language;
}

/** Show the page in another language from now on. */
export function chooseLanguage(name) {
  localStorage.setItem(KEPT_AT, name);
  location.reload();
}

/** The text under `key`, with `{name}` replaced by its value. */
export function t(key, values = {}) {
  const text = chosen[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The text under `key`, or another where no catalogue has it. */
export function orElse(key, other) {
  return chosen[key] ?? english[key] ?? other;
}

/** A length of time in words, e.g. `1 min 20 s`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("time.seconds", { seconds: whole });
  if (whole < 3600) return t("time.minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  return t("time.hours", { hours: Math.floor(whole / 3600), minutes: Math.round((whole % 3600) / 60) });
}

/** A point in time as people here write it. */
export function moment(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** A number of bytes, e.g. `3.4 MB`. */
export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  const style = { style: "unit", unit: units[step], maximumFractionDigits: step ? 1 : 0 };
  return new Intl.NumberFormat(language, style).format(count / 1000 ** step);
}

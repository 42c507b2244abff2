/** Elements from data. What people wrote only ever becomes a text node or an attribute, never markup. */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` takes a listener, `class` and `data-…` are as in HTML; values
 *   that are false, null or undefined are left out, true means present.
 * @param {...(Node | string | number | null | undefined | false | any[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((each) => each || each === 0).map(asNode));
  return element;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

let last = 0;

/** A new value for `id`, by which a label and its field know each other. */
export function newId() {
  last += 1;
  return `e${last}`;
}

/** Call `act` once `wait` ms have passed without another call; `cancel` gives that up. */
export function settled(wait, act) {
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
  soon.cancel = () => clearTimeout(timer);
  return soon;
}

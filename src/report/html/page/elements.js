/** @typedef {Node | string | undefined | false} Child */

/**
 * An element. Texts become text nodes, never markup: what is shown here was written by strangers.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean>} [attributes] `true` sets an attribute without a value, `false` none
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== false) made.append(child);
  }
  return made;
}

/**
 * The element of the page with an id, which is there.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}

/**
 * A part that can be unfolded. Its content is made when it is first open: most are never looked at.
 *
 * @param {Child[]} summary
 * @param {() => Child[]} content
 * @param {{ open?: boolean, className?: string }} [options]
 */
function folded(summary, content, { open = false, className = '' } = {}) {
  const details = element('details', { class: className }, element('summary', {}, ...summary));
  let made = false;
  const make = () => {
    if (made || !details.open) return;
    made = true;
    details.append(...content().filter((child) => child !== undefined && child !== false));
  };
  details.addEventListener('toggle', make);
  details.open = open;
  make();
  return details;
}

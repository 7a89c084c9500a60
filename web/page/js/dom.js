/**
 * Building and finding elements, in the few lines that this takes. Text only ever goes in as text.
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | ((event: any) => void) | null | undefined>} [attributes]
 *   a function listens to the event of that name; `true` sets an empty attribute, `false` and null none
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * The element with an id, which index.html is known to have.
 * @template {typeof HTMLElement} [Type=typeof HTMLElement]
 * @param {string} id
 * @param {Type} [type]
 * @returns {InstanceType<Type>}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`index.html has no #${id} of the expected kind`);
  return /** @type {InstanceType<Type>} */ (element);
}

/** @typedef {[red: number, green: number, blue: number]} Colour */

const probe = document.createElement("span");
/** Colours by name, until the theme changes: to ask for one costs a layout. @type {Map<string, Colour>} */
const colours = new Map();

/** A colour of the theme in force, as canvases need it. @param {string} name of a custom property @returns {Colour} */
export function themed(name) {
  let colour = colours.get(name);
  if (!colour) {
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
    probe.remove();
    colour = [red, green, blue];
    colours.set(name, colour);
  }
  return colour;
}

/** @param {Colour} colour */
export function rgb([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/** Calls back whenever colours may have changed; paper is always light. @param {() => void} changed */
export function onThemeChange(changed) {
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", changed);
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

onThemeChange(() => colours.clear()); // the first to be called back

/**
 * A canvas drawn in CSS pixels, sharp on every screen. Its box comes from the style sheet.
 * @param {HTMLCanvasElement} canvas
 * @returns {{context: CanvasRenderingContext2D, width: number, height: number}}
 */
export function fitted(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

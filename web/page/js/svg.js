/**
 * Small drawings beside text: the sample of a line in a legend, the sketch of a curve that is still to come.
 */

/** @typedef {{colour: string, dash?: readonly number[] | undefined}} Stroke */

/**
 * A line of a legend as it is drawn.
 * @param {Stroke} stroke
 */
export function sample(stroke) {
  return svg("0 0 28 10", path("M1 5H27", stroke));
}

/**
 * Axes and a curve as it should look, in a box of 100 x 50.
 * @param {string} course of the curve
 */
export function sketch(course) {
  return svg("0 0 100 50", path("M0 0V50H100", { colour: "var(--line-strong)" }),
    path(course, { colour: "var(--line-strong)", dash: [4, 4] }));
}

/** @param {string} viewBox @param {...SVGElement} children */
function svg(viewBox, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  element.setAttribute("viewBox", viewBox);
  element.setAttribute("aria-hidden", "true");
  element.append(...children);
  return element;
}

/** @param {string} course @param {Stroke} stroke */
function path(course, { colour, dash }) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
  element.setAttribute("d", course);
  element.style.cssText = `fill: none; stroke: ${colour}; stroke-width: 2.25;`;
  if (dash) element.style.strokeDasharray = dash.join(" ");
  return element;
}

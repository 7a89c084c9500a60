/**
 * How the lines of a plot are told apart: each has a colour and a dash of its own, so that neither eyes nor a printer
 * need to see colours.
 */

/** @typedef {import("./dom.js").Colour} Colour */
/** @typedef {{colour: Colour, dash: number[] | undefined}} Look */

/** Solid, dashed, dotted, and both in turn. @type {(number[] | undefined)[]} */
const DASHES = [undefined, [9, 4], [2, 3], [9, 3, 2, 3]];
export const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6"];
export const RAMP = ["--ramp-1", "--ramp-2", "--ramp-3", "--ramp-4"];

/**
 * Looks for a number of lines: 24 different ones.
 * @param {number} count
 * @param {boolean} ordered whether the lines are an order, such as layers: their colours run along a ramp
 * @param {(name: string) => Colour} themed
 * @returns {Look[]}
 */
export function looks(count, ordered, themed) {
  const ramp = RAMP.map(themed), colours = COLOURS.map(themed);
  return Array.from({ length: count }, (_, at) => ({
    colour: ordered ? along(ramp, count > 1 ? at / (count - 1) : 0) : colours[at % colours.length],
    // Shifted with each round of colours, so that no colour meets the same dash soon again.
    dash: DASHES[(at + (ordered ? 0 : Math.floor(at / colours.length))) % DASHES.length],
  }));
}

/** A colour between those of a ramp. @param {Colour[]} stops @param {number} share from 0 to 1 @returns {Colour} */
function along(stops, share) {
  const place = share * (stops.length - 1);
  const at = Math.min(Math.floor(place), stops.length - 2);
  const mix = (/** @type {0 | 1 | 2} */ channel) =>
    Math.round(stops[at][channel] + (place - at) * (stops[at + 1][channel] - stops[at][channel]));
  return [mix(0), mix(1), mix(2)];
}

/**
 * The line on which a sampled surface has a certain value (marching squares): XOR's decision boundary.
 */

/**
 * @param {ArrayLike<number>} values row by row, `size` x `size`
 * @param {number} size
 * @param {number} level
 * @returns {[number, number, number, number][]} segments x, y, x, y in samples
 */
export function contour(values, size, level) {
  /** @type {[number, number, number, number][]} */
  const segments = [];
  for (let y = 0; y + 1 < size; y++) {
    for (let x = 0; x + 1 < size; x++) {
      const at = y * size + x;
      const corners = [values[at], values[at + 1], values[at + size + 1], values[at + size]];
      const crossings = EDGES.filter(([a, b]) => (corners[a] < level) !== (corners[b] < level)).map(([a, b]) => {
        const share = (level - corners[a]) / (corners[b] - corners[a]);
        return [x + CORNERS[a][0] + share * (CORNERS[b][0] - CORNERS[a][0]),
          y + CORNERS[a][1] + share * (CORNERS[b][1] - CORNERS[a][1])];
      });
      // Two crossings are one segment; four (a saddle) are two.
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        segments.push([crossings[pair][0], crossings[pair][1], crossings[pair + 1][0], crossings[pair + 1][1]]);
      }
    }
  }
  return segments;
}

const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];
const EDGES = [[0, 1], [1, 2], [2, 3], [3, 0]];

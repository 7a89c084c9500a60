/**
 * Drawing no more often than the screen shows: however often it is asked, once per animation frame.
 */

/**
 * @param {() => void} draw
 * @param {(callback: () => void) => unknown} [request]
 * @returns {() => void} asks for a drawing
 */
export function oncePerFrame(draw, request = requestAnimationFrame) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    request(() => {
      asked = false;
      draw();
    });
  };
}

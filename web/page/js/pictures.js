/**
 * The pictures of the lesson in hand: those that it is known to show wait empty and explain themselves; each figure
 * that arrives is drawn with the next frame.
 */

import { DigitsPicture, RandomDigitPicture } from "./digits.js";
import { onThemeChange } from "./dom.js";
import { oncePerFrame } from "./frames.js";
import { OutputsPicture } from "./outputs.js";
import { SurfacePicture } from "./surface.js";

/** @typedef {import("./protocol.js").FigureEvent} FigureEvent */
/** @typedef {import("./picture.js").Picture<any>} Picture */

/** @type {Record<string, string[]>} */
const EXPECTED = { xor: ["decision_surface", "outputs"], mnist_relu: ["digits", "random_digit"] };

export class Pictures {
  #root;
  /** @type {Map<string, Picture>} */
  #pictures;
  /** @type {Map<string, FigureEvent>} */
  #newest = new Map();

  #draw = oncePerFrame(() => {
    for (const [kind, figure] of this.#newest) {
      const picture = this.#pictures.get(kind);
      if (picture && !picture.element.isConnected) this.#root.append(picture.element);
      picture?.show(figure);
    }
    this.#newest.clear();
  });

  /** @param {HTMLElement} root @param {import("./i18n.js").Texts} texts */
  constructor(root, texts) {
    this.#root = root;
    const all = [new SurfacePicture(texts), new OutputsPicture(texts), new DigitsPicture(texts),
      new RandomDigitPicture(texts)];
    this.#pictures = new Map(all.map((picture) => [picture.kind, picture]));
    const again = () => {
      for (const picture of this.#pictures.values()) if (picture.element.isConnected) picture.render();
    };
    onThemeChange(again);
    texts.onChange(again);
  }

  /** Empty places for what a lesson will show. @param {string} lesson */
  expect(lesson) {
    this.#newest.clear();
    const pictures = (EXPECTED[lesson] ?? []).flatMap((kind) => this.#pictures.get(kind) ?? []);
    this.#root.replaceChildren(...pictures.map(({ element }) => element));
    for (const picture of pictures) picture.show(null);
  }

  /** @param {FigureEvent} figure */
  add(figure) {
    this.#newest.set(figure.kind, figure);
    this.#draw();
  }
}

/**
 * Which GPU there is, or why there is none, in words.
 */

/** @param {import("./protocol.js").Gpu} gpu @param {import("./i18n.js").Texts["t"]} t */
export function gpuWords({ adapter, software, reason }, t) {
  if (reason) return t(`gpu.${reason}`);
  return `WebGPU: ${software ? t("gpu.software", { adapter }) : adapter}`;
}

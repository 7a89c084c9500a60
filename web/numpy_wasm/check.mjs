// Runs a Python file in Pyodide under node, with a wheel loaded: node check.mjs PYODIDE_DIR WHEEL PYTHON_FILE
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideDir, wheel, script] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(pyodideDir, "pyodide.mjs")));
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage(wheel, { messageCallback() {} });
  console.log(pyodide.runPython(fs.readFileSync(script, "utf8")));
} catch (error) {
  console.log(String(error.message ?? error));
  process.exit(1);
}

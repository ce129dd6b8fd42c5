// Bundles the page into ../built (or the directory that is named): report.js and report.css, which
// checker.report puts into every report.html, and the licences of the libraries in them.
import { readFileSync, writeFileSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "..", "built"));

const result = await build({
  absWorkingDir: here,
  entryPoints: { report: "src/main.ts" },
  outdir: target,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "ascii",
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
});

// The packages of which something is in the bundle, each with its licence.
const packages = new Set();
for (const output of Object.values(result.metafile.outputs)) {
  for (const input of Object.keys(output.inputs)) {
    const found = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
  }
}
const licences = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (!file) throw new Error(`${name} ${version} comes without the text of its licence`);
  const text = readFileSync(join(folder, file), "utf8").replace(/\r\n/g, "\n").trim();
  return { title: `${name} ${version} (${license})`, text };
});

// One text may cover several packages: it is given once.
const byText = new Map();
for (const { title, text } of licences) byText.set(text, [...(byText.get(text) ?? []), title]);
const notice = [...byText].map(([text, titles]) => `${titles.join("\n")}\n\n${text}\n`).join("\n---\n\n");

mkdirSync(target, { recursive: true });
writeFileSync(join(target, "LICENSES.txt"), `report.js and report.css hold parts of these libraries.\n\n${notice}`);
for (const { path, text } of result.outputFiles) {
  // A licence goes wherever the code goes, so into every report.
  const comment = `/*!\nThis file holds parts of these libraries.\n\n${notice.replaceAll("*/", "* /")}*/\n`;
  writeFileSync(path, path.endsWith(".js") ? comment + text : text);
}

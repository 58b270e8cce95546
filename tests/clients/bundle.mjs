// Packs npm packages for a browser, as any bundler would: node bundle.mjs <package> ...
// Every module is what its package ships, in a function of its own; the page gets `load("<package>")`.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const REQUIRED = /\brequire\(\s*(?:'([^']+)'|"([^"]+)")\s*\)/g;
const modules = new Map();

const read = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The nearest folder above a file that `fits`. */
function above(file, fits) {
  const folder = dirname(file);
  return fits(folder) ? folder : folder === file ? undefined : above(folder, fits);
}

/** What a condition of `exports` leads to in a browser. */
function target(entry) {
  if (typeof entry !== "object") return entry;
  const fitting = Object.keys(entry ?? {}).filter((key) => ["browser", "require", "default"].includes(key));
  return fitting.map((key) => target(entry[key])).find(Boolean);
}

/** The file that a name means for a browser: `exports` by condition, else what the package's `browser` says. */
function resolved(name, from) {
  let path = name;
  const [, own, rest] = name.match(/^((?:@[^/]+\/)?[^/]+)(.*)$/);
  if (!name.startsWith(".")) {
    const beside = above(from, (folder) => existsSync(join(folder, "node_modules", own, "package.json")));
    if (!beside) throw new Error(`There is no ${name}.`);
    const folder = join(beside, "node_modules", own);
    const { exports, browser } = read(folder);
    const found = target(exports?.[`.${rest}`] ?? (rest || exports?.["."] ? undefined : exports));
    if (found) return join(folder, found);
    if (!rest && typeof browser === "string") return join(folder, browser);
    path = join(folder, rest);
  }
  const file = createRequire(from).resolve(path);
  const folder = above(file, (one) => existsSync(join(one, "package.json")) && read(one).name);
  const replaced = read(folder).browser?.[file.replace(folder, ".")];
  return replaced ? join(folder, replaced) : file;
}

function add(file) {
  if (modules.has(file)) return;
  const text = readFileSync(file, "utf8");
  const names = {};
  modules.set(file, { text: file.endsWith(".json") ? `module.exports = ${text}` : text, names });
  for (const [, single, double] of text.matchAll(REQUIRED)) {
    const name = single ?? double;
    try {
      names[name] = resolved(name, file);
    } catch {
      continue; // a package that is not there is only needed elsewhere; the page would say so
    }
    add(names[name]);
  }
}

const wanted = Object.fromEntries(process.argv.slice(2).map((name) => [name, resolved(name, fileURLToPath(import.meta.url))]));
Object.values(wanted).forEach(add);
const numbers = new Map([...modules.keys()].map((file, number) => [file, number]));
const packed = [...modules.values()].map(({ text, names }) => {
  const known = Object.fromEntries(Object.entries(names).map(([name, file]) => [name, numbers.get(file)]));
  return `[${JSON.stringify(known)}, function (module, exports, require, global) {\n${text}\n}]`;
});
const starts = Object.fromEntries(Object.entries(wanted).map(([name, file]) => [name, numbers.get(file)]));
process.stdout.write(`const load = (() => {
  const all = [${packed.join(",\n")}];
  const made = [];
  const get = (number) => {
    if (!made[number]) {
      const [names, run] = all[number];
      made[number] = { exports: {} };
      run(made[number], made[number].exports, (name) => {
        if (!(name in names)) throw new Error("There is no " + name + " here.");
        return get(names[name]);
      }, globalThis);
    }
    return made[number].exports;
  };
  const starts = ${JSON.stringify(starts)};
  return (name) => get(starts[name]);
})();
`);

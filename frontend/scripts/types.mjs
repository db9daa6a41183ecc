// `npm run types`: src/types/generated, from the contract that is made from the backend's own models.
// With --check nothing is written, and what is stale is named.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import openapi, { astToString } from 'openapi-typescript';

const contract = new URL('../../docs/contract/', import.meta.url);
const generated = new URL('../src/types/generated/', import.meta.url);
const banner = '// Made by `npm run types` from docs/contract. Do not edit.\n';

/** What the REST calls take and answer; each schema also by its bare name. */
async function rest() {
  const source = new URL('openapi.json', contract);
  return astToString(await openapi(source, { rootTypes: true, rootTypesNoSchemaPrefix: true }));
}

/** A type for each frame of one direction, and their union. */
async function frames(way, union) {
  const folder = new URL(`schemas/frames/${way}/`, contract);
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  const schema = { title: union, oneOf: texts.map((text) => JSON.parse(text)) };
  return compile(schema, union, {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
  });
}

/** The texts by which both ends test what is white space, spelt as in the contract. */
async function whiteSpace() {
  const { vectors } = JSON.parse(await readFile(new URL('white-space.json', contract), 'utf8'));
  const lines = vectors.map((vector) => `  ${JSON.stringify(vector).replace(/[^\x20-\x7e]/gu, escape)},\n`);
  return `export const whiteSpaceVectors = [\n${lines.join('')}];\n`;
}

function escape(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const made = {
  'openapi.ts': await rest(),
  'frames.ts': (await frames('from-client', 'ClientFrame')) + (await frames('to-client', 'ServerFrame')),
  'whiteSpace.ts': await whiteSpace(),
};

await mkdir(generated, { recursive: true });
for (const [name, types] of Object.entries(made)) {
  const file = new URL(name, generated);
  const text = banner + types;
  if (!process.argv.includes('--check')) await writeFile(file, text);
  else if (text !== (await readFile(file, 'utf8').catch(() => ''))) {
    console.error(`src/types/generated/${name} is stale: npm run types`);
    process.exitCode = 1;
  }
}

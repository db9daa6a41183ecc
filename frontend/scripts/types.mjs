// `npm run types` generates src/types/generated from the contract: docs/contract of this repository, or the folder
// in CONTRACT. With --check it writes nothing and fails if a file is stale.
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import openapi, { astToString } from 'openapi-typescript';

const contractFolder = process.env.CONTRACT;
const contract = contractFolder
  ? pathToFileURL(`${resolve(contractFolder)}/`)
  : new URL('../../docs/contract/', import.meta.url);
const generated = new URL('../src/types/generated/', import.meta.url);
const banner = '// Made by `npm run types` from docs/contract. Do not edit.\n';

if (!existsSync(contract)) {
  console.error(`no contract at ${contract.pathname}; set CONTRACT=<folder>. The types are unchanged`);
  process.exit(contractFolder ? 1 : 0);
}

/** Types of the REST calls, and of each schema by its bare name. */
async function rest() {
  const source = new URL('openapi.json', contract);
  return astToString(await openapi(source, { rootTypes: true, rootTypesNoSchemaPrefix: true }));
}

/** Types of all frames of one direction, and their union. */
async function frames(direction, union) {
  const folder = new URL(`schemas/frames/${direction}/`, contract);
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  const schema = { title: union, oneOf: texts.map((text) => JSON.parse(text)) };
  return compile(schema, union, {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
  });
}

/** The contract's test vectors for white space, with non-ASCII characters escaped. */
async function whiteSpace() {
  const { vectors } = JSON.parse(await readFile(new URL('white-space.json', contract), 'utf8'));
  const lines = vectors.map((vector) => `  ${JSON.stringify(vector).replace(/[^\x20-\x7e]/gu, escape)},\n`);
  return `export const whiteSpaceVectors = [\n${lines.join('')}];\n`;
}

function escape(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const files = {
  'openapi.ts': await rest(),
  'frames.ts': (await frames('from-client', 'ClientFrame')) + (await frames('to-client', 'ServerFrame')),
  'whiteSpace.ts': await whiteSpace(),
};

await mkdir(generated, { recursive: true });
for (const [name, types] of Object.entries(files)) {
  const file = new URL(name, generated);
  const text = banner + types;
  if (!process.argv.includes('--check')) await writeFile(file, text);
  else if (text !== (await readFile(file, 'utf8').catch(() => ''))) {
    console.error(`src/types/generated/${name} is stale: npm run types`);
    process.exitCode = 1;
  }
}

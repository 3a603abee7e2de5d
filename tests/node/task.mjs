/*
 * What the two verifiers share: one task as JSON on standard input, one array as JSON on
 * standard output, and no way to any host but this machine.
 *
 * The task: {credentials: [document, ...], documents: {url: path, ...}}, where `documents`
 * are the files that stand for what is published elsewhere (contexts and JSON Schemas).
 */
import {readFile} from 'node:fs/promises';
import {text} from 'node:stream/consumers';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

async function readTask() {
  const {credentials, documents} = JSON.parse(await text(process.stdin));
  const published = new Map();
  for(const [url, path] of Object.entries(documents)) {
    published.set(url, JSON.parse(await readFile(path, 'utf8')));
  }
  return {credentials, published};
}

// Every library here fetches through globalThis.fetch.
function confineFetch(published) {
  const fetch = globalThis.fetch;
  globalThis.fetch = async (input, options) => {
    const url = input instanceof Request ? input.url : String(input);
    if(published.has(url)) {
      return Response.json(published.get(url));
    }
    if(LOOPBACK.has(new URL(url).hostname)) {
      return fetch(input, options);
    }
    throw new Error(`${url} is neither given as a file nor on this machine`);
  };
}

/** Return an error's name and message with those of its causes, for a person to read. */
export function describe(error) {
  if(!error) {
    return null;
  }
  const causes = [...(error.errors ?? []), error.cause].filter(Boolean);
  return [`${error.name}: ${error.message}`, ...causes.map(describe)].join('; ');
}

/** Verify every credential of the task with `prepare(published)`'s function, and print. */
export async function run(prepare) {
  console.log = console.error; // standard output carries the answer alone
  const {credentials, published} = await readTask();
  confineFetch(published);
  const verify = prepare(published);
  const results = [];
  for(const credential of credentials) {
    results.push({id: credential.id, ...await verify(credential)});
  }
  process.stdout.write(JSON.stringify(results));
}

/*
 * Says how many encoded lists a second @digitalbazaar/vc-bitstring-status-list decodes and makes.
 *
 * The task: {encoded: text of a list, seconds: how long each is measured, repeats: how often}; the
 * answer: {decode: [a second, ...], encode: [a second, ...]}.
 */
import {decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import {measured} from './measuring.mjs';

await measured(async ({encoded}) => {
  const list = await decodeList({encodedList: encoded});
  return {
    decode: () => decodeList({encodedList: encoded}),
    encode: () => list.encode(),
  };
});

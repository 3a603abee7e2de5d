/*
 * Verifies compact JWTs with jose: {header, payload, error}.
 *
 * A credential of the task is {token, jwk, alg}: the key, and the one algorithm it is for.
 */
import * as jose from 'jose';
import {describe, run} from './task.mjs';

await run(() => async ({token, jwk, alg}) => {
  try {
    const key = await jose.importJWK(jwk, alg);
    const {protectedHeader, payload} = await jose.compactVerify(token, key, {algorithms: [alg]});
    const text = new TextDecoder().decode(payload);
    return {header: protectedHeader, payload: JSON.parse(text), error: null};
  } catch(error) {
    return {header: null, payload: null, error: describe(error)};
  }
});

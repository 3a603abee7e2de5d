/*
 * Signs credentials as compact JWTs with jose, each with the new key of a did:jwk: {token}.
 *
 * A credential of the task is {alg, credential}: the algorithm, and what is signed.
 */
import * as jose from 'jose';
import {run} from './task.mjs';

await run(() => async ({alg, credential}) => {
  const {publicKey, privateKey} = await jose.generateKeyPair(alg, {extractable: true});
  const jwk = JSON.stringify(await jose.exportJWK(publicKey));
  const did = `did:jwk:${jose.base64url.encode(jwk)}`;
  const payload = new TextEncoder().encode(JSON.stringify({...credential, issuer: did}));
  const header = {alg, kid: `${did}#0`, typ: 'vc+jwt', cty: 'vc'};
  return {token: await new jose.CompactSign(payload).setProtectedHeader(header).sign(privateKey)};
});

/*
 * Issues with @digitalbazaar/vc and its cryptosuites, each credential with a new did:key.
 *
 * A credential of the task is {mechanism, credential}; the answer is the secured credential.
 */
import * as vc from '@digitalbazaar/vc';
import {documentLoader} from './resolving.mjs';
import {makeSigner} from './cryptosuites.mjs';
import {run} from './task.mjs';

await run(published => {
  const loader = documentLoader(published);
  return async ({mechanism, credential}) => {
    const {did, suite} = await makeSigner(mechanism);
    return vc.issue({credential: {...credential, issuer: did}, suite, documentLoader: loader});
  };
});

/*
 * Presents credentials with @digitalbazaar/vc, as their holder: a presentation signed by the
 * did:key that its credential was issued to.
 *
 * A credential of the task is {mechanism, credential, challenge, domain}; the answer is the
 * signed presentation. The credential is issued here too, by another key.
 */
import * as vc from '@digitalbazaar/vc';
import {documentLoader} from './resolving.mjs';
import {makeSigner} from './cryptosuites.mjs';
import {run} from './task.mjs';

await run(published => {
  const loader = documentLoader(published);
  return async ({mechanism, credential, challenge, domain}) => {
    const [issuer, holder] = [await makeSigner(mechanism), await makeSigner(mechanism)];
    const credentialSubject = {...credential.credentialSubject, id: holder.did};
    const verifiableCredential = await vc.issue({
      credential: {...credential, issuer: issuer.did, credentialSubject},
      suite: issuer.suite, documentLoader: loader
    });
    const presentation = vc.createPresentation({verifiableCredential, holder: holder.did});
    return vc.signPresentation({
      presentation, suite: holder.suite, challenge, domain, documentLoader: loader
    });
  };
});

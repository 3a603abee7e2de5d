/*
 * Says how many times a second @digitalbazaar/vc issues one credential with eddsa-rdfc-2022.
 *
 * The task: {credential, documents: {url: document}, seconds, repeats}, the documents being every
 * context; the answer: {issue: [...]}.
 */
import * as vc from '@digitalbazaar/vc';
import {makeSigner} from './cryptosuites.mjs';
import {measured} from './measuring.mjs';

await measured(async ({credential, documents}) => {
  const documentLoader = async url => {
    if(!(url in documents)) {
      throw new Error(`${url} was not given`);
    }
    return {contextUrl: null, documentUrl: url, document: documents[url]};
  };
  const {did, suite} = await makeSigner('eddsa-rdfc-2022');
  const issued = {...credential, issuer: {...credential.issuer, id: did}};
  return {issue: () => vc.issue({credential: {...issued}, suite, documentLoader})};
});

/*
 * Verifies with @digitalbazaar/vc: {id, verified, statuses: [{purpose, status}], error}.
 *
 * `verified` says that the credential and its lists are authentic, and stays true for one
 * that is revoked: the bit at its index is `status`.
 */
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as didKey from '@digitalbazaar/did-method-key';
import * as didWeb from '@digitalbazaar/did-method-web';
import * as vc from '@digitalbazaar/vc';
import {CachedResolver} from '@digitalbazaar/did-io';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {describe, run} from './task.mjs';

function didResolver() {
  const resolver = new CachedResolver();
  for(const driver of [didKey.driver(), didWeb.driver()]) {
    driver.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
    resolver.use(driver);
  }
  return resolver;
}

async function fetchDocument(url) {
  const response = await fetch(url);
  if(!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.json();
}

function documentLoader(published) {
  const resolver = didResolver();
  return async url => {
    const document = published.get(url) ??
      (url.startsWith('did:') ? await resolver.get({url}) : await fetchDocument(url));
    return {contextUrl: null, documentUrl: url, document};
  };
}

await run(published => {
  const loader = documentLoader(published);
  return async credential => {
    const suite = new DataIntegrityProof({cryptosuite});
    const {verified, statusResult, error} = await vc.verifyCredential({
      credential, suite, documentLoader: loader, checkStatus
    });
    const statuses = (statusResult?.results ?? []).map(({credentialStatus, status}) =>
      ({purpose: credentialStatus.statusPurpose, status}));
    return {verified, statuses, error: describe(error ?? statusResult?.error)};
  };
});

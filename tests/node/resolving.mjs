/* Documents by their URL: given as files, resolved from a DID, or fetched from this machine. */
import * as didKey from '@digitalbazaar/did-method-key';
import * as didWeb from '@digitalbazaar/did-method-web';
import {CachedResolver} from '@digitalbazaar/did-io';
import {KEY_TYPES} from './cryptosuites.mjs';

function didResolver() {
  const resolver = new CachedResolver();
  for(const driver of [didKey.driver(), didWeb.driver()]) {
    for(const [multibaseMultikeyHeader, fromMultibase] of Object.entries(KEY_TYPES)) {
      driver.use({multibaseMultikeyHeader, fromMultibase});
    }
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

/** Return a JSON-LD document loader; `published` maps URLs to documents. */
export function documentLoader(published) {
  const resolver = didResolver();
  return async url => {
    const document = published.get(url) ??
      (url.startsWith('did:') ? await resolver.get({url}) : await fetchDocument(url));
    return {contextUrl: null, documentUrl: url, document};
  };
}

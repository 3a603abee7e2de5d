/*
 * Verifies with @digitalbazaar/vc: {id, verified, statuses: [{purpose, status}], error}.
 *
 * `verified` says that the credential and its lists are authentic, and stays true for one
 * that is revoked: the bit at its index is `status`.
 */
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {describe, run} from './task.mjs';
import {documentLoader} from './resolving.mjs';
import {verifyingSuites} from './cryptosuites.mjs';

await run(published => {
  const loader = documentLoader(published);
  return async credential => {
    const {verified, statusResult, error} = await vc.verifyCredential({
      credential, suite: verifyingSuites(), documentLoader: loader, checkStatus
    });
    const statuses = (statusResult?.results ?? []).map(({credentialStatus, status}) =>
      ({purpose: credentialStatus.statusPurpose, status}));
    return {verified, statuses, error: describe(error ?? statusResult?.error)};
  };
});
